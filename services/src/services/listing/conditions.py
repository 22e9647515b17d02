"""What a query means: fields of a track, and conditions on them as a tree. Pure.

Made by query.py, asked by match.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class FieldType(StrEnum):
    """What the values of a field are, which decides how one is written and compared."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"
    DURATION = "duration"
    STATUS = "status"
    TAG = "tag"
    VALUE = "value"  # of a parameter or a metric: a number or a text


# What a track has besides what was logged. `number` and `no` are one: people write the latter.
FIELDS = {
    "name": FieldType.TEXT, "id": FieldType.TEXT, "number": FieldType.NUMBER, "status": FieldType.STATUS,
    "tag": FieldType.TAG, "notes": FieldType.TEXT, "origin": FieldType.TEXT, "by": FieldType.TEXT,
    "created": FieldType.MOMENT, "started": FieldType.MOMENT, "ended": FieldType.MOMENT, "seen": FieldType.MOMENT,
    "duration": FieldType.DURATION,
}  # fmt: skip


# A tuple, not a dataclass: a project's table is loaded with millions of these, made and hashed one by one.
class Field(NamedTuple):
    """A column of the table: one of FIELDS, or `p` or `m` with a key."""

    name: str
    key: str = ""

    @property
    def type(self) -> FieldType:
        """Say what its values are."""
        return FieldType.VALUE if self.key else FIELDS[self.name]

    def __str__(self) -> str:
        """Write it as a column is named."""
        return f"{self.name}.{self.key}" if self.key else self.name


@dataclass(frozen=True, slots=True)
class Word:
    """Somewhere in the name or a tag."""

    text: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with a value; `:` is what people mean: contains for text, equals for the rest."""

    field: Field
    op: str
    value: float | str | datetime


@dataclass(frozen=True, slots=True)
class Has:
    """The track has a value of this field."""

    field: Field


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these tracks; asked for by the API, not written in a query."""

    track_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """Each of them; of nothing it is true."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of them at least."""

    nodes: tuple["Node", ...]


Node = Word | Compare | Has | OneOf | Not | All | AnyOf
