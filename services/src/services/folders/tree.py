"""The folder tree of a track: what lies below a path, level by level or whole, across all kinds of leaf.

Called by track-api. Guarantees that a key that is a leaf and a folder at once is one entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.configs.store import read_configs
from services.console.store import read_streams
from services.core.values import LeafKind, Value, ValueType
from services.files.store import list_files
from services.series.load import load_summaries
from services.storage.database import ReadSession
from services.tracks.leaves import list_leaves


@dataclass(frozen=True, slots=True)
class LeafView:
    """What stands at a key; fields that its kind does not have are None."""

    kind: LeafKind
    type: ValueType | None = None
    value: Value | None = None
    step: float | None = None
    time: float | None = None
    n_points: int | None = None
    n_lines: int | None = None
    size_bytes: int | None = None
    content_type: str | None = None
    sha256: str | None = None


@dataclass(slots=True)
class Entry:
    """One name in a folder: a leaf, a folder, or both."""

    name: str
    key: str
    leaf: LeafView | None = None
    n_leaves: int = 0
    children: dict[str, "Entry"] = field(default_factory=dict)


async def load_leaves(session: ReadSession, track_id: UUID, path: str = "") -> dict[str, LeafView]:
    """Return everything at or below a folder path, by key in bytewise order."""
    found = await list_leaves(session, track_id, path)
    kinds = {leaf.kind for leaf in found}
    views: dict[str, LeafView] = {}
    if LeafKind.SERIES in kinds:
        for key, s in (await load_summaries(session, track_id)).items():
            views[key] = LeafView(LeafKind.SERIES, s.type, s.value, s.step, s.time, n_points=s.n_points)
    if LeafKind.CONFIG in kinds:
        for c in await read_configs(session, track_id):
            views[c.key] = LeafView(LeafKind.CONFIG, c.type, c.value, time=c.set_at)
    if LeafKind.CONSOLE in kinds:
        for stream in await read_streams(session, track_id):
            views[stream.key] = LeafView(
                LeafKind.CONSOLE, time=stream.last_at, n_lines=stream.n_lines, size_bytes=stream.n_bytes
            )
    if LeafKind.FILE in kinds:
        for f in await list_files(session, track_id):
            views[f.key] = LeafView(
                LeafKind.FILE, time=f.uploaded_at.timestamp(), size_bytes=f.size_bytes, content_type=f.content_type,
                sha256=f.sha256,
            )  # fmt: skip
    # A leaf whose every point was refused has nothing to show yet.
    return {leaf.key: views[leaf.key] for leaf in found if leaf.key in views}


def build_tree(leaves: Mapping[str, LeafView], path: str = "") -> dict[str, Entry]:
    """Return the entries below a folder path by name, each with all that lies below it."""
    top: dict[str, Entry] = {}
    start = len(path) + 1 if path else 0
    for key, leaf in leaves.items():
        if key == path:
            continue
        *folders, name = key[start:].split("/")
        level, here = top, path
        for folder in folders:
            here = f"{here}/{folder}" if here else folder
            entry = level.setdefault(folder, Entry(folder, here))
            entry.n_leaves += 1
            level = entry.children
        level.setdefault(name, Entry(name, key)).leaf = leaf
    return top
