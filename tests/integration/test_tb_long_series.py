"""Series of more than two million points in TensorBoard: few points, no spike lost, and what has just come."""

import numpy as np
import pytest
from support.batches import checked, new_writer
from support.ingest import make_place

from services.core.values import WireType
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer
from services.series.source import SourceCache
from services.storage.batch_body import encode_series
from services.storage.database import Database
from services.tensorboard.scalars import read_scalars

PER_BATCH, BATCHES = 200_000, 11
SPIKES = {0: 3.0, 500_000: 7.0, 1_100_000: -9.0, 2_150_001: 8.0, 2_199_999: 0.25}


@pytest.mark.parametrize("has_steps", [True, False])
async def test_of_millions_of_points_the_spikes_and_the_newest_come(database: Database, has_steps: bool) -> None:
    place = await make_place(database)
    writer, who = GroupWriter(database), new_writer()
    rng = np.random.default_rng(5)

    async def log(seq: int, index: np.ndarray, values: np.ndarray) -> None:
        # Ten points a second, then a rest of an hour: times lie on no straight line.
        times = 1e9 + index / 10 + np.where(index >= 1_000_000, 3600.0, 0.0)
        steps = index if has_steps else None
        series = encode_series(["m"], WireType.F64, values, times, counts=[len(index)], steps=steps)
        await writer.write(checked(place.track_id, place.project_id, who, seq, series=[series]))

    for seq in range(1, BATCHES + 1):
        index = np.arange(float(PER_BATCH)) + (seq - 1) * PER_BATCH
        values = rng.uniform(-1, 1, PER_BATCH)
        for at, value in SPIKES.items():
            values[index == at] = value
        await log(seq, index, values)
        await Transposer(database, rested_s=0).run_once()

    async def read() -> dict[int, tuple[float, float]]:
        async with database.read() as session:
            found = (await read_scalars(session, SourceCache(64 << 20), place.track_id, ["m"], 1000))["m"]
        assert len(found.steps) <= 1000
        assert (np.diff(found.steps) > 0).all()
        points = zip(found.steps.tolist(), found.times.tolist(), found.values.tolist(), strict=True)
        return {step: (time, value) for step, time, value in points}

    points = await read()
    for at, value in SPIKES.items():
        assert points[at][1] == value
        # A time is estimated between the ends of its chunk: within a chunk's length of seconds.
        assert abs(points[at][0] - (1e9 + at / 10 + (3600 if at >= 1_000_000 else 0))) < 6600
    times = [time for time, _ in points.values()]
    assert times == sorted(times)
    # What came since the last move to chunks is among them.
    last = float(PER_BATCH * BATCHES)
    await log(BATCHES + 1, np.array([last, last + 1, last + 2]), np.array([0.0, 20.0, 0.5]))
    points = await read()
    assert points[int(last) + 1][1] == 20.0
    assert points[int(last) + 2][1] == 0.5
    assert points[int(last) + 2][0] == pytest.approx(1e9 + (last + 2) / 10 + 3600)
