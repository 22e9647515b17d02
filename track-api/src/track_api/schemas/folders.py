"""The folder tree of a track, for its document: it is written by msgspec, of `services.folders.tree.Entry`."""

from typing import Literal

from pydantic import BaseModel

TypeName = Literal["bool", "int", "float", "str"]
KindName = Literal["config", "series", "console", "file"]
# In JSON the floats that JSON has no word for are "NaN", "Infinity" and "-Infinity".
JsonValue = bool | int | float | str


class LeafOut(BaseModel):
    """What stands at a key; fields that its kind does not have are null."""

    kind: KindName
    type: TypeName | None
    value: JsonValue | None
    step: float | None
    time: float | None
    n_points: int | None
    n_lines: int | None
    size_bytes: int | None
    content_type: str | None
    sha256: str | None


class EntryOut(BaseModel):
    """One name in a folder: a leaf, a folder, or both. `children` is null below the depth that was asked for."""

    name: str
    key: str
    is_folder: bool
    n_leaves: int
    leaf: LeafOut | None
    children: list["EntryOut"] | None


class TreeOut(BaseModel):
    """One level of a tree, or all of it."""

    path: str
    entries: list[EntryOut]
    next_cursor: str | None


class ValuesOut(BaseModel):
    """Config values and the last values of series, by key."""

    values: dict[str, JsonValue]


class LevelOut(BaseModel):
    """Some entries of one folder in the order of a page, and how many it has."""

    path: str
    offset: int
    n_entries: int
    entries: list[EntryOut]


class CountsOut(BaseModel):
    """How many leaves there are of each kind."""

    config: int
    series: int
    console: int
    file: int


class LeavesOut(BaseModel):
    """Some leaves below a folder, and how many of them there are of each kind."""

    path: str
    counts: CountsOut
    entries: list[EntryOut]


class PositionOut(BaseModel):
    """Where a name stands in its folder, from 0; null when it is not there."""

    position: int | None
    n_entries: int
