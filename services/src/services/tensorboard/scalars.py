"""What TensorBoard asks of a track's series: a list with last points, few points of many, the newest texts.

Called by tb-proxy for each question of a TensorBoard. Guarantees float64 values, steps that strictly rise and are exact
in JSON, and that the smallest and the largest value of each stretch, the first and the last point are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import ValueType
from services.series.column import Column
from services.series.long import LongSeries
from services.series.order import OnAxis
from services.series.read import view_sources
from services.series.source import Source, SourceCache, load_sources
from services.series.window import Axis, Window
from services.storage.database import ReadSession
from services.tensorboard.thinning import thin_out

# A step past this loses its exactness on the way through the page's JSON.
_STEP_LIMIT = 2.0**53
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Scalars:
    """Points of one series, thinned out."""

    steps: NDArray[np.int64]
    times: Floats
    values: Floats


def whole_steps(steps: Floats) -> NDArray[np.int64]:
    """Return steps as whole numbers that JSON can carry."""
    return np.clip(np.floor(steps), -_STEP_LIMIT, _STEP_LIMIT).astype(np.int64)


def _rising(steps: Floats, times: Floats, values: Floats) -> Scalars:
    # Steps may be fractions; of those that fall on one whole number the last is drawn, as with equal steps.
    whole = whole_steps(steps)
    is_last = np.append(np.diff(whole) != 0, True) if len(whole) else np.empty(0, bool)
    return Scalars(whole[is_last], times[is_last], values[is_last])


def _of_column(column: Column, limit: int) -> Scalars:
    ordered = column.ordered(Axis.STEP, 0)
    kept = thin_out(ordered.numbers, limit)
    places = kept if ordered.chosen is None else ordered.chosen[kept]
    return _rising(ordered.x[kept], column.times[places], ordered.numbers[kept])


def _of_long(source: Source, long: LongSeries, limit: int) -> Scalars:
    # The pyramid knows where extremes stand on one axis; their times lie between those of their chunk's ends.
    view = view_sources([source], Window(Axis.STEP, buckets=max(1, (limit - 2) // 2)), 0.0).series[0]
    if view.buckets is None:
        assert view.drawn is not None, "a view has one of them"  # noqa: S101 (an invariant)
        return _rising(view.drawn.x, view.drawn.times, np.array(view.drawn.values, np.float64))
    b = view.buckets
    x = np.concatenate([b.min_x, b.max_x, b.first_x[:1], b.last_x[b.count > 0][-1:]])
    values = np.concatenate([b.min, b.max, b.first[:1], b.last[b.count > 0][-1:]])
    x, first_of = np.unique(np.where(np.isnan(x), np.inf, x), return_index=True)
    x, values = x[np.isfinite(x)], values[first_of][np.isfinite(x)]
    steps, times = _known_times(long)
    if source.recent is not None:
        steps = np.concatenate([steps, source.recent.ordered(Axis.STEP, len(long)).x[[0, -1]]])
        times = np.concatenate([times, source.recent.times[[0, -1]]])
    order = np.argsort(steps, kind="stable")
    return _rising(x, np.interp(x, steps[order], times[order]), values)


def _known_times(long: LongSeries) -> tuple[Floats, Floats]:
    counts = np.array([f.n_points for f in long.facts], np.float64)
    before = np.cumsum(counts) - counts
    times = np.array([[f.time_min, f.time_max] for f in long.facts]).ravel()
    if long.has_no_steps:
        return np.column_stack([before, before + counts - 1]).ravel(), times
    return np.array([[f.step_min, f.step_max] for f in long.facts]).ravel(), times


async def _narrowed(
    session: ReadSession, cache: SourceCache, track_id: UUID, keys: Sequence[str], window: Window
) -> list[Source]:
    return [
        await source.narrowed(session, cache, window, 0.0)
        for source in await load_sources(session, cache, {track_id: keys})
    ]


async def read_scalars(
    session: ReadSession, cache: SourceCache, track_id: UUID, keys: Sequence[str], limit: int
) -> dict[str, Scalars]:
    """Return at most about `limit` points of each series of numbers."""
    found = {}
    for source in await _narrowed(session, cache, track_id, keys, Window()):
        if source.type is ValueType.STR:
            continue
        if isinstance(source.settled, OnAxis):
            found[source.key] = _of_long(source, source.settled.long, limit)
        elif source.settled is not None and source.recent is not None:
            found[source.key] = _of_column(source.joined(), limit)
        elif isinstance(column := source.settled or source.recent, Column):
            found[source.key] = _of_column(column, limit)
    return found


async def read_texts(
    session: ReadSession, cache: SourceCache, track_id: UUID, keys: Sequence[str], limit: int
) -> dict[str, list[tuple[int, float, str]]]:
    """Return step, time and text of the newest points of series of strings."""
    window = Window(buckets=max(1, limit))
    found = {}
    sources = await _narrowed(session, cache, track_id, keys, window)
    for view in view_sources([s for s in sources if s.type is ValueType.STR], window, 0.0).series:
        assert view.drawn is not None, "strings are not reduced"  # noqa: S101 (an invariant)
        steps = whole_steps(view.drawn.x).tolist()
        points = zip(steps, view.drawn.times.tolist(), view.drawn.values, strict=True)
        # One a step: where fractions of steps fall together, the last stays.
        by_step = {step: (step, time, str(value)[:_LONGEST_TEXT]) for step, time, value in points}
        found[view.key] = list(by_step.values())
    return found
