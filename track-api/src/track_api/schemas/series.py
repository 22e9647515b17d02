"""Series as they are drawn."""

from typing import Any, Literal
from uuid import UUID

import numpy as np
from pydantic import BaseModel, Field

from services.core.points import Floats
from services.core.values import Value, to_json
from services.series.read import Axis, SeriesView
from track_api.schemas.folders import JsonValue, TypeName


class LastOut(BaseModel):
    """The newest point."""

    value: JsonValue
    step: float | None
    time: float


class PointsOut(BaseModel):
    """Points as they were logged, in order of x."""

    x: list[float]
    value: list[JsonValue]
    step: list[float | None]
    time: list[float]


class BucketsOut(BaseModel):
    """Columns of the grid that all bucketed series of one answer share; null where a column is empty."""

    x: list[float]
    first: list[JsonValue | None]
    last: list[JsonValue | None]
    min: list[float | None]
    max: list[float | None]
    mean: list[float | None]
    count: list[int]


class SeriesOut(BaseModel):
    """One series: its points up to the number of buckets asked for, buckets above it."""

    key: str
    type: TypeName
    n_stored: int
    n_drawn: int
    n_nonfinite: int
    is_bucketed: bool
    last: LastOut | None
    points: PointsOut | None
    buckets: BucketsOut | None


class SeriesAnswer(BaseModel):
    """The series of one track that were asked for."""

    x: Axis
    series: list[SeriesOut]
    losses: list["LossOut"]


class LossOut(BaseModel):
    """What a client had to give up before it could be sent."""

    key: str
    count: int
    first_at: float
    last_at: float
    reason: str


class TrackSeriesOut(SeriesOut):
    """One series of one of several tracks."""

    track_id: UUID


class QueryAnswer(BaseModel):
    """The series of several tracks that were asked for."""

    x: Axis
    series: list[TrackSeriesOut]


class TrackKeys(BaseModel):
    """Keys of one track."""

    track_id: UUID
    keys: list[str] = Field(max_length=1000)


class SeriesQuery(BaseModel):
    """Many keys of many tracks on one axis."""

    series: list[TrackKeys] = Field(max_length=200)
    x: Axis = Axis.STEP
    start: float | None = Field(default=None, alias="from", allow_inf_nan=False)
    stop: float | None = Field(default=None, alias="to", allow_inf_nan=False)
    buckets: int = Field(default=1000, ge=1, le=10_000)


def _finite(column: Floats) -> list[float | None]:
    return [None if bad else value for value, bad in zip(column.tolist(), (~np.isfinite(column)).tolist(), strict=True)]


def _exact(column: Floats, count: list[int]) -> list[JsonValue | None]:
    return [to_json(value) if n else None for value, n in zip(column.tolist(), count, strict=True)]


def _points(view: SeriesView) -> PointsOut:
    values: list[Value] = view.values
    return PointsOut.model_construct(
        x=view.x.tolist(),
        value=[to_json(value) for value in values],
        step=_finite(view.steps),
        time=view.times.tolist(),
    )


def _buckets(view: SeriesView) -> BucketsOut | None:
    if view.buckets is None:
        return None
    b, count = view.buckets, view.buckets.count.tolist()
    return BucketsOut.model_construct(
        x=view.x.tolist(), first=_exact(b.first, count), last=_exact(b.last, count), min=_finite(b.min),
        max=_finite(b.max), mean=_finite(b.mean), count=count,
    )  # fmt: skip


def series_fields(view: SeriesView) -> dict[str, Any]:
    """Return the fields of a series' answer; columns are built by us, so they are not validated again."""
    last = None
    if view.last is not None:
        last = LastOut(value=to_json(view.last[0]), step=view.last[1], time=view.last[2])
    return {
        "key": view.key,
        "type": _TYPE_NAMES[view.type.name],
        "n_stored": view.n_stored,
        "n_drawn": view.n_drawn,
        "n_nonfinite": view.n_nonfinite,
        "is_bucketed": view.buckets is not None,
        "last": last,
        "points": None if view.buckets is not None else _points(view),
        "buckets": _buckets(view),
    }


_TYPE_NAMES: dict[str, Literal["bool", "int", "float", "str"]] = {
    "BOOL": "bool", "INT": "int", "FLOAT": "float", "STR": "str",
}  # fmt: skip
