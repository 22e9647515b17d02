"""A long series made ready for one window: its points, where those are few enough; else its blocks in order.

Called by source.py. Guarantees that a window of up to LONG_POINTS points is drawn exactly.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.core.errors import BadQuery
from services.core.points import Floats, Points
from services.core.values import ValueType
from services.series.buckets import PlacedBlocks
from services.series.chunk_store import ChunkFacts, read_chunk_column
from services.series.chunks import decode_chunk
from services.series.column import Column
from services.series.long import LONG_POINTS, LongSeries
from services.series.order import OnAxis, Order, find_order
from services.series.pieces import Cell, Piece, order_of
from services.series.pyramid import numbers_of
from services.series.window import Window
from services.storage.database import ReadSession

if TYPE_CHECKING:
    from services.series.source import SourceCache

# Of a series where index and steps mix and points came late, no more are put in order.
MAX_POINTS = 20_000_000
# Cells are filled together up to about so many points, so that a chunk is decoded few times; 24 bytes each.
_POINTS_AT_ONCE = 16_000_000
_CHUNKS_AT_ONCE = 16


class Narrowing:
    """What is needed to make a long series ready for a window."""

    def __init__(
        self, session: ReadSession, cache: "SourceCache", track_id: UUID, leaf_id: int, recent_parts: Sequence[Points]
    ) -> None:
        self._session, self._cache, self._track_id, self._leaf_id = session, cache, track_id, leaf_id
        self._recent_parts = recent_parts

    async def narrow(
        self, long: LongSeries, recent: Column | None, window: Window, zero: float
    ) -> tuple[Column | OnAxis | None, int, bool]:
        """Return what to draw, how many points lie before it, and whether what is recent is in it."""
        order = find_order(long, recent, window.axis)
        if order is None:
            return await self._column(long.facts), 0, False
        found = order.touched_chunks(window, zero)
        if found is not None and sum(facts.n_points for facts in found[0]) <= LONG_POINTS:
            return await self._column(found[0]), found[1], False
        on_axis = (await self._on_axis(order)).shifted(zero)
        if long.type is ValueType.STR and (recent is None or recent.type is ValueType.STR):
            # Strings cannot be reduced; the newest of them are all that is drawn.
            window = replace(window, start=on_axis.start_of_last(window))
        elif on_axis.n_inside(window) > LONG_POINTS:
            return on_axis, 0, order.recent is not None
        if order.by_step and not order.has_only_steps:
            # Where a place stands for a step, no point between may be left out.
            pieces, _ = on_axis.touched(window)
            members = [m for piece in pieces for m in piece.members if m < len(long.facts)]
            first = min(members, default=0)
            last = len(long.facts) if recent is not None else max(members, default=-1) + 1
            return await self._column(long.facts[first:last]), int(long.before[first]), False
        if found is not None and order.recent is None and sum(f.n_points for f in found[0]) <= 2 * LONG_POINTS:
            return await self._column(found[0]), found[1], False
        pieces, n_before = on_axis.touched(window)
        return await self._gathered(order, pieces, window, zero), n_before, order.recent is not None

    async def _column(self, wanted: Sequence[ChunkFacts]) -> Column | None:
        if (n_wanted := sum(facts.n_points for facts in wanted)) > MAX_POINTS:
            raise BadQuery(
                f"Of the {n_wanted} points of this series some came late and some have no step, which is put in order"
                f" for up to {MAX_POINTS}. Draw them over x=time or x=index, or log a step with each.",
            )
        if not wanted:
            return None
        name = ("window", self._track_id, *(facts.name for facts in wanted))
        column = self._cache.columns.get(name)
        if column is None:
            points = await read_chunks(self._session, self._cache, self._track_id, wanted)
            column = await asyncio.to_thread(Column, points, is_kept=False)
            self._cache.columns.put(name, column, column.size_bytes)
        return column

    async def _on_axis(self, order: Order) -> OnAxis:
        """Return all of a series in order; cells that were made before are taken from there."""
        if order.is_as_stored:
            return order.as_stored()
        place: Hashable = ("on axis", self._track_id, self._leaf_id, order.axis if order.is_index else order.by_step)
        held = self._cache.orders.get(place)
        if held is not None and held.pieces is order.pieces:
            return held
        # Of two who ask at once, one does the work.
        async with self._cache.lock(place):
            held = self._cache.orders.get(place)
            if held is None or held.pieces is not order.pieces:
                made = await self._make_cells(order, {} if held is None else held.made)
                held = await asyncio.to_thread(order.assemble, made)
                self._cache.orders.put(place, held, held.size_bytes)
        return held

    async def _make_cells(self, order: Order, known: Mapping[Hashable, PlacedBlocks]) -> dict[Hashable, PlacedBlocks]:
        names = {order.name_of(piece): piece for piece in order.pieces if not piece.is_whole}
        made = {name: known[name] for name in names if name in known}
        for together in _few_at_once(order, [piece for name, piece in names.items() if name not in made]):
            cells = [order.new_cell(piece) for piece in together]
            await self._fill(order, cells)
            for cell in cells:
                made[order.name_of(cell.piece)] = await asyncio.to_thread(cell.blocks)
        return made

    async def _fill(self, order: Order, cells: Sequence[Cell]) -> None:
        long = order.long
        members = sorted({member for cell in cells for member in cell.piece.members})
        chunks = [member for member in members if member < len(long.facts)]
        for start in range(0, len(chunks), _CHUNKS_AT_ONCE):
            some = chunks[start : start + _CHUNKS_AT_ONCE]
            # Not kept: these are all chunks of a series that may be larger than the cache.
            found = await read_chunks(
                self._session, self._cache, self._track_id, [long.facts[member] for member in some], is_kept=False
            )
            await asyncio.to_thread(_add, order, cells, some, found)
        if order.recent is not None and len(long.facts) in members:
            recent = order.recent
            x = order.x_of(len(long.facts), recent.times, recent.steps)
            for cell in cells:
                cell.add(x, recent.times, recent.numbers)

    async def _gathered(self, order: Order, pieces: Sequence[Piece], window: Window, zero: float) -> Column | None:
        """Return the points of pieces that lie in a window, in order of arrival."""
        at = (order.is_index, order.by_step, window.start, window.stop, zero)
        name = ("gathered", self._track_id, self._leaf_id, at, *map(order.name_of, pieces))
        held = self._cache.columns.get(name)
        if held is None:
            held = await self._gather(order, pieces, window, zero)
            if held is not None:
                self._cache.columns.put(name, held, held.size_bytes)
        return held

    async def _gather(self, order: Order, pieces: Sequence[Piece], window: Window, zero: float) -> Column | None:
        facts = order.long.facts
        ranges: dict[int, tuple[float, float]] = {}
        for piece in pieces:
            for member in piece.members:
                low, high = ranges.get(member, (np.inf, -np.inf))
                # A whole chunk has nothing outside of its piece.
                own = (-np.inf, np.inf) if piece.is_whole else (piece.low, piece.high)
                ranges[member] = (min(low, own[0]), max(high, own[1]))
        parts = _Parts(order, window, zero)
        members = sorted(member for member in ranges if member < len(facts))
        for start in range(0, len(members), _CHUNKS_AT_ONCE):
            some = members[start : start + _CHUNKS_AT_ONCE]
            found = await read_chunks(self._session, self._cache, self._track_id, [facts[member] for member in some])
            for member, points in zip(some, found, strict=True):
                parts.add(points, *ranges[member])
        if len(facts) in ranges:
            for points in self._recent_parts:
                parts.add(points, *ranges[len(facts)])
        return await asyncio.to_thread(parts.column)


class _Parts:
    """Points of a window, as they are found, in order of arrival."""

    def __init__(self, order: Order, window: Window, zero: float) -> None:
        self._order, self._window, self._zero = order, window, zero
        self._parts: list[Points] = []
        self._n_loose = 0

    def add(self, points: Points, low: float, high: float) -> None:
        """Add what of some points lies in [low, high) and in the window."""
        x = points.steps if self._order.by_step else points.times
        is_in = (x >= low) & (x < high)
        if not self._order.is_index:
            at = x - self._zero
            if self._window.start is not None:
                is_in &= at >= self._window.start
            if self._window.stop is not None:
                is_in &= at <= self._window.stop
        if is_in.any():
            self._parts.append(points if is_in.all() else points.take(np.flatnonzero(is_in)))
            self._n_loose += len(self._parts[-1])
        if self._order.by_step and self._n_loose > 2 * LONG_POINTS:
            self._thin_out()

    def _thin_out(self) -> None:
        """Leave out what a later point at the same step hides."""
        times: Floats = np.concatenate([part.times for part in self._parts])
        steps: Floats = np.concatenate([part.steps for part in self._parts])
        kept: NDArray[np.intp] = np.sort(order_of(steps, times, keeps_ties=False))
        starts = np.cumsum([0, *(len(part) for part in self._parts)])
        cuts = np.searchsorted(kept, starts)
        self._parts = [
            part.take(kept[cuts[at] : cuts[at + 1]] - starts[at])
            for at, part in enumerate(self._parts)
            if cuts[at] < cuts[at + 1]
        ]
        self._n_loose = 0

    def column(self) -> Column | None:
        """Return them all."""
        return Column(self._parts, is_kept=False) if self._parts else None


def _add(order: Order, cells: Sequence[Cell], members: Sequence[int], found: Sequence[Points]) -> None:
    for member, points in zip(members, found, strict=True):
        x, numbers = order.x_of(member, points.times, points.steps), numbers_of(points)
        for cell in cells:
            cell.add(x, points.times, numbers)


def _few_at_once(order: Order, cells: Sequence[Piece]) -> list[list[Piece]]:
    """Return cells in groups of which each has about as many points as may be held."""
    n_cells: dict[int, int] = {}
    for piece in order.pieces:
        for member in piece.members:
            n_cells[member] = n_cells.get(member, 0) + 1
    counts = order.long.counts
    groups: list[list[Piece]] = []
    total = 0.0
    for piece in cells:
        # As if each chunk had as many points in each of its cells.
        n = sum(counts[member] / n_cells[member] for member in piece.members if member < len(counts))
        if not groups or total + n > _POINTS_AT_ONCE:
            groups.append([])
            total = 0.0
        groups[-1].append(piece)
        total += n
    return groups


async def read_chunks(
    session: ReadSession, cache: "SourceCache", track_id: UUID, wanted: Sequence[ChunkFacts], *, is_kept: bool = True
) -> list[Points]:
    """Return the points of chunks, in the order asked for."""
    held: dict[Hashable, Points | None] = {f.name: cache.chunks.get(("chunk", track_id, f.name)) for f in wanted}
    missing = [f for f in wanted if held[f.name] is None]
    # Side by side: half of the work is zstd's and numpy's, which let other threads run.
    found = await read_chunk_column(session, track_id, missing) if missing else []
    decoding = [asyncio.to_thread(decode_chunk, f.type, f.encoding, d) for f, d in zip(missing, found, strict=True)]
    for f, decoded in zip(missing, await asyncio.gather(*decoding), strict=True):
        held[f.name] = decoded
        if is_kept:
            cache.chunks.put(("chunk", track_id, f.name), decoded, 24 * len(decoded) + 500)
    return [points for f in wanted if (points := held[f.name]) is not None]
