"""What may be logged: bool, int (64 bits), float, str, and the scalars of numpy, torch, JAX, TensorFlow of any width.

Called by handles.py and track.py. Guarantees a plain Python value that the wire form can hold.
"""

import math
import operator
from collections.abc import Iterator, Mapping
from typing import Any

from mlsteam.errors import BadValueError
from mlsteam.keys import join_key

Value = bool | int | float | str

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
# The server's limit for one text is larger; a text of this size belongs into a file.
MAX_TEXT_BYTES = 65_536
_HINTS: tuple[tuple[Any, str], ...] = (
    (type(None), " Leave it out; a measurement that failed is float('nan')."),
    (Mapping, " track.log({...}) adds a point to each key of a dict, track[key] = {...} sets each."),
    ((list, tuple, set, frozenset), " .extend(values) adds a point for each; str(values) keeps them as one text."),
    ((bytes, bytearray, memoryview), " .upload(content) keeps bytes as a file."),
)


def plain_value(value: object) -> Value:
    """Return a plain value for anything that is one. Raises: BadValueError."""
    if not isinstance(value, bool | int | float | str):
        value = _unwrap(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise BadValueError("An integer must fit into 64 bits; log it as a float or as a string.")
        return int(value)
    return _checked_text(str(value))


def _unwrap(value: object) -> Value:
    """Return the plain value of a scalar of a library; of an array of one element, that one."""
    try:
        # TensorFlow has only `numpy`; an `item` of bfloat16 or of a long double is of its own kind still.
        for name in ("item",) if hasattr(value, "item") else ("numpy", "item"):
            method = getattr(value, name, None)
            value = method() if callable(method) and not isinstance(value, type) else value
            if isinstance(value, bool | int | float | str):
                return value
        if hasattr(value, "__index__"):
            return operator.index(value)
        if hasattr(value, "__float__"):
            return float(value)
    except (ArithmeticError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        # An array of several elements: which one did the caller mean? Or a value that is still to be computed.
        raise BadValueError(f"A {type(value).__name__} is not one value: {error}") from error
    hint = next((text for types, text in _HINTS if isinstance(value, types)), "")
    raise BadValueError(f"A value is a bool, int, float or str, not {type(value).__name__}.{hint}")


def _checked_text(text: str) -> str:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadValueError("A text must be valid UTF-8.") from None
    if size > MAX_TEXT_BYTES:
        raise BadValueError(f"A text holds at most {MAX_TEXT_BYTES} bytes, this one {size}; use .upload() for it.")
    return text


def plain_number(value: object, what: str) -> float:
    """Return a finite float. Raises: BadValueError."""
    number = plain_value(value)
    if isinstance(number, bool | str) or not math.isfinite(number):
        raise BadValueError(f"{what} is a finite number, not {value!r}.")
    return float(number)


def flatten(folder: str, values: Mapping[Any, object]) -> Iterator[tuple[str, Value]]:
    """Give every leaf of a nested dict with its key. Raises: BadKeyError, BadValueError."""
    for name, value in values.items():
        key = join_key(folder, name)
        if isinstance(value, Mapping):
            yield from flatten(key, value)
        else:
            yield key, plain_value(value)
