"""The folder tree of a track: what lies below a path, level by level or whole, across all kinds of leaf.

Called by track-api. Guarantees that a key that is a leaf and a folder at once is one entry, and that a level costs what
is in it, however large the track is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
import numpy as np

from services.configs.store import read_configs
from services.console.store import read_streams
from services.core.values import LeafKind, Value, ValueType, to_json
from services.files.store import list_files
from services.series.grouping import PAGE
from services.series.load import load_pages
from services.series.source import SourceCache
from services.storage.database import ReadSession
from services.tracks.leaf_index import LeafIndex, Place, read_leaf_index

_TYPE_NAMES = {value_type: value_type.name.lower() for value_type in ValueType}


class LeafView(msgspec.Struct, kw_only=True, gc=False):
    """What stands at a key; fields that its kind does not have are None. NaN is no step."""

    kind: str
    type: str | None = None
    value: Value | None = None
    step: float | None = None
    time: float | None = None
    n_points: int | None = None
    n_lines: int | None = None
    size_bytes: int | None = None
    content_type: str | None = None
    sha256: str | None = None


class Entry(msgspec.Struct, gc=False):
    """One name in a folder: a leaf, a folder, or both. `children` is None below the depth that was asked for."""

    name: str
    key: str
    is_folder: bool
    n_leaves: int
    leaf: LeafView | None
    children: "list[Entry] | None"


async def read_tree(
    session: ReadSession, cache: SourceCache, track_id: UUID, path: str, *, depth: int = 1, after: str = "",
    limit: int | None = None,
) -> tuple[list[Entry], str | None]:  # fmt: skip
    """Return the entries of a folder by name, so many levels of them (0: all), and the name where more follow.

    `after` and `limit` count the entries of the first level.
    """
    index = await read_leaf_index(session, cache.leaves, track_id)
    level = [place for place in index.level(path) if place.name > after] if after else index.level(path)
    more = None
    if limit is not None and len(level) > limit:
        level = level[:limit]
        more = level[-1].name
    views = await read_views(session, cache, track_id, index, list(_shown(index, level, depth)))
    return [_entry(index, place, depth, views) for place in level], more


def _shown(index: LeafIndex, level: Iterable[Place], depth: int) -> Iterator[int]:
    for place in level:
        if place.at is not None:
            yield place.at
        if depth != 1 and place.n_below:
            yield from _shown(index, index.level(place.key), depth - 1)


def _entry(index: LeafIndex, place: Place, depth: int, views: dict[int, LeafView]) -> Entry:
    children = None
    if depth != 1 and place.n_below:
        children = [_entry(index, child, depth - 1, views) for child in index.level(place.key)]
    leaf = None if place.at is None else views.get(place.at)
    return Entry(place.name, place.key, place.n_below > 0, place.n_below, leaf, children)


async def read_shown_level(
    session: ReadSession, cache: SourceCache, track_id: UUID, path: str, *, offset: int, limit: int
) -> tuple[list[Entry], int]:
    """Return some entries of a folder in the order in which a page shows them, and how many there are."""
    index = await read_leaf_index(session, cache.leaves, track_id)
    level = index.shown_level(path)
    wanted = level[offset : offset + limit]
    views = await read_views(session, cache, track_id, index, [place.at for place in wanted if place.at is not None])
    return [_entry(index, place, 1, views) for place in wanted], len(level)


async def read_values(session: ReadSession, cache: SourceCache, track_id: UUID, prefix: str) -> dict[str, Value]:
    """Return config values and last values of series at or below a folder path, by key in order."""
    index = await read_leaf_index(session, cache.leaves, track_id)
    wanted = list(index.span(prefix))
    if prefix and (at := index.find(prefix)) is not None:
        wanted.insert(0, at)
    views = await read_views(session, cache, track_id, index, wanted)
    found = {index.keys[at]: views[at].value for at in wanted if at in views}
    return {key: value for key, value in found.items() if value is not None}


async def read_views(
    session: ReadSession, cache: SourceCache, track_id: UUID, index: LeafIndex, wanted: Sequence[int]
) -> dict[int, LeafView]:
    """Return what stands at places of the index."""
    of_kind: dict[LeafKind, list[int]] = defaultdict(list)
    for at in wanted:
        of_kind[index.kinds[at]].append(at)
    views: dict[int, LeafView] = {}
    if places := of_kind.get(LeafKind.SERIES):
        views = await _read_series(session, cache, track_id, index, places)
    by_key = {index.keys[at]: at for kind, places in of_kind.items() if kind is not LeafKind.SERIES for at in places}
    found: list[tuple[str, LeafView]] = []
    if LeafKind.CONFIG in of_kind:
        found += [
            (c.key, LeafView(kind="config", type=_TYPE_NAMES[c.type], value=to_json(c.value), time=c.set_at))
            for c in await read_configs(session, track_id)
        ]
    if LeafKind.CONSOLE in of_kind:
        for stream in await read_streams(session, track_id):
            view = LeafView(kind="console", time=stream.last_at, n_lines=stream.n_lines, size_bytes=stream.n_bytes)
            found.append((stream.key, view))
    if LeafKind.FILE in of_kind:
        for f in await list_files(session, track_id):
            view = LeafView(
                kind="file", time=f.uploaded_at.timestamp(), size_bytes=f.size_bytes, content_type=f.content_type,
                sha256=f.sha256,
            )  # fmt: skip
            found.append((f.key, view))
    return views | {by_key[key]: view for key, view in found if key in by_key}


async def _read_series(
    session: ReadSession, cache: SourceCache, track_id: UUID, index: LeafIndex, places: Sequence[int]
) -> dict[int, LeafView]:
    numbers = sorted({index.leaf_ids[at] // PAGE for at in places})
    tail = await cache.tails.read(session, track_id)
    pages = await load_pages(session, track_id, numbers, index.series_ids, tail)
    columns = {
        number: (page.n_points.tolist(), page.last_type.tolist(), page.last_step.tolist(), page.last_time.tolist())
        for number, page in pages.items()
    }
    everywhere = np.arange(PAGE)
    values = {number: page.last_values(everywhere) for number, page in pages.items()}
    views: dict[int, LeafView] = {}
    for at in places:
        number, place = divmod(index.leaf_ids[at], PAGE)
        if number not in columns:
            continue
        n_points, types, steps, times = columns[number]
        if n_points[place]:
            views[at] = LeafView(
                kind="series", type=_TYPE_NAMES[types[place]], value=to_json(values[number][place]),
                step=steps[place],
                time=times[place], n_points=n_points[place],
            )  # fmt: skip
    return views
