"""Series as they travel: JSON for people and scripts, msgpack with raw columns for pages and notebooks.

Called by routes/series.py. Columns are ours, so they are written as they are, past the framework's checks: of an answer
with two hundred series those would be most of the time.
"""

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import Value, to_json
from services.series.column import Drawn
from services.series.grid import Buckets
from services.series.losses import Loss
from services.series.read import SeriesView, SeriesViews
from services.series.window import Axis

MSGPACK_TYPE = "application/vnd.mlsteam.series+msgpack"
# What a route says that answers with it, too.
RAW: dict[int | str, dict[str, Any]] = {
    200: {"content": {MSGPACK_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}


def json_body(views: SeriesViews, axis: Axis, losses: list[Loss] | None) -> bytes:
    """Write an answer as JSON. Floats that JSON has no word for: null, or by name where they are logged values."""
    # All series in buckets have one x; it is written once and put into each.
    x = msgspec.Raw(msgspec.json.encode(views.grid.centres.tolist() if views.grid is not None else []))
    series = [
        _facts(view)
        | {
            "points": None if view.drawn is None else _json_points(view.drawn),
            "buckets": None if view.buckets is None else _json_buckets(view.buckets, x),
        }
        for view in views.series
    ]
    # msgspec writes NaN and infinities as null.
    return msgspec.json.encode(_answer(views, axis, series, losses))


def msgpack_body(views: SeriesViews, axis: Axis, losses: list[Loss] | None) -> bytes:
    """Write an answer as msgpack: columns are little-endian float64 (counts: int64), values of other types a list."""
    series = [
        _facts(view)
        | {
            "points": None if view.drawn is None else _raw_points(view.drawn),
            "buckets": None if view.buckets is None else _raw_buckets(view.buckets),
        }
        for view in views.series
    ]
    return msgspec.msgpack.encode(_answer(views, axis, series, losses))


def _answer(views: SeriesViews, axis: Axis, series: list[dict[str, Any]], losses: list[Loss] | None) -> dict[str, Any]:
    grid = None if views.grid is None else {"from": views.grid.start, "to": views.grid.stop, "n": views.grid.n}
    answer: dict[str, Any] = {"x": axis.value, "grid": grid, "series": series}
    return answer if losses is None else answer | {"losses": losses}


def _facts(view: SeriesView) -> dict[str, Any]:
    value, step, time = view.last
    return {
        "track_id": view.track_id,
        "key": view.key,
        "type": view.type.name.lower(),
        "n_stored": view.n_stored,
        "n_drawn": view.n_drawn,
        "n_nonfinite": view.n_nonfinite,
        "is_bucketed": view.buckets is not None,
        "is_exact": view.is_exact,
        "last": {"value": to_json(value), "step": step, "time": time},
    }


def _named(values: list[Value]) -> list[Value]:
    return [to_json(value) for value in values]


def _json_points(drawn: Drawn) -> dict[str, Any]:
    return {
        "x": drawn.x.tolist(),
        "value": _named(drawn.values),
        "step": drawn.steps.tolist(),
        "time": drawn.times.tolist(),
    }


def _exact(column: Floats, count: NDArray[np.int64]) -> list[Any]:
    values: list[Any] = column.tolist()
    # A column that is empty is null; one whose value is NaN says so.
    for place in np.flatnonzero(~np.isfinite(column) & (count > 0)).tolist():
        values[place] = to_json(values[place])
    return values


def _json_buckets(buckets: Buckets, x: msgspec.Raw) -> dict[str, Any]:
    return {
        "x": x,
        "first": _exact(buckets.first, buckets.count),
        "last": _exact(buckets.last, buckets.count),
        "min": buckets.min.tolist(),
        "min_x": buckets.min_x.tolist(),
        "max": buckets.max.tolist(),
        "max_x": buckets.max_x.tolist(),
        "mean": buckets.mean.tolist(),
        "count": buckets.count.tolist(),
        "nonfinite": (buckets.count - buckets.n_finite).tolist(),
    }


def _raw(column: Floats) -> bytes:
    return np.ascontiguousarray(column, "<f8").tobytes()


def _raw_points(drawn: Drawn) -> dict[str, Any]:
    is_float = all(type(value) is float for value in drawn.values)
    values = _raw(np.array(drawn.values, np.float64)) if is_float else [_whole(value) for value in drawn.values]
    return {"x": _raw(drawn.x), "value": values, "step": _raw(drawn.steps), "time": _raw(drawn.times)}


def _whole(value: Value) -> Value:
    return value if not isinstance(value, float) or math.isfinite(value) else to_json(value)


def _raw_buckets(buckets: Buckets) -> dict[str, Any]:
    columns = ("first", "last", "min", "min_x", "max", "max_x", "mean")
    counts = {"count": buckets.count, "nonfinite": buckets.count - buckets.n_finite}
    return {name: _raw(getattr(buckets, name)) for name in columns} | {
        name: column.astype("<i8").tobytes() for name, column in counts.items()
    }


def overlay_json(views: SeriesViews, axis: Axis) -> bytes:
    """Write lines of many tracks on one grid as JSON; a column without a finite value is null."""
    at = views.grid.centres.tolist() if views.grid is not None else []
    lines = [_line(view) | {"mean": [] if view.means is None else view.means.tolist()} for view in views.series]
    return msgspec.json.encode({"x": axis.value, "at": at, "lines": lines})


def overlay_msgpack(views: SeriesViews, axis: Axis) -> bytes:
    """Write the same as msgpack with raw columns: a page draws a hundred lines, and no pixel needs a float64."""
    at = _raw(views.grid.centres) if views.grid is not None else b""
    lines = [
        # A mean beyond float32 becomes an infinity, which a page leaves out as it leaves out NaN.
        _line(view) | {"mean": b"" if view.means is None else _narrow(view.means)}
        for view in views.series
    ]
    return msgspec.msgpack.encode({"x": axis.value, "at": at, "lines": lines})


def _narrow(column: Floats) -> bytes:
    with np.errstate(over="ignore"):
        return column.astype("<f4").tobytes()


def _line(view: SeriesView) -> dict[str, Any]:
    return {
        "track_id": view.track_id,
        "key": view.key,
        "n_stored": view.n_stored,
        "n_drawn": view.n_drawn,
        "last": to_json(view.last[0]),
    }
