"""A long series made of points by hand, whatever their number, to be drawn beside an oracle."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from support.series_oracle import Asked, Logged

from services.core.ids import new_id
from services.core.points import Points
from services.core.values import ValueType
from services.series import narrow as narrow_module
from services.series.chunk_store import ChunkFacts
from services.series.column import Column
from services.series.long import LongSeries
from services.series.pyramid import encode_pyramid
from services.series.read import SeriesViews, view_sources
from services.series.source import Source, SourceCache
from services.series.window import Axis, Window

_TRACK = new_id()


def _facts(first_index: int, points: Points) -> ChunkFacts:
    steps = [step for step in points.steps.tolist() if not math.isnan(step)]
    return ChunkFacts(
        leaf_id=1, first_index=first_index, n_points=len(points), type=points.type,
        time_min=min(points.times.tolist()), time_max=max(points.times.tolist()),
        step_min=min(steps, default=math.nan), step_max=max(steps, default=math.nan),
        n_steps=len(steps), has_rising_steps=len(steps) == len(points) and steps == sorted(set(steps)),
        encoding=1, has_pyramid=True,
    )  # fmt: skip


def _points(logged: Sequence[Logged]) -> Points:
    steps = [math.nan if point.step is None else point.step for point in logged]
    values = np.array([float(point.value) for point in logged])
    return Points(ValueType.FLOAT, values, np.array([point.time for point in logged]), np.array(steps))


class Long:
    """A series whose settled points are a pyramid, whatever their number."""

    def __init__(self, chunks: Sequence[Sequence[Logged]], recent: Sequence[Logged]) -> None:
        self.chunks = [sorted(chunk, key=lambda point: point.time) for chunk in chunks]
        self.all = [point for chunk in chunks for point in chunk] + list(recent)
        made = [_points(chunk) for chunk in self.chunks]
        starts = [sum(map(len, made[:i])) for i in range(len(made))]
        facts = [_facts(start, points) for start, points in zip(starts, made, strict=True)]
        self.stored = dict(zip(starts, made, strict=True))
        long = LongSeries.of(facts, [encode_pyramid(points) for points in made])
        parts = (_points(recent),) if recent else ()
        last = max(enumerate(self.all), key=lambda pair: (pair[1].time, pair[0]))[1]
        self.source = Source.of(
            _TRACK, "k", 1, long, parts, recent=Column(parts) if parts else None,
            last=(last.value, last.step, last.time),
        )  # fmt: skip

    def draw(self, asked: Asked, long_points: int) -> SeriesViews:
        """Draw it where series of more points than these are long."""
        window = Window(Axis(asked.axis), asked.start, asked.stop, asked.buckets)
        zero = self.source.first_time if asked.axis == "relative" else 0.0
        session: Any = None

        async def read_chunks(
            session: Any, cache: Any, track_id: UUID, wanted: Sequence[ChunkFacts], *, is_kept: bool = True
        ) -> list[Points]:
            return [self.stored[facts.first_index] for facts in wanted]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(narrow_module, "LONG_POINTS", long_points)
            patch.setattr(narrow_module, "read_chunks", read_chunks)
            source = asyncio.run(self.source.narrowed(session, SourceCache(1 << 20), window, zero))
        return view_sources([source], window, zero)
