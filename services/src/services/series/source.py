"""One series as it rests: what is settled in chunks, and what is recent (segments and batch log), ready to be drawn.

Called by read.py. What was read once is remembered under names that can never mean anything else: chunks only grow, a
page has a version, a batch its number. Guarantees that both halves come from one snapshot.
"""

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import numpy as np

from services.core.cache import ByteLru
from services.core.points import Points
from services.core.values import LeafKind, Value, ValueType
from services.series.chunk_store import ChunkFacts, read_chunk_column, read_chunk_facts
from services.series.chunks import decode_chunk
from services.series.column import Column, common_type
from services.series.grouping import PAGE
from services.series.long import LONG_POINTS, LongSeries
from services.series.narrow import Narrowing
from services.series.order import OnAxis
from services.series.pyramid import encode_pyramid
from services.series.store import VersionedPage, read_frames, read_pages_of_tracks
from services.series.tail import Tail, TailCache
from services.series.window import Window
from services.storage.database import ReadSession
from services.tracks.leaf_index import LeafIndex
from services.tracks.leaves import find_leaves_of_tracks


class SourceCache:
    """What a process remembers of tracks it has read: one cache in bytes, seen as what each part of it holds."""

    def __init__(self, max_bytes: int) -> None:
        self.shared: ByteLru[Any] = ByteLru(max_bytes)
        shared = self.shared
        self.tails = TailCache(shared)
        self.drawn: ByteLru[Column | LongSeries] = shared
        self.columns: ByteLru[Column] = shared
        self.orders: ByteLru[OnAxis] = shared
        self.chunks: ByteLru[Points] = shared
        self.frames: ByteLru[tuple[Points, ...]] = shared
        self.leaves: ByteLru[LeafIndex] = shared
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def lock(self, name: Hashable) -> asyncio.Lock:
        """Return the lock of what takes long to make."""
        return self._locks.setdefault(name, asyncio.Lock())


@dataclass(frozen=True)
class Source:
    """One series; `n_before` of its `n_settled` settled points lie before those that are here."""

    track_id: UUID
    key: str
    leaf_id: int
    type: ValueType
    n_stored: int
    last: tuple[Value, float | None, float]
    settled: Column | LongSeries | OnAxis | None
    recent: Column | None
    recent_parts: tuple[Points, ...]
    n_settled: int
    n_before: int = 0

    @classmethod
    def of(
        cls, track_id: UUID, key: str, leaf_id: int, settled: Column | LongSeries | None, parts: tuple[Points, ...], *,
        recent: Column | None, last: tuple[Value, float | None, float],
    ) -> "Source":  # fmt: skip
        """Make it of all that there is of a series; `recent` is the column of `parts`."""
        halves = [part for part in (settled, recent) if part is not None]
        return cls(
            track_id, key, leaf_id, common_type({part.type for part in halves}), sum(map(len, halves)), last, settled,
            recent, parts, len(settled) if settled is not None else 0,
        )  # fmt: skip

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        found = []
        if self.settled is not None:
            found.append(self.settled.first_time)
        if self.recent is not None:
            found.append(self.recent.first_time)
        return min(found)

    def joined(self) -> Column:
        """Return all points as one column, where the recent ones do not stand behind the settled ones."""
        assert isinstance(self.settled, Column), "a long series is narrowed first"  # noqa: S101 (an invariant)
        return self.settled.with_later(self.recent_parts)

    async def narrowed(self, session: ReadSession, cache: SourceCache, window: Window, zero: float) -> "Source":
        """Return a long series with what of it is to be drawn in a window in place of its pyramid."""
        if not isinstance(self.settled, LongSeries):
            return self
        narrowing = Narrowing(session, cache, self.track_id, self.leaf_id, self.recent_parts)
        settled, n_before, has_recent = await narrowing.narrow(self.settled, self.recent, window, zero)
        if has_recent:
            return replace(self, settled=settled, n_before=n_before, recent=None, recent_parts=())
        return replace(self, settled=settled, n_before=n_before)


async def load_sources(session: ReadSession, cache: SourceCache, asked: Mapping[UUID, Sequence[str]]) -> list[Source]:
    """Return series of tracks in the order asked for; keys without one are absent.

    What must be looked up each time is looked up once for all tracks.
    """
    leaves = await find_leaves_of_tracks(session, {track_id: dict.fromkeys(keys) for track_id, keys in asked.items()})
    leaf_ids = {
        track_id: {key: leaf.leaf_id for key, leaf in found.items() if leaf.kind is LeafKind.SERIES}
        for track_id, found in leaves.items()
    }
    pages = await read_pages_of_tracks(
        session, {track_id: {leaf_id // PAGE for leaf_id in ids.values()} for track_id, ids in leaf_ids.items()}
    )
    tails = await cache.tails.read_many(session, list(asked))
    return [
        source
        for track_id, keys in asked.items()
        if (ids := leaf_ids[track_id])
        for source in await _load_track(
            session,
            cache,
            track_id,
            [(key, ids[key]) for key in dict.fromkeys(keys) if key in ids],
            pages=pages[track_id],
            tail=tails[track_id],
        )
    ]


async def _load_track(
    session: ReadSession, cache: SourceCache, track_id: UUID, keys: Sequence[tuple[str, int]], *,
    pages: dict[int, VersionedPage], tail: Tail,
) -> list[Source]:  # fmt: skip
    leaf_ids = [leaf_id for _, leaf_id in keys]
    settled = await _load_settled(session, cache, track_id, leaf_ids, pages)
    frames = await _load_frames(session, cache, track_id, leaf_ids, pages)
    sources = []
    for key, leaf_id in keys:
        parts = (*frames.get(leaf_id, ()), *tail.points_of(key))
        recent = None
        if parts:
            version = pages[leaf_id // PAGE].version if leaf_id // PAGE in pages else 0
            recent = _make_recent(cache, ("recent", track_id, leaf_id, version, tail.mark), parts)
        held = settled.get(leaf_id)
        if held is not None or recent is not None:
            last = _newest(held, recent, pages, leaf_id)
            sources.append(Source.of(track_id, key, leaf_id, held, parts, recent=recent, last=last))
    return sources


def _make_recent(cache: SourceCache, name: Hashable, parts: Sequence[Points]) -> Column:
    held = cache.drawn.get(name)
    if isinstance(held, Column):
        return held
    made = Column(parts, is_kept=False)
    cache.drawn.put(name, made, made.size_bytes)
    return made


def _newest(
    settled: Column | LongSeries | None, recent: Column | None, pages: dict[int, VersionedPage], leaf_id: int
) -> tuple[Value, float | None, float]:
    newest = recent.last if recent is not None else None
    if isinstance(settled, Column) and (newest is None or settled.last[2] > newest[2]):
        return settled.last
    if isinstance(settled, LongSeries):
        page, place = pages[leaf_id // PAGE].page, leaf_id % PAGE
        step = float(page.last_step[place])
        if newest is None or page.last_time[place] > newest[2]:
            return page.last_value(place), None if np.isnan(step) else step, float(page.last_time[place])
    assert newest is not None, "a series has a point"  # noqa: S101 (an invariant)
    return newest


async def _load_settled(
    session: ReadSession, cache: SourceCache, track_id: UUID, leaf_ids: Iterable[int], pages: dict[int, VersionedPage]
) -> dict[int, Column | LongSeries]:
    n_chunked = {
        leaf_id: int(pages[leaf_id // PAGE].page.n_chunked[leaf_id % PAGE])
        for leaf_id in leaf_ids
        if leaf_id // PAGE in pages
    }
    # How many points of a series rest in chunks says which ones: they are never changed, only added to.
    names = {leaf_id: ("settled", track_id, leaf_id, n) for leaf_id, n in n_chunked.items() if n}
    found = {leaf_id: held for leaf_id, name in names.items() if (held := cache.drawn.get(name)) is not None}
    missing = [leaf_id for leaf_id in names if leaf_id not in found]
    chunks = await read_chunk_facts(session, track_id, missing) if missing else {}
    short = {leaf_id: f for leaf_id, f in chunks.items() if n_chunked[leaf_id] <= LONG_POINTS}
    wanted = [f for facts in short.values() for f in facts]
    data = iter(await read_chunk_column(session, track_id, wanted) if wanted else ())
    for leaf_id, facts in chunks.items():
        if leaf_id in short:
            found[leaf_id] = Column([decode_chunk(f.type, f.encoding, next(data)) for f in facts])
        else:
            # In a thread: of fifty million points this takes most of a second.
            pyramids = await _read_pyramids(session, track_id, facts)
            found[leaf_id] = await asyncio.to_thread(LongSeries.of, facts, pyramids)
        cache.drawn.put(names[leaf_id], found[leaf_id], found[leaf_id].size_bytes)
    return found


async def _read_pyramids(session: ReadSession, track_id: UUID, facts: Sequence[ChunkFacts]) -> list[bytes]:
    """Return the pyramids of chunks; those of the first ones are stored with none, and made of their points."""
    bare = [f for f in facts if not f.has_pyramid]
    stored = await read_chunk_column(session, track_id, [f for f in facts if f.has_pyramid], "pyramid")
    found = await read_chunk_column(session, track_id, bare)

    def make(f: ChunkFacts, data: bytes) -> bytes:
        return encode_pyramid(decode_chunk(f.type, f.encoding, data))

    making = [asyncio.to_thread(make, f, data) for f, data in zip(bare, found, strict=True)]
    made, kept = iter(await asyncio.gather(*making)), iter(stored)
    return [next(kept if f.has_pyramid else made) for f in facts]


async def _load_frames(
    session: ReadSession, cache: SourceCache, track_id: UUID, leaf_ids: Iterable[int], pages: dict[int, VersionedPage]
) -> dict[int, tuple[Points, ...]]:
    """Return what segments hold of series, as far as it was not moved to chunks."""
    found: dict[int, tuple[Points, ...]] = {}
    missing: list[int] = []
    for leaf_id in leaf_ids:
        held = pages.get(leaf_id // PAGE)
        if held is None or held.page.n_points[leaf_id % PAGE] == held.page.n_chunked[leaf_id % PAGE]:
            continue
        kept = cache.frames.get(("frames", track_id, leaf_id, held.version))
        if kept is None:
            missing.append(leaf_id)
        else:
            found[leaf_id] = kept
    for leaf_id, frames in (await read_frames(session, track_id, missing)).items() if missing else ():
        held = pages[leaf_id // PAGE]
        through = held.page.chunked_through[leaf_id % PAGE]
        parts = tuple(points for version, points in frames if version > through)
        found[leaf_id] = parts
        cache.frames.put(("frames", track_id, leaf_id, held.version), parts, 500 + 24 * sum(map(len, parts)))
    return found
