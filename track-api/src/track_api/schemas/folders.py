"""The folder tree of a track."""

from typing import Literal

from pydantic import BaseModel

from services.core.values import to_json
from services.folders.tree import Entry, LeafView

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

    @classmethod
    def of(cls, leaf: LeafView) -> "LeafOut":
        """Show a leaf."""
        return cls.model_validate(
            {
                "kind": leaf.kind.name.lower(),
                "type": leaf.type.name.lower() if leaf.type else None,
                "value": None if leaf.value is None else to_json(leaf.value),
                "step": leaf.step,
                "time": leaf.time,
                "n_points": leaf.n_points,
                "n_lines": leaf.n_lines,
                "size_bytes": leaf.size_bytes,
                "content_type": leaf.content_type,
                "sha256": leaf.sha256,
            }
        )


class EntryOut(BaseModel):
    """One name in a folder: a leaf, a folder, or both. `children` is null below the depth that was asked for."""

    name: str
    key: str
    is_folder: bool
    n_leaves: int
    leaf: LeafOut | None
    children: list["EntryOut"] | None

    @classmethod
    def of(cls, entry: Entry, depth: int) -> "EntryOut":
        """Show an entry with so many levels below it; -1 shows all."""
        children = None
        if depth != 0 and entry.children:
            children = [cls.of(child, depth - 1) for child in entry.children.values()]
        return cls(
            name=entry.name,
            key=entry.key,
            is_folder=bool(entry.children),
            n_leaves=entry.n_leaves,
            leaf=LeafOut.of(entry.leaf) if entry.leaf else None,
            children=children,
        )


class TreeOut(BaseModel):
    """One level of a tree, or all of it."""

    path: str
    entries: list[EntryOut]
    next_cursor: str | None


class ValuesOut(BaseModel):
    """Config values and the last values of series, by key."""

    values: dict[str, JsonValue]
