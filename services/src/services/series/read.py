"""Points out: by range, on the axis asked for, raw up to the width of a chart and in buckets above it.

Called by track-api's get_series. Guarantees one answer for one question, wherever the points rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from uuid import UUID

import numpy as np

from services.core.points import Floats
from services.core.values import Value, ValueType
from services.series.column import Column, Drawn, Ordered
from services.series.grid import Buckets, Grid, Means, merge_buckets
from services.series.order import OnAxis
from services.series.source import Source, SourceCache, load_sources
from services.series.window import Axis, Window
from services.storage.database import ReadSession


@dataclass(frozen=True, slots=True)
class SeriesView:
    """One series as it is to be drawn: `drawn` holds its points, or `buckets` what they come to on the grid.

    In a window that is common, `means` holds what they come to, in place of both.

    `n_drawn` points lie in the window (of strings: are drawn). `is_exact` is False where a bucket may hold up to 63
    points of each neighbour.
    """

    track_id: UUID
    key: str
    type: ValueType
    n_stored: int
    n_drawn: int
    n_nonfinite: int
    last: tuple[Value, float | None, float]
    is_exact: bool
    drawn: Drawn | None
    buckets: Buckets | None
    means: Floats | None = None


@dataclass(frozen=True, slots=True)
class SeriesViews:
    """Series drawn together, on one grid as far as they are in buckets."""

    series: list[SeriesView]
    grid: Grid | None


class _Plan:
    """What of one series lies in a window."""

    def __init__(self, source: Source, window: Window, zero: float) -> None:
        self.source, self.window, self.zero = source, window, zero
        self.long: OnAxis | None = None
        columns: list[tuple[Column, int]] = []
        if isinstance(source.settled, OnAxis):
            self.long = source.settled
        elif source.settled is not None:
            assert isinstance(source.settled, Column), "a long series is narrowed first"  # noqa: S101 (an invariant)
            columns.append((source.settled, source.n_before))
        if source.recent is not None:
            columns.append((source.recent, source.n_settled))
        if len(columns) == 2 and not _stand_apart(columns[0][0], columns[1][0], window.axis):
            columns = [(source.joined(), source.n_before)]
        self.parts: list[tuple[Ordered, int, int]] = []
        for column, n_before in columns:
            ordered = column.ordered(window.axis, zero if window.axis is Axis.RELATIVE else n_before)
            self.parts.append((ordered, *ordered.span(window)))
        self.n_points = sum(end - first for _, first, end in self.parts)
        if self.long is not None:
            self.n_points += self.long.n_inside(window)

    def ends(self) -> list[float]:
        """Return the outermost positions."""
        found = [float(ordered.x[at]) for ordered, first, end in self.parts if end > first for at in (first, end - 1)]
        if self.long is not None:
            found += self.long.ends(self.window) or ()
        return found

    def is_wide(self) -> bool:
        """Say whether it is drawn in columns: there are more points than columns, or all shall stand on one grid."""
        is_text = self.source.type is ValueType.STR
        at_most = 0 if self.window.is_common else self.window.buckets
        return self.long is not None or (self.n_points > at_most and not is_text)

    def view(self, grid: Grid | None) -> SeriesView:
        """Draw it."""
        source = self.source
        buckets, drawn, means = None, None, None
        n_points = self.n_points
        if grid is not None and self.is_wide():
            made: Buckets | Means
            if self.window.is_common:
                made = self._means(grid)
                means = made.mean
            else:
                made = buckets = self._buckets(grid)
            n_points = int(made.count.sum())
            n_nonfinite = n_points - int(made.n_finite.sum())
        else:
            drawn = _join([ordered.points(first, end) for ordered, first, end in self._newest_parts()])
            n_points, n_nonfinite = len(drawn.x), 0
            if source.type is not ValueType.STR:
                n_nonfinite = sum(ordered.n_nonfinite(first, end) for ordered, first, end in self.parts)
        return SeriesView(
            track_id=source.track_id, key=source.key, type=source.type, n_stored=source.n_stored, n_drawn=n_points,
            n_nonfinite=n_nonfinite, last=source.last, is_exact=self.long is None or drawn is not None,
            drawn=drawn, buckets=buckets, means=means,
        )  # fmt: skip

    def _buckets(self, grid: Grid) -> Buckets:
        made = [ordered.buckets(grid) for ordered, _, _ in self.parts]
        if self.long is not None:
            made.insert(0, self.long.buckets(grid))
        return reduce(merge_buckets, made)

    def _means(self, grid: Grid) -> Means | Buckets:
        if self.long is not None:
            return self._buckets(grid)
        with np.errstate(over="ignore", invalid="ignore"):
            made = reduce(add, [ordered.means(grid) for ordered, _, _ in self.parts])
            return made if made.is_sound else self._buckets(grid)

    def _newest_parts(self) -> list[tuple[Ordered, int, int]]:
        # Strings cannot be reduced; the newest are what people look for.
        left = self.window.buckets
        kept = []
        for ordered, first, end in reversed(self.parts):
            begin = max(first, end - left)
            kept.append((ordered, begin, end))
            left -= end - begin
        return kept[::-1]


def _stand_apart(settled: Column, recent: Column, axis: Axis) -> bool:
    """Say whether all points of one column stand behind those of the other on an axis, so that they can be joined."""
    if recent.times[0] < settled.times[-1]:
        return False
    if axis is not Axis.STEP or (settled.has_no_steps and recent.has_no_steps):
        return True
    return settled.has_rising_steps and recent.has_rising_steps and bool(recent.steps[0] > settled.steps[-1])


def _join(parts: Sequence[Drawn]) -> Drawn:
    if len(parts) == 1:
        return parts[0]
    nothing: list[Floats] = [np.empty(0)]
    return Drawn(
        np.concatenate([part.x for part in parts] or nothing),
        np.concatenate([part.times for part in parts] or nothing),
        np.concatenate([part.steps for part in parts] or nothing),
        [value for part in parts for value in part.values],
    )


def view_sources(sources: Sequence[Source], window: Window, zero: float) -> SeriesViews:
    """Turn loaded series into what is drawn. Pure."""
    plans = [_Plan(source, window, zero) for source in sources]
    grid = None
    if any(plan.is_wide() for plan in plans):
        # Blocks that touch the window may have no point in it.
        ends = [end for plan in plans if plan.is_wide() for end in plan.ends()] or [0.0]
        start = window.start if window.start is not None else min([*ends, window.stop or ends[0]])
        stop = window.stop if window.stop is not None else max([*ends, start])
        grid = Grid(start, stop, window.buckets)
    return SeriesViews([plan.view(grid) for plan in plans], grid)


async def read_series(
    session: ReadSession, cache: SourceCache, asked: Mapping[UUID, Sequence[str]], window: Window
) -> SeriesViews:
    """Return series of tracks as they are to be drawn, in the order asked for; keys without a series are absent."""
    sources = await load_sources(session, cache, asked)
    zero = min((source.first_time for source in sources), default=0.0) if window.axis is Axis.RELATIVE else 0.0
    narrowed = [await source.narrowed(session, cache, window, zero) for source in sources]
    return view_sources(narrowed, window, zero)
