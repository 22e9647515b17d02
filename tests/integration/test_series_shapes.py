"""One key with millions of points whose steps run backwards, come again or in any order, with strings among them.

Through the batch log and the transposer to charts, beside what numpy finds in the points themselves.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from support.batches import checked, new_writer
from support.ingest import make_place

from services.core.values import WireType
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer
from services.series.long import LONG_POINTS
from services.series.read import SeriesView, read_series
from services.series.source import SourceCache
from services.series.window import Axis, Window
from services.storage.batch_body import encode_series
from services.storage.database import Database

Floats = NDArray[np.float64]
_N = 2_600_000
_BATCH = 200_000
_BUCKETS = 200

_SHAPES: dict[str, Callable[[int], Floats]] = {
    "backwards": lambda n: np.arange(n, 0.0, -1.0),
    "begun again": lambda n: np.concatenate([np.arange(n * 0.6), np.arange(n * 0.5, n * 0.9)])[:n],
    "in any order": lambda n: np.random.default_rng(3).permutation(n).astype(np.float64),
}


async def _log(database: Database, steps: Floats, values: Floats, is_text: NDArray[np.bool_]) -> tuple[object, ...]:
    place = await make_place(database)
    writer, who = GroupWriter(database), new_writer()
    transposer = Transposer(database, rested_s=0)
    for seq, start in enumerate(range(0, len(steps), _BATCH), 1):
        at = np.arange(start, min(start + _BATCH, len(steps)))
        series = []
        for kind, places in (WireType.F64, at[~is_text[at]]), (WireType.STR, at[is_text[at]]):
            held = values[places] if kind is WireType.F64 else [f"text {i}" for i in places.tolist()]
            if len(places):
                series.append(
                    encode_series(["k"], kind, held, 1e9 + places / 10, counts=[len(places)], steps=steps[places])
                )
        # Texts of a few other keys travel in the same batch.
        series.append(encode_series(["a", "b"], WireType.STR, ["x", "y"], np.array([1e9 + seq] * 2), counts=[1, 1]))
        await writer.write(checked(place.track_id, place.project_id, who, seq, series=series))
        # The last batch stays in the log: charts are made of both.
        if seq % 4 == 0:
            await transposer.run_once()
    return (place.track_id,)


def _check(view: SeriesView, x: Floats, values: Floats) -> None:
    """Compare buckets with points in order of x: each column is a run of neighbouring points, none left out."""
    assert view.buckets is not None
    ends = np.cumsum(view.buckets.count)
    begins = np.concatenate([[0], ends[:-1]])
    assert ends[-1] == len(x) == view.n_drawn
    filled = view.buckets.count > 0
    low, high = (of.reduceat(values, begins[filled]) for of in (np.fmin, np.fmax))
    assert np.array_equal(view.buckets.min[filled], low)
    assert np.array_equal(view.buckets.max[filled], high)
    assert np.array_equal(view.buckets.first_x[filled], x[begins[filled]])
    assert np.array_equal(view.buckets.last_x[filled], x[ends[filled] - 1])
    assert np.allclose(view.buckets.sum[filled], np.add.reduceat(np.nan_to_num(values), begins[filled]), atol=1e-6)
    assert view.n_nonfinite == int(np.isnan(values).sum())
    edges = np.linspace(x[0], x[-1], _BUCKETS + 1)[:-1]
    off = begins - np.searchsorted(x, edges - 1e-6)
    assert 0 <= off.min() <= off.max() <= (0 if view.is_exact else 63)


@pytest.mark.slow
@pytest.mark.parametrize("has_texts", [False, True])
@pytest.mark.parametrize("shape", _SHAPES)
async def test_millions_of_points_in_any_order(database: Database, shape: str, has_texts: bool) -> None:
    steps = _SHAPES[shape](_N)
    values = np.round(np.random.default_rng(1).standard_normal(_N), 6)
    is_text = (np.arange(_N) % 50 == 0) & has_texts
    (track_id,) = await _log(database, steps, values, is_text)
    numbers = np.where(is_text, np.nan, values)
    order = np.argsort(steps, kind="stable")
    kept = order[np.append(steps[order][1:] != steps[order][:-1], True)]
    x, y = steps[kept], numbers[kept]
    cache = SourceCache(256 << 20)
    for _ in range(2):
        async with database.read() as session:
            views = await read_series(session, cache, {track_id: ["k"]}, Window(Axis.STEP, None, None, _BUCKETS))
            assert views.series[0].n_stored == _N
            assert views.series[0].is_exact or len(x) > LONG_POINTS
            _check(views.series[0], x, y)
            for low, high in (0.31, 0.33), (0.9, 1.0):
                inside = slice(int(len(x) * low), int(len(x) * high))
                window = Window(Axis.STEP, float(x[inside][0]), float(x[inside][-1]), _BUCKETS)
                [view] = (await read_series(session, cache, {track_id: ["k"]}, window)).series
                assert view.is_exact
                _check(view, x[inside], y[inside])
