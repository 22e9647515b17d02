"""Points of many series, as batches hold them, to the same points series by series.

Called by the transposer for what it moves, by readers for what has not been moved yet. Guarantees that the points of a
series stay in their order of arrival.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats, Points, join_points
from services.core.values import ValueType
from services.storage.batch_body import BatchBody, KeyList, SeriesColumns

LeafIds = NDArray[np.int64]
# So many neighbouring leaves share a row of pages and of segments.
PAGE = 256


@dataclass(frozen=True, slots=True)
class Grouped:
    """Points of one type: those of leaf_ids[i] stand from bounds[i] to bounds[i + 1]. Leaf ids rise."""

    type: ValueType
    leaf_ids: LeafIds
    bounds: NDArray[np.int64]
    values: NDArray[Any] | list[str]
    times: Floats
    steps: Floats

    @classmethod
    def of(cls, series: Sequence[tuple[int, Points]]) -> "Grouped":
        """Make it of series of one type, ordered by leaf."""
        joined = join_points([points for _, points in series])
        counts = [len(points) for _, points in series]
        bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        leaf_ids = np.array([leaf_id for leaf_id, _ in series], np.int64)
        return cls(joined.type, leaf_ids, bounds, joined.values, joined.times, joined.steps)

    def points_of(self, index: int) -> Points:
        """Return the points of one series."""
        part = slice(int(self.bounds[index]), int(self.bounds[index + 1]))
        return Points(self.type, self.values[part], self.times[part], self.steps[part])

    def items(self) -> Iterator[tuple[int, Points]]:
        """Give each leaf with its points."""
        for index, leaf_id in enumerate(self.leaf_ids.tolist()):
            yield leaf_id, self.points_of(index)

    def part(self, start: int, stop: int) -> "Grouped":
        """Return some neighbouring series, without copying numbers."""
        low, high = int(self.bounds[start]), int(self.bounds[stop])
        return Grouped(
            self.type, self.leaf_ids[start:stop], self.bounds[start : stop + 1] - low, self.values[low:high],
            self.times[low:high], self.steps[low:high],
        )  # fmt: skip

    def pages(self) -> "Iterator[Grouped]":
        """Give the series page by page."""
        starts = np.flatnonzero(np.diff(self.leaf_ids // PAGE, prepend=-1)).tolist()
        for start, stop in pairwise([*starts, len(self.leaf_ids)]):
            yield self.part(start, stop)

    def select(self, is_wanted: NDArray[np.bool_]) -> "Grouped":
        """Return some of the series."""
        if is_wanted.all():
            return self
        counts = np.diff(self.bounds)
        bounds = np.concatenate([[0], np.cumsum(counts[is_wanted])]).astype(np.int64)
        kept = np.flatnonzero(np.repeat(is_wanted, counts))
        points = Points(self.type, self.values, self.times, self.steps).take(kept)
        return Grouped(self.type, self.leaf_ids[is_wanted], bounds, points.values, points.times, points.steps)

    def newest(self) -> NDArray[np.int64]:
        """Return where the newest point of each series stands; of equal times the last."""
        starts, stops = self.bounds[:-1], self.bounds[1:]
        is_rising = self.times[1:] >= self.times[:-1]
        is_rising[stops[:-1] - 1] = True
        if is_rising.all():
            return stops - 1
        newest = np.maximum.reduceat(self.times, starts)
        hits = np.flatnonzero(self.times == np.repeat(newest, stops - starts))
        return hits[np.searchsorted(hits, stops) - 1]


@dataclass(frozen=True, slots=True)
class Arranged:
    """Points series by series: of one type, or as runs in order of arrival for series that mix types."""

    grouped: list[Grouped]
    runs: dict[int, list[Points]] = field(default_factory=dict)


def group_columns(columns: Iterable[tuple[LeafIds, SeriesColumns]]) -> dict[ValueType, Grouped]:
    """Group columns by type and leaf; `LeafIds` are those of the columns' keys, -1 for what is to be left out."""
    of_type: dict[ValueType, list[tuple[LeafIds, SeriesColumns]]] = defaultdict(list)
    for leaf_ids, one in columns:
        if len(one.values):
            of_type[one.type].append((leaf_ids, one))
    grouped = {value_type: _group(value_type, parts) for value_type, parts in of_type.items()}
    return {value_type: one for value_type, one in grouped.items() if len(one.leaf_ids)}


def _group(value_type: ValueType, parts: list[tuple[LeafIds, SeriesColumns]]) -> Grouped:
    if (grouped := _group_alike(value_type, parts)) is not None:
        return grouped
    leaf_of_point = np.concatenate([np.repeat(leaf_ids, one.counts) for leaf_ids, one in parts])
    times = np.concatenate([_spread(one, one.times) for _, one in parts])
    steps = np.concatenate(
        [np.full(len(one.values), np.nan) if one.steps is None else _spread(one, one.steps) for _, one in parts]
    )
    values: NDArray[Any] | list[str]
    if value_type is ValueType.STR:
        values = [value for _, one in parts for value in one.values]
    else:
        values = np.concatenate([np.asarray(one.values) for _, one in parts])
    return _sort(value_type, leaf_of_point, values, times, steps)


def _group_alike(value_type: ValueType, parts: list[tuple[LeafIds, SeriesColumns]]) -> Grouped | None:
    """Group batches that hold the same keys with as many points of each, which most of a training do: no sorting."""
    leaf_ids, first = parts[0]
    n = len(first.times)
    is_alike = value_type is not ValueType.STR and all(
        ids is leaf_ids and one.is_shared and len(one.times) == n and (one.steps is None) == (first.steps is None)
        for ids, one in parts
    )
    if not is_alike or (leaf_ids[:1] < 0).any() or (leaf_ids[1:] <= leaf_ids[:-1]).any():
        return None
    n_series, n_each = len(leaf_ids), n * len(parts)
    values = np.stack([np.asarray(one.values).reshape(n_series, n) for _, one in parts], axis=1).reshape(-1)
    times = np.tile(np.concatenate([one.times for _, one in parts]), n_series)
    if first.steps is None:
        steps = np.full(n_series * n_each, np.nan)
    else:
        steps = np.tile(np.concatenate([one.steps for _, one in parts if one.steps is not None]), n_series)
    bounds = np.arange(n_series + 1, dtype=np.int64) * n_each
    return Grouped(value_type, leaf_ids, bounds, values, times, steps)


def _spread(columns: SeriesColumns, axis: Floats) -> Floats:
    return np.tile(axis, len(columns.keys)) if columns.is_shared else axis


def _sort(
    value_type: ValueType, leaf_of_point: LeafIds, values: NDArray[Any] | list[str], times: Floats, steps: Floats
) -> Grouped:
    if (leaf_of_point[1:] < leaf_of_point[:-1]).any() or (leaf_of_point[:1] < 0).any():
        low = int(leaf_of_point.min())
        span = int(leaf_of_point.max()) - low
        # A stable sort of 16-bit numbers is a radix sort, five times as fast as that of larger ones.
        sortable = (leaf_of_point - low).astype(np.uint16) if span < 1 << 16 else leaf_of_point
        order = np.argsort(sortable, kind="stable")
        order = order[int(np.count_nonzero(leaf_of_point < 0)) :]
        leaf_of_point, times, steps = leaf_of_point[order], times[order], steps[order]
        values = [values[i] for i in order.tolist()] if isinstance(values, list) else values[order]
    starts = np.flatnonzero(np.diff(leaf_of_point, prepend=-1))
    bounds = np.append(starts, len(leaf_of_point)).astype(np.int64)
    return Grouped(value_type, leaf_of_point[starts], bounds, values, times, steps)


def columns_of(
    batches: Iterable[tuple[BatchBody, frozenset[int]]], leaf_ids_of: Callable[[KeyList], LeafIds]
) -> Iterator[tuple[LeafIds, SeriesColumns]]:
    """Give the columns of batches with the leaf of each key; what was refused, by running index, gets -1."""
    for body, refused in batches:
        start = 0
        for one in body.series:
            leaf_ids = leaf_ids_of(one.keys)
            places = [index - start for index in refused if start <= index < start + len(one.keys)]
            if places:
                leaf_ids = leaf_ids.copy()
                leaf_ids[places] = -1
            start += len(one.keys)
            yield leaf_ids, one


def arrange(columns: list[tuple[LeafIds, SeriesColumns]]) -> Arranged:
    """Group columns; what mixes types comes as runs."""
    grouped = group_columns(columns)
    if len(grouped) <= 1:
        return Arranged(list(grouped.values()))
    # A series that mixes types within one move: only its runs in order of arrival say which point came last.
    leaves, n_types = np.unique(np.concatenate([one.leaf_ids for one in grouped.values()]), return_counts=True)
    mixed = leaves[n_types > 1]
    runs: dict[int, list[Points]] = {leaf_id: [] for leaf_id in mixed.tolist()}
    for leaf_id, points in _points_of(columns, set(runs)):
        runs[leaf_id].append(points)
    rest = [one.select(~np.isin(one.leaf_ids, mixed)) for one in grouped.values()]
    return Arranged([one for one in rest if len(one.leaf_ids)], runs)


def _points_of(columns: list[tuple[LeafIds, SeriesColumns]], wanted: set[int]) -> Iterator[tuple[int, Points]]:
    for leaf_ids, one in columns:
        for place in np.flatnonzero(np.isin(leaf_ids, list(wanted))).tolist():
            points = one.points_at(place)
            if len(points):
                yield int(leaf_ids[place]), points
