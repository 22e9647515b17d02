"""Moving points, where it is not as usual: nothing to move, refused entries, equal times, a transaction that fails."""

from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select
from support.batches import checked, config, floats, new_writer
from support.ingest import make_place

from services.core.cache import ByteLru
from services.core.values import WireType
from services.ingest.batch import Batch
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer, transpose_track
from services.series import narrow as narrow_module
from services.series import source as source_module
from services.series.grouping import LeafIds
from services.series.load import load_points, load_summaries
from services.series.pyramid import PYRAMID_FROM
from services.series.read import read_series
from services.series.source import SourceCache
from services.series.window import Axis, Window
from services.storage.batch_body import encode_series
from services.storage.database import Database
from services.storage.tables import batch_log, chunks
from services.tracks.leaves import list_leaves

_REFUSED = floats("x", [1.0], steps=[float("inf")])


async def _track(database: Database) -> tuple[UUID, UUID]:
    place = await make_place(database)
    return place.track_id, place.project_id


async def test_a_batch_without_a_stored_point_leaves_the_log(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    answer = await writer.write(checked(track_id, project_id, new_writer(), 1, series=[_REFUSED]))
    assert answer.rejects
    await Transposer(database, rested_s=0).run_once()
    async with database.read() as s:
        assert await s.scalar(select(func.count()).select_from(batch_log)) == 0


async def test_what_was_refused_makes_no_leaf(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    await writer.write(checked(track_id, project_id, new_writer(), 1, series=[floats("y", [1.0]), _REFUSED]))
    await Transposer(database, rested_s=0).run_once()
    async with database.read() as s:
        assert [leaf.key for leaf in await list_leaves(s, track_id)] == ["y"]


async def test_what_was_refused_leaves_its_key_free(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    await writer.write(checked(track_id, project_id, new_writer(), 1, series=[floats("y", [1.0]), _REFUSED]))
    await Transposer(database, rested_s=0).run_once()
    answer = await writer.write(checked(track_id, project_id, new_writer(), 1, configs=[config("x", 1)]))
    assert answer.rejects == []


async def test_of_equal_times_the_last_to_arrive_is_the_newest(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    one = np.array([10.0])
    for ty, v in ((WireType.I64, np.array([1])), (WireType.F64, np.array([2.0])), (WireType.I64, np.array([3]))):
        await writer.write(
            checked(track_id, project_id, new_writer(), 1, series=[encode_series(["m"], ty, v, one, counts=[1])])
        )
    async with database.read() as s:
        before = await load_summaries(s, track_id)
    await Transposer(database, rested_s=0).run_once()
    async with database.read() as s:
        after = await load_summaries(s, track_id)
    assert before == after


async def test_what_was_rolled_back_is_not_remembered(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    me = new_writer()

    def two(n_b: int, seq: int) -> Batch:
        values = np.full(1 + n_b, float(seq))
        series = [encode_series(["a", "b"], WireType.F64, values, np.arange(1.0 + n_b), counts=[1, n_b])]
        return checked(track_id, project_id, me, seq, series=series)

    await writer.write(two(0, 1))
    cache: ByteLru[LeafIds] = ByteLru(1 << 20)

    async def fail() -> None:
        async with database.transaction() as s:
            await transpose_track(s, track_id, cache)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await writer.write(checked(track_id, project_id, new_writer(), 1, series=[floats("c", [7.0])]))
    await writer.write(two(1, 2))
    async with database.transaction() as s:
        await transpose_track(s, track_id, cache)
    async with database.read() as s:
        got = {
            k: [float(v) for pp in parts for v in pp.values]
            for k, parts in (await load_points(s, track_id, ["a", "b", "c"])).items()
        }
    assert got == {"a": [1.0, 2.0], "b": [2.0], "c": [7.0]}


@pytest.mark.parametrize("first", [None, 0.0])
async def test_a_long_series_whose_first_point_has_no_step(
    database: Database, monkeypatch: pytest.MonkeyPatch, first: float | None
) -> None:
    place = await make_place(database)
    n = 20_000
    steps = np.arange(float(n))
    steps[0] = np.nan if first is None else 0
    series = encode_series(["a"], WireType.F64, np.arange(float(n)), np.arange(float(n)), counts=[n], steps=steps)
    await GroupWriter(database).write(checked(place.track_id, place.project_id, new_writer(), 1, series=[series]))
    await Transposer(database, rested_s=0).run_once()
    monkeypatch.setattr(source_module, "LONG_POINTS", 10_000)
    monkeypatch.setattr(narrow_module, "LONG_POINTS", 10_000)
    window = Window(Axis.STEP, buckets=10)
    async with database.read() as session:
        views = await read_series(session, SourceCache(1 << 26), {place.track_id: ["a"]}, window)
    assert views.grid is not None
    assert views.grid.start == 0


async def test_the_first_chunks_of_a_long_series_are_drawn_with_the_others(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    per_batch, n_batches = 200_000, 11
    spikes = {500_000: 7.0, 1_100_000: -9.0, 2_150_000: 8.0}
    rng = np.random.default_rng(5)
    for seq in range(1, n_batches + 1):
        steps = np.arange(float(per_batch)) + (seq - 1) * per_batch
        values = rng.uniform(-1, 1, per_batch)
        for at, value in spikes.items():
            values[steps == at] = value
        series = encode_series(["m"], WireType.F64, values, 1e9 + steps, counts=[per_batch], steps=steps)
        await writer.write(checked(track_id, project_id, who, seq, series=[series]))
        await Transposer(database, rested_s=0).run_once()
    async with database.read() as s:
        stored = await s.execute(
            select(chunks.c.first_index, chunks.c.pyramid.is_(None)).where(chunks.c.track_id == track_id)
        )
        is_bare = dict(tuple(row) for row in stored)
        views = await read_series(s, SourceCache(64 << 20), {track_id: ["m"]}, Window(Axis.STEP, None, None, 100))
    # Both kinds are there, or this test says nothing.
    assert all(bare == (first < PYRAMID_FROM) for first, bare in is_bare.items())
    assert set(is_bare.values()) == {True, False}
    [view] = views.series
    assert view.buckets is not None
    assert not view.is_exact
    assert view.n_stored == view.n_drawn == per_batch * n_batches
    for at, value in spikes.items():
        extremes, places = (
            (view.buckets.max, view.buckets.max_x) if value > 0 else (view.buckets.min, view.buckets.min_x)
        )
        assert places[extremes == value].tolist() == [float(at)]


@pytest.mark.parametrize("is_together", [False, True])
async def test_a_series_of_numbers_and_strings_gets_few_chunks(database: Database, is_together: bool) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    sent: list[tuple[float, object]] = []
    for seq in range(1, 31):
        times = 1e9 + seq + np.arange(10) / 100
        late = times[:3] if is_together else times[:3] + 0.005
        series = [
            encode_series(["m"], WireType.F64, np.arange(10.0) + seq, times, counts=[10]),
            encode_series(["m"], WireType.STR, [f"{seq} {i}" for i in range(3)], late, counts=[3]),
        ]
        await writer.write(checked(track_id, project_id, who, seq, series=series))
        sent += [*zip(times.tolist(), (np.arange(10.0) + seq).tolist(), strict=True)]
        sent += [(at, f"{seq} {i}") for i, at in enumerate(late.tolist())]
        if seq % 3 == 0:
            await Transposer(database, rested_s=0).run_once()
    async with database.read() as s:
        n_chunks = await s.scalar(select(func.count()).where(chunks.c.track_id == track_id))
        [view] = (await read_series(s, SourceCache(1 << 20), {track_id: ["m"]}, Window(Axis.TIME))).series
    # Where a number and a string have one time, the one that came later stays the later one, at the price of chunks.
    assert n_chunks == 2 or is_together
    assert view.drawn is not None
    found = list(zip(view.drawn.times.tolist(), view.drawn.values, strict=True))
    assert found == sorted(sent, key=lambda pair: pair[0])


@pytest.mark.parametrize("is_backwards", [False, True])
async def test_of_very_many_strings_the_newest_are_drawn(
    database: Database, monkeypatch: pytest.MonkeyPatch, is_backwards: bool
) -> None:
    monkeypatch.setattr(source_module, "LONG_POINTS", 10_000)
    monkeypatch.setattr(narrow_module, "LONG_POINTS", 10_000)
    track_id, project_id = await _track(database)
    n, n_late = 200_000, 40
    steps = np.arange(float(n))[::-1] if is_backwards else np.arange(float(n))
    writer, who = GroupWriter(database), new_writer()
    for seq, places in enumerate((np.arange(n - n_late), np.arange(n - n_late, n)), 1):
        texts = [f"text {i}" for i in places.tolist()]
        series = encode_series(["m"], WireType.STR, texts, 1e9 + places / 10, counts=[len(places)], steps=steps[places])
        await writer.write(checked(track_id, project_id, who, seq, series=[series]))
        if seq == 1:
            await Transposer(database, rested_s=0).run_once()
    order = np.argsort(steps)
    for start, stop in (None, None), (None, 150_000.0), (500.0, 190_000.0):
        window = Window(Axis.STEP, start, stop, 100)
        async with database.read() as s:
            [view] = (await read_series(s, SourceCache(1 << 26), {track_id: ["m"]}, window)).series
        is_in = (steps[order] >= (start or 0)) & (steps[order] <= (n if stop is None else stop))
        expected = order[is_in][-100:]
        assert view.drawn is not None
        assert view.drawn.x.tolist() == steps[expected].tolist()
        assert view.drawn.values == [f"text {i}" for i in expected.tolist()]
        assert view.n_stored == n
