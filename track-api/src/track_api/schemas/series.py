"""Series as they are drawn."""

from uuid import UUID

from pydantic import BaseModel, Field

from services.series.window import Axis
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


class GridOut(BaseModel):
    """The columns that all bucketed series of one answer share: n equal ones, both ends included.

    Column k holds what lies in [from + k (to - from) / n, from + (k + 1) (to - from) / n), the last one also `to`.
    """

    start: float = Field(alias="from")
    stop: float = Field(alias="to")
    n: int


class BucketsOut(BaseModel):
    """Columns of the grid; null where a column is empty. `min` and `max` come with the x at which each stands.

    `first` and `last` are values as they were logged; the rest is over finite ones, and `nonfinite` counts the others.
    """

    x: list[float]
    first: list[JsonValue | None]
    last: list[JsonValue | None]
    min: list[float | None]
    min_x: list[float | None]
    max: list[float | None]
    max_x: list[float | None]
    mean: list[float | None]
    count: list[int]
    nonfinite: list[int]


class SeriesOut(BaseModel):
    """One series: its points up to the number of buckets asked for, buckets above it.

    `n_stored` points are there, `n_drawn` of them lie in the window. `is_exact` is false where the window holds more
    than two million points: a bucket may then hold up to 63 points of each neighbour.
    """

    track_id: UUID
    key: str
    type: TypeName
    n_stored: int
    n_drawn: int
    n_nonfinite: int
    is_bucketed: bool
    is_exact: bool
    last: LastOut
    points: PointsOut | None
    buckets: BucketsOut | None


class SeriesAnswer(BaseModel):
    """The series of one track that were asked for."""

    x: Axis
    grid: GridOut | None
    series: list[SeriesOut]
    losses: list["LossOut"]


class LossOut(BaseModel):
    """What a client had to give up before it could be sent."""

    key: str
    count: int
    first_at: float
    last_at: float
    reason: str


class QueryAnswer(BaseModel):
    """The series of several tracks that were asked for."""

    x: Axis
    grid: GridOut | None
    series: list[SeriesOut]


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


class OverlayQuery(BaseModel):
    """The same keys of many tracks on one axis and one grid of `buckets` columns."""

    track_ids: list[UUID] = Field(max_length=500)
    keys: list[str] = Field(max_length=50)
    x: Axis = Axis.STEP
    start: float | None = Field(default=None, alias="from", allow_inf_nan=False)
    stop: float | None = Field(default=None, alias="to", allow_inf_nan=False)
    buckets: int = Field(default=500, ge=1, le=2_000)


class OverlayLine(BaseModel):
    """One series: the mean of each column, null where it has no finite value; without any for a series of texts."""

    track_id: UUID
    key: str
    n_stored: int
    n_drawn: int
    last: JsonValue
    mean: list[float | None]


class OverlayAnswer(BaseModel):
    """Lines on one grid; `at` is the middle of each column on the axis `x`."""

    x: Axis
    at: list[float]
    lines: list[OverlayLine]
