"""A long series in order of an axis, whatever order its points came in.

Called by narrow.py. Guarantees the order a chart has: of a step written twice the newest point alone, an index counted
in order of time.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.series.buckets import BlockPositions, PlacedBlocks, bucket_blocks
from services.series.chunk_store import ChunkFacts
from services.series.column import Column
from services.series.grid import Buckets, Grid
from services.series.long import LongSeries
from services.series.pieces import CHUNKS_OF_CELL, Cell, Piece, Spans, join_placed, lay_out
from services.series.window import Axis, Window

_GOLDEN = 0.6180339887


@dataclass(frozen=True)
class OnAxis:
    """A long series to be drawn: its blocks in order of an axis, and which of them each piece has."""

    long: LongSeries
    pieces: list[Piece]
    placed: PlacedBlocks
    ends_of: NDArray[np.int64]
    made: dict[Hashable, PlacedBlocks] = field(repr=False)

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return 100 * len(self.placed.count) + 200 * len(self.pieces)

    def __len__(self) -> int:
        """Return the number of points stored."""
        return len(self.long)

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        return self.long.first_time

    def shifted(self, zero: float) -> "OnAxis":
        """Return the same on an axis that begins at another place."""
        if zero == 0:
            return self
        held = self.long.held.get("shifted")
        if held is None or held[0] is not self or held[1] != zero:
            x = self.placed.x
            moved = BlockPositions(x.first - zero, x.last - zero, x.of_min - zero, x.of_max - zero)
            placed = PlacedBlocks(self.placed.blocks, self.placed.count, self.placed.first, self.placed.last, moved)
            held = (self, zero, OnAxis(self.long, self.pieces, placed, self.ends_of, self.made))
            self.long.held["shifted"] = held
        shifted: OnAxis = held[2]
        return shifted

    def _between(self, first: Floats, last: Floats, window: Window) -> tuple[int, int]:
        low = 0 if window.start is None else int(np.searchsorted(first, window.start, "left"))
        high = len(first) if window.stop is None else int(np.searchsorted(last, window.stop, "right"))
        return low, max(low, high)

    def n_inside(self, window: Window) -> int:
        """Return how many points lie in blocks that lie in a window."""
        low, high = self._between(self.placed.x.first, self.placed.x.last, window)
        return int(self.placed.count[low:high].sum())

    def start_of_last(self, window: Window) -> float | None:
        """Return where a window begins that has no more of the points of another than are drawn of strings, about."""
        x, count = self.placed.x, self.placed.count
        low, high = self._between(x.first, x.last, window)
        sums = np.cumsum(count[low:high][::-1])
        at = int(np.searchsorted(sums, window.buckets))
        return window.start if at >= len(sums) else float(x.first[high - 1 - at])

    def ends(self, window: Window) -> tuple[float, float] | None:
        """Return the first and the last x in a window, about."""
        x = self.placed.x
        low, high = self._between(x.first, x.first, window)
        if low == high:
            return None
        end = float(x.last[high - 1])
        return float(x.first[low]), end if window.stop is None else min(end, window.stop)

    def buckets(self, grid: Grid) -> Buckets:
        """Reduce it to the columns of a grid."""
        return bucket_blocks(grid, self.placed)

    def touched(self, window: Window) -> tuple[list[Piece], int]:
        """Return the pieces that reach into a window, and how many points stand before the first of them."""
        starts = np.concatenate([[0], self.ends_of[:-1]])
        is_filled = self.ends_of > starts
        first = self.placed.x.first[np.minimum(starts, len(self.placed.count) - 1)]
        last = self.placed.x.last[self.ends_of - 1]
        is_in = is_filled.copy()
        if window.start is not None:
            is_in &= ~(last < window.start)
        if window.stop is not None:
            is_in &= ~(first > window.stop)
        places = np.flatnonzero(is_in)
        if not len(places):
            return [], 0
        return [self.pieces[place] for place in places.tolist()], int(self.placed.count[: starts[places[0]]].sum())


@dataclass(frozen=True)
class Order:
    """What decides the order on an axis: time, or steps; `recent`: points after the chunks that reach among theirs."""

    long: LongSeries
    axis: Axis
    by_step: bool
    recent: Column | None
    pieces: list[Piece]

    @property
    def is_index(self) -> bool:
        """Say whether x is a place in time."""
        return self.axis is Axis.INDEX or (self.axis is Axis.STEP and not self.by_step)

    @property
    def has_only_steps(self) -> bool:
        """Say whether no place in time stands for a step."""
        has_gaps = self.recent is not None and bool(np.isnan(self.recent.steps).any())
        return self.by_step and self.long.has_all_steps and not has_gaps

    def x_of(self, member: int, times: Floats, steps: Floats) -> Floats:
        """Return where points of a chunk stand, all of it, in the order of this."""
        if not self.by_step:
            return times
        if self.has_only_steps:
            return steps
        return np.where(np.isnan(steps), self.long.before[member] + np.arange(len(steps)), steps)

    def name_of(self, piece: Piece) -> Hashable:
        """Return what tells the points of a piece from any others."""
        facts = self.long.facts
        names = tuple(facts[m].name if m < len(facts) else self.recent for m in piece.members)
        return piece.low, piece.high, names

    def touched_chunks(self, window: Window, zero: float) -> tuple[list[ChunkFacts], int] | None:
        """Return the chunks that may have points in a window, and how many points lie before the first of them.

        None where that cannot be told from the chunks alone.
        """
        long = self.long
        if self.is_index:
            if self.recent is not None or not is_in_time(long):
                return None
            low, high = long.before[:-1].astype(np.float64), (long.before[1:] - 1).astype(np.float64)
        elif self.by_step:
            if not self.has_only_steps:
                return None
            low, high = long.step_span
        else:
            low, high = (end - zero for end in long.time_span)
        is_in = np.ones(len(low), bool)
        if window.start is not None:
            is_in &= ~(high < window.start)
        if window.stop is not None:
            is_in &= ~(low > window.stop)
        places = np.flatnonzero(is_in).tolist()
        return [long.facts[place] for place in places], int(long.before[places[0]]) if places else 0

    def new_cell(self, piece: Piece) -> Cell:
        """Return a cell to be filled."""
        return Cell(piece, keeps_ties=not self.by_step)

    @cached_property
    def is_as_stored(self) -> bool:
        """Say whether all chunks are whole pieces in their order of arrival."""
        found = [piece.members[0] for piece in self.pieces if piece.is_whole]
        return found == list(range(len(self.long.facts))) and len(found) == len(self.pieces)

    def as_stored(self) -> OnAxis:
        """Return a series of which nothing must be put in order."""
        key = ("on axis", self.axis)
        if key not in self.long.held:
            self.long.held[key] = self.assemble({})
        held: OnAxis = self.long.held[key]
        return held

    def _blocks_of(self, piece: Piece, made: dict[Hashable, PlacedBlocks]) -> PlacedBlocks:
        if piece.is_whole:
            return self.long.placed(self.long.blocks_of(piece.members[0]), by_step=self.by_step)
        return made[self.name_of(piece)]

    def assemble(self, made: dict[Hashable, PlacedBlocks]) -> OnAxis:
        """Put the pieces behind one another; `made` has the cells by name."""
        long = self.long
        if self.is_as_stored:
            parts = [long.placed(slice(None), by_step=self.by_step)]
            ends = np.array([long.blocks_of(place).stop for place in range(len(long.facts))])
        else:
            parts = [self._blocks_of(piece, made) for piece in self.pieces]
            ends = np.cumsum([len(part.count) for part in parts])
        placed = join_placed(parts)
        # Kept as parts of the whole, so that nothing is held twice.
        views: dict[Hashable, PlacedBlocks] = {}
        for piece, stop, part in zip(self.pieces, ends.tolist(), parts, strict=False):
            if not piece.is_whole:
                views[self.name_of(piece)] = _part(placed, slice(stop - len(part.count), stop))
        if self.is_index:
            placed = _counted(placed)
        return OnAxis(long, self.pieces, placed, ends, views)


def _part(placed: PlacedBlocks, at: slice) -> PlacedBlocks:
    blocks = type(placed.blocks)(*(getattr(placed.blocks, name)[at] for name in type(placed.blocks).__slots__))
    x = BlockPositions(*(getattr(placed.x, name)[at] for name in BlockPositions.__slots__))
    return PlacedBlocks(blocks, placed.count[at], placed.first[at], placed.last[at], x)


def _counted(placed: PlacedBlocks) -> PlacedBlocks:
    first = (np.cumsum(placed.count) - placed.count).astype(np.float64)
    blocks = placed.blocks
    x = BlockPositions(first, first + placed.count - 1, first + blocks.min_at, first + blocks.max_at)
    return PlacedBlocks(blocks, placed.count, placed.first, placed.last, x)


def is_in_time(long: LongSeries) -> bool:
    """Say whether no chunk begins before the one that arrived before it has ended."""
    low, high = long.time_span
    return bool((low[1:] >= high[:-1]).all())


def find_order(long: LongSeries, recent: Column | None, axis: Axis) -> Order | None:
    """Find what decides the order on an axis; None where points without a step stand among late ones."""
    by_step = axis is Axis.STEP and not (long.has_no_steps and (recent is None or recent.has_no_steps))
    is_behind = recent is None or recent.first_time >= float(long.time_span[1].max())
    if not by_step:
        absorbed = None if is_behind or axis in {Axis.TIME, Axis.RELATIVE} else recent
        low, high = long.time_span
        is_ordered = np.ones(len(low), bool)
    else:
        has_gaps = not long.has_all_steps or (recent is not None and bool(np.isnan(recent.steps).any()))
        if has_gaps and not (is_in_time(long) and is_behind):
            return None
        low, high = long.step_span
        is_ordered = np.array([f.has_rising_steps for f in long.facts])
        if has_gaps:
            is_bare = np.array([f.n_steps < f.n_points for f in long.facts])
            low = np.where(is_bare, np.fmin(low, long.before[:-1]), low)
            high = np.where(is_bare, np.fmax(high, long.before[1:] - 1.0), high)
        absorbed = None
        if recent is not None:
            ends = recent.ordered(Axis.STEP, len(long)).x[[0, -1]]
            absorbed = recent if bool(((low <= ends[1]) & (high >= ends[0])).any()) else None
    key = ("order", axis, absorbed)
    if key not in long.held:
        for stale in [k for k in long.held if isinstance(k, tuple) and k[:2] == key[:2]]:
            del long.held[stale]
        spans = Spans(low, high, is_ordered, keeps_ties=not by_step)
        if absorbed is not None:
            spans = _with_recent(spans, absorbed, len(long), by_step=by_step)
        long.held[key] = Order(long, axis, by_step, absorbed, lay_out(spans, _sampler(long, by_step=by_step)))
    order: Order = long.held[key]
    return order


def _with_recent(spans: Spans, recent: Column, n_before: int, *, by_step: bool) -> Spans:
    x = recent.ordered(Axis.STEP, n_before).x if by_step else recent.times
    low, high = np.append(spans.low, x[0]), np.append(spans.high, x[-1])
    return Spans(low, high, np.append(spans.is_ordered, np.False_), spans.keeps_ties)


def _sampler(long: LongSeries, *, by_step: bool) -> Callable[[int], float]:
    column = long.stored.step_first if by_step else long.stored.time_first

    def sample(place: int) -> float:
        if place >= len(long.facts):
            return np.nan
        # Somewhere in the chunk, and somewhere else in each: so cells are even where all chunks reach over everything.
        at = long.blocks_of(place)
        share = (place / CHUNKS_OF_CELL * _GOLDEN) % 1.0
        return float(column[at.start + int(share * (at.stop - at.start))])

    return sample
