"""Where the chunks of a long series stand on an axis, cut into pieces that do not reach into each other.

Called by order.py. Pure. A chunk that no other reaches into is a piece as it is stored. Where chunks overlap, or are
not in order themselves (late points, steps that run backwards or begin again), the stretch is cut into cells, whose
points are put in order one cell at a time. Guarantees that a step belongs to one piece, so that one written twice is
found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.series.buckets import BlockPositions, PlacedBlocks
from services.series.pyramid import BLOCK, Blocks, make_blocks

# One cut for so many chunks: a cell is about a million points, and what comes later changes only the cells it meets.
CHUNKS_OF_CELL = 16
# Points of a cell beyond this are put in order before more are added: steps written again and again take no room.
_MOST_LOOSE = 4_000_000


@dataclass(frozen=True, slots=True)
class Spans:
    """From where to where each chunk reaches on an axis, in order of arrival."""

    low: Floats
    high: Floats
    is_ordered: NDArray[np.bool_]
    # Of points at one x all are drawn, the later ones behind the others; else only the last one is.
    keeps_ties: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an axis: a whole chunk, or what of its members lies in [low, high)."""

    low: float
    high: float
    members: tuple[int, ...]
    is_whole: bool


def lay_out(spans: Spans, sample: Callable[[int], float]) -> list[Piece]:
    """Cut an axis into pieces, in order of it. `sample` gives a position inside a chunk, where cells may be cut."""
    order = np.argsort(spans.low, kind="stable")
    low, reach = spans.low[order], np.maximum.accumulate(spans.high[order])
    is_apart = low[1:] > reach[:-1]
    if spans.keeps_ties:
        is_apart |= (low[1:] == reach[:-1]) & (order[1:] > np.maximum.accumulate(order)[:-1])
    pieces: list[Piece] = []
    for group in np.split(order, np.flatnonzero(is_apart) + 1):
        first = int(group[0])
        if len(group) == 1 and spans.is_ordered[first]:
            pieces.append(Piece(float(spans.low[first]), float(spans.high[first]), (first,), is_whole=True))
        else:
            pieces += _cells(spans, np.sort(group), sample)
    return pieces


def _cells(spans: Spans, group: NDArray[np.intp], sample: Callable[[int], float]) -> list[Piece]:
    low, high = float(spans.low[group].min()), float(spans.high[group].max())
    sampled = {sample(place) for place in group.tolist() if place % CHUNKS_OF_CELL == 0}
    cuts = sorted(at for at in sampled if low < at <= high)
    cells = []
    for start, stop in zip([low, *cuts], [*cuts, float(np.nextafter(high, np.inf))], strict=True):
        members = group[(spans.low[group] < stop) & (spans.high[group] >= start)]
        if len(members):
            cells.append(Piece(start, stop, tuple(members.tolist()), is_whole=False))
    return cells


class Cell:
    """Points of a cell, as they are found."""

    def __init__(self, piece: Piece, *, keeps_ties: bool) -> None:
        self.piece, self._keeps_ties = piece, keeps_ties
        self._x, self._times, self._numbers = [np.empty(0)], [np.empty(0)], [np.empty(0)]
        self._n_loose = 0

    def add(self, x: Floats, times: Floats, numbers: Floats) -> None:
        """Add what of a chunk belongs here; chunks come in order of arrival."""
        is_in = (x >= self.piece.low) & (x < self.piece.high)
        n = int(np.count_nonzero(is_in))
        if n == 0:
            return
        whole = n == len(x)
        self._x.append(x if whole else x[is_in])
        self._times.append(times if whole else times[is_in])
        self._numbers.append(numbers if whole else numbers[is_in])
        self._n_loose += n
        if self._n_loose > _MOST_LOOSE and not self._keeps_ties:
            self._order()

    def _order(self) -> None:
        x, times, numbers = (np.concatenate(column) for column in (self._x, self._times, self._numbers))
        if len(x) > 1 and (x[1:] < x[:-1]).all():
            x, times, numbers = x[::-1], times[::-1], numbers[::-1]
        elif not (x[1:] > x[:-1]).all():
            order = order_of(x, times, keeps_ties=self._keeps_ties)
            x, times, numbers = x[order], times[order], numbers[order]
        self._x, self._times, self._numbers, self._n_loose = [x], [times], [numbers], 0

    def blocks(self) -> PlacedBlocks:
        """Return all of them as blocks."""
        self._order()
        x, numbers = self._x[0], self._numbers[0]
        blocks = make_blocks(numbers)
        starts = np.arange(0, len(x), BLOCK)
        stops = np.minimum(starts + BLOCK, len(x))
        at = BlockPositions(x[starts], x[stops - 1], x[starts + blocks.min_at], x[starts + blocks.max_at])
        return PlacedBlocks(blocks, stops - starts, numbers[starts], numbers[stops - 1], at)


def order_of(x: Floats, times: Floats, *, keeps_ties: bool) -> NDArray[np.intp]:
    """Return points, given in order of arrival, in order of x; of one x the newest stays unless ties are kept."""
    if keeps_ties:
        return np.argsort(x, kind="stable")
    order: NDArray[np.intp] = np.lexsort((times, x))
    at = x[order]
    return order[np.append(at[1:] != at[:-1], True)] if len(order) else order


def join_placed(parts: list[PlacedBlocks]) -> PlacedBlocks:
    """Return blocks one after the other."""
    if len(parts) == 1:
        return parts[0]

    def joined(of: Callable[[PlacedBlocks], object], names: Sequence[str]) -> list[NDArray[Any]]:
        return [np.concatenate([getattr(of(part), name) for part in parts]) for name in names]

    blocks = Blocks(*joined(lambda part: part.blocks, Blocks.__slots__))
    x = BlockPositions(*joined(lambda part: part.x, BlockPositions.__slots__))
    count, first, last = joined(lambda part: part, ("count", "first", "last"))
    return PlacedBlocks(blocks, count, first, last, x)
