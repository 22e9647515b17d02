"""Leaves below a folder by kind and by words, and the place of a name in its folder: what a page cannot count itself.

Called by track-api. Guarantees that nothing is read of leaves that are not in the answer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.values import LeafKind
from services.folders.tree import Entry, LeafView, read_views
from services.series.source import SourceCache
from services.storage.database import ReadSession
from services.tracks.leaf_index import LeafIndex, natural, read_leaf_index

# Sorting more as people read them would take longer than they wait; they are in the order of bytes then.
_MOST_SORTED = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the leaves that were looked for, and of all of them how many there are of each kind."""

    entries: list[Entry]
    counts: dict[str, int]


async def find_leaves_below(
    session: ReadSession, cache: SourceCache, track_id: UUID, path: str, *, words: str, without: Sequence[str],
    kind: LeafKind | None, offset: int, limit: int,
) -> Found:  # fmt: skip
    """Return leaves below a folder, but not below the folders `without`, whose key holds all words.

    Upper and lower case are alike; `counts` is of every kind.
    """
    index = await read_leaf_index(session, cache.leaves, track_id)
    places = index.search(path, words, without)
    counts = Counter(map(index.kinds.__getitem__, places))
    if kind is not None:
        places = [at for at in places if index.kinds[at] is kind]
    if len(places) <= _MOST_SORTED:
        places.sort(key=lambda at: natural(index.keys[at]))
    shown = places[offset : offset + limit]
    views = await read_views(session, cache, track_id, index, shown)
    entries = [_entry(index, index.keys[at], views.get(at)) for at in shown]
    return Found(entries, {one.name.lower(): counts[one] for one in LeafKind})


async def find_entry(session: ReadSession, cache: SourceCache, track_id: UUID, key: str) -> Entry | None:
    """Return what stands at a key, or below it; None when that is nothing."""
    index = await read_leaf_index(session, cache.leaves, track_id)
    at = index.find(key)
    views = await read_views(session, cache, track_id, index, [] if at is None else [at])
    entry = _entry(index, key, None if at is None else views.get(at))
    return entry if entry.is_folder or entry.leaf else None


def _entry(index: LeafIndex, key: str, leaf: LeafView | None) -> Entry:
    below = len(index.span(key))
    return Entry(key.rpartition("/")[2], key, below > 0, below, leaf, None)


async def find_position(
    session: ReadSession, cache: SourceCache, track_id: UUID, path: str, *, name: str, starts: str, after: int
) -> tuple[int | None, int]:
    """Return where a name stands among the shown entries of a folder, and how many those are.

    With `starts`: the next name behind the position `after` that starts with it, going round.
    """
    index = await read_leaf_index(session, cache.leaves, track_id)
    level = index.shown_level(path)
    if name:
        return next((at for at, place in enumerate(level) if place.name == name), None), len(level)
    wanted = starts.casefold()
    order = [*range(after + 1, len(level)), *range(min(after + 1, len(level)))]
    return next((at for at in order if level[at].name.casefold().startswith(wanted)), None), len(level)
