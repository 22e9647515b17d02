"""Value types of configs and series, and their exact text form. Pure; used by every noun that stores a value."""

import math
from collections.abc import Callable
from enum import IntEnum, StrEnum

Value = bool | int | float | str


class LeafKind(IntEnum):
    """What a leaf of a track's tree is; the number is stored."""

    CONFIG = 1
    SERIES = 2
    CONSOLE = 3
    FILE = 4


class ValueType(IntEnum):
    """The type of a value; the number is stored."""

    BOOL = 1
    INT = 2
    FLOAT = 3
    STR = 4


class WireType(StrEnum):
    """The type of a column on the wire."""

    F64 = "f64"
    I64 = "i64"
    BOOL = "bool"
    STR = "str"


TYPE_OF_WIRE = {
    WireType.BOOL: ValueType.BOOL,
    WireType.I64: ValueType.INT,
    WireType.F64: ValueType.FLOAT,
    WireType.STR: ValueType.STR,
}
# By number, not by member: a table of tracks reads a million of these.
_READERS: dict[int, Callable[[str], Value]] = {
    ValueType.BOOL: lambda text: text == "true",
    ValueType.INT: int,
    ValueType.FLOAT: float,
    ValueType.STR: str,
}
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_JSON_NAMES = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def type_of(value: Value) -> ValueType:
    """Return the stored type of a Python value."""
    if isinstance(value, bool):
        return ValueType.BOOL
    if isinstance(value, int):
        return ValueType.INT
    return ValueType.FLOAT if isinstance(value, float) else ValueType.STR


def to_text(value: Value) -> str:
    """Write a value so that `from_text` gives back exactly the same one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def from_text(value_type: int, text: str) -> Value:
    """Read what `to_text` wrote."""
    return _READERS[value_type](text)


def to_json(value: Value) -> Value:
    """Replace NaN and infinities by their names: JSON has no word for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return _JSON_NAMES[repr(value)]
    return value
