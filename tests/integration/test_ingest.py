"""Ingest on a real database: exactly once, in groups, one guilty batch alone, and the same data after transposing."""

import asyncio
import math
import random
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import func, select
from support.batches import checked, config, console, floats, new_writer

from services.accounts.actions import ensure_administrator
from services.configs.store import read_configs
from services.console.store import read_lines, read_streams
from services.core.cache import ByteLru
from services.core.errors import MalformedBatch, RejectReason, SequenceGap, TrackDeleted, TrackNotFound, WriteQueueFull
from services.core.ids import new_id
from services.core.points import join_points
from services.core.values import ValueType, WireType
from services.ingest.batch import Ack
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer, transpose_track
from services.projects.store import create_project
from services.series.load import load_points, load_summaries
from services.storage.batch_body import encode_series
from services.storage.database import Database
from services.storage.tables import TABLES_OF_A_TRACK, batch_log, chunks, segments
from services.tracks.actions import create_track, delete_track
from services.tracks.store import get_track


async def _track(database: Database, name: str = "p") -> tuple[UUID, UUID]:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        project = await create_project(session, principal, name)
        track = await create_track(session, project.project_id, created_by="admin")
    return track.track_id, project.project_id


async def _values(database: Database, track_id: UUID, key: str) -> list[object]:
    async with database.read() as session:
        parts = (await load_points(session, track_id, [key])).get(key, [])
    return [part.value_at(i) for part in parts for i in range(len(part))]


async def _transpose(database: Database) -> int:
    return await Transposer(database, rested_s=0).run_once()


async def test_a_batch_is_visible_once_it_is_acknowledged(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    batch = checked(
        track_id,
        project_id,
        new_writer(),
        1,
        series=[floats("loss", [1.0, math.nan, -math.inf])],
        configs=[config("model/name", "small"), config("model/layer", 4), config("ok", True), config("x", 0.1)],
        console=[console("stdout", ["a", "b\x00c"])],
    )
    assert await writer.write(batch) == Ack(1, [], is_duplicate=False)
    values = await _values(database, track_id, "loss")
    assert values[0] == 1.0
    assert math.isnan(values[1])  # type: ignore[arg-type]
    assert values[2] == -math.inf
    async with database.read() as session:
        stored = {c.key: c.value for c in await read_configs(session, track_id)}
        assert stored == {"model/name": "small", "model/layer": 4, "ok": True, "x": 0.1}
        assert type(stored["ok"]) is bool
        [stream] = await read_streams(session, track_id)
        assert [line.text for line in await read_lines(session, track_id, stream.leaf_id, 0, 10)] == ["a", "b\x00c"]
        assert (await get_track(session, track_id)).status == "running"


async def test_resends_change_nothing_and_gaps_are_named(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    first = checked(track_id, project_id, who, 1, series=[floats("a", [1.0])], configs=[config("bad\n", 1)])
    answers = await asyncio.gather(*(writer.write(first) for _ in range(20)))
    assert sum(not answer.is_duplicate for answer in answers) == 1
    assert {answer.acked_through for answer in answers} == {1}
    # A resend gets the answer of the first time, rejects included.
    assert all([r.reason for r in answer.rejects] == [RejectReason.BAD_KEY] for answer in answers)
    with pytest.raises(SequenceGap) as gap:
        await writer.write(checked(track_id, project_id, who, 5, series=[floats("a", [2.0])]))
    assert gap.value.context == {"expected": 2}
    assert await _values(database, track_id, "a") == [1.0]
    await _transpose(database)
    assert (await writer.write(first)).is_duplicate
    assert await _values(database, track_id, "a") == [1.0]


async def test_batches_of_one_writer_in_one_group_keep_their_order(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    batches = [checked(track_id, project_id, who, n, series=[floats("a", [float(n)])]) for n in range(1, 50)]
    answers = await asyncio.gather(*(writer.write(b) for b in batches))
    assert [a.acked_through for a in answers] == list(range(1, 50))
    assert await _values(database, track_id, "a") == [float(n) for n in range(1, 50)]


async def test_one_poisoned_batch_fails_alone(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    good = [
        checked(track_id, project_id, new_writer(), 1, series=[floats(f"k{n}", [1.0])], configs=[config("c", n)])
        for n in range(30)
    ]
    # A NUL that slipped past the checks is what PostgreSQL refuses.
    poisoned = checked(track_id, project_id, new_writer(), 1, configs=[config("p", "x")])
    poisoned = replace(poisoned, configs=[replace(poisoned.configs[0], text="\x00")])
    answers = await asyncio.gather(
        *(writer.write(b) for b in [*good[:15], poisoned, *good[15:]]), return_exceptions=True
    )
    assert [type(a) for a in answers].count(Ack) == 30
    assert isinstance(answers[15], MalformedBatch)


async def test_unknown_and_deleted_tracks_refuse_only_their_own(database: Database) -> None:
    track_id, project_id = await _track(database)
    gone, _ = await _track(database, "q")
    async with database.transaction() as session:
        await delete_track(session, gone)
    writer = GroupWriter(database)
    answers = await asyncio.gather(
        *(
            writer.write(checked(t, project_id, new_writer(), 1, series=[floats("a", [1.0])]))
            for t in (track_id, gone, new_id())
        ),
        return_exceptions=True,
    )
    assert isinstance(answers[0], Ack)
    assert isinstance(answers[1], TrackDeleted)
    assert isinstance(answers[2], TrackNotFound)


async def test_a_key_holds_one_kind(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    await writer.write(checked(track_id, project_id, who, 1, configs=[config("a", 1)]))
    answer = await writer.write(
        checked(
            track_id, project_id, who, 2,
            series=[floats("a", [1.0]), floats("b", [2.0]), floats("bad\n", [1.0]), floats("c", [3.0])],
            configs=[config("b", 5), config("a", 2)],
        )
    )  # fmt: skip
    assert {(r.entry, r.index, r.reason) for r in answer.rejects} == {
        ("series", 0, RejectReason.KIND_MISMATCH),
        ("series", 2, RejectReason.BAD_KEY),
        ("config", 0, RejectReason.KIND_MISMATCH),
    }
    for _ in range(2):
        assert await _values(database, track_id, "b") == [2.0]
        assert await _values(database, track_id, "c") == [3.0]
        assert await _values(database, track_id, "a") == []
        await _transpose(database)


async def test_the_newest_config_value_stays_whatever_arrives_last(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    for value, time in ((1, 10.0), (2, 30.0), (3, 20.0)):
        await writer.write(checked(track_id, project_id, new_writer(), 1, configs=[config("a", value, time)]))
    async with database.read() as session:
        assert [c.value for c in await read_configs(session, track_id)] == [2]


async def test_a_full_queue_says_so(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database, max_project_bytes=2000)
    batches = [checked(track_id, project_id, new_writer(), 1, series=[floats("a", [1.0] * 50)]) for _ in range(20)]
    answers = await asyncio.gather(*(writer.write(b) for b in batches), return_exceptions=True)
    full = [a for a in answers if isinstance(a, WriteQueueFull)]
    assert full
    assert all(a.retry_after_s for a in full)
    assert len(await _values(database, track_id, "a")) == 50 * sum(isinstance(a, Ack) for a in answers)


async def test_transposing_changes_no_answer(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer = GroupWriter(database)
    rng = np.random.default_rng(1)
    sent: list[float] = []
    who = new_writer()
    for seq in range(1, 30):
        values = rng.normal(size=rng.integers(1, 5000)).tolist()
        sent += values
        await writer.write(
            checked(
                track_id, project_id, who, seq,
                series=[floats("a", values, first_time=seq * 1e4), floats(f"k{seq % 3}", [float(seq)], first_time=seq)],
            )
        )  # fmt: skip
        if seq % 7 == 0:
            async with database.read() as session:
                before = await load_summaries(session, track_id)
            await _transpose(database)
            async with database.read() as session:
                after = await load_summaries(session, track_id)
            assert after == before
        assert await _values(database, track_id, "a") == sent
    await _transpose(database)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(batch_log)) == 0
        assert await _values(database, track_id, "a") == sent
        sizes = (await session.scalars(select(chunks.c.n_points).order_by(chunks.c.first_index))).all()
        waiting = await session.scalar(select(func.sum(segments.c.n_points)))
        assert sum(sizes) + (waiting or 0) == len(sent) + 29
        assert all(4_096 <= size <= 65_536 for size in sizes)


async def test_every_type_survives_transposing_bit_for_bit(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    times = np.array([1e9 + 1e-6, 5.0, 1e9])
    steps = np.array([0.5, np.nan, 2.0**53 + 2])
    columns = [
        (WireType.F64, np.array([0.1, -0.0, 5e-324])),
        (WireType.I64, np.array([-(2**63), 2**63 - 1, 0])),
        (WireType.BOOL, np.array([True, False, True])),
        (WireType.STR, ["a,b", "\x00\n", "ü"]),
    ]
    series = [encode_series(["mixed"], t, v, times, counts=[3], steps=steps) for t, v in columns]
    await writer.write(checked(track_id, project_id, who, 1, series=series))
    for _ in range(2):
        async with database.read() as session:
            parts = (await load_points(session, track_id, ["mixed"]))["mixed"]
        assert [p.type for p in parts] == [ValueType.FLOAT, ValueType.INT, ValueType.BOOL, ValueType.STR]
        for part, (_, values) in zip(parts, columns, strict=True):
            # Chunks keep their points in order of time.
            order = np.argsort(times) if part.times[0] == 5.0 else np.arange(3)
            if isinstance(values, list):
                assert part.values == [values[i] for i in order]
            else:
                assert np.asarray(part.values).tobytes() == values[order].tobytes()
            assert part.times.tobytes() == times[order].tobytes()
            assert np.array_equal(part.steps, steps[order], equal_nan=True)
        await _transpose(database)


async def test_a_transposer_that_dies_at_any_point_loses_and_doubles_nothing(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    expected: list[float] = []
    rng = random.Random(7)
    for seq in range(1, 15):
        values = [float(seq)] * 100
        expected += values
        series = [floats("a", values, first_time=seq * 1e3)]
        await writer.write(checked(track_id, project_id, who, seq, series=series))
        # The connection is cut somewhere inside: whatever was done so far must be as if it never was.
        task = asyncio.create_task(_transpose_slowly(database, track_id))
        await asyncio.sleep(rng.random() * 0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await _values(database, track_id, "a") == expected
    await _transpose(database)
    assert await _values(database, track_id, "a") == expected


async def _transpose_slowly(database: Database, track_id: UUID) -> None:
    async with database.transaction() as session:
        await transpose_track(session, track_id, ByteLru(0))


async def test_two_transposers_share_the_work(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    for seq in range(1, 20):
        await writer.write(checked(track_id, project_id, who, seq, series=[floats("a", [float(seq)] * 10)]))
    await asyncio.gather(*(_transpose(database) for _ in range(4)))
    async with database.read() as session:
        parts = (await load_points(session, track_id, ["a"]))["a"]
    assert len(join_points(parts)) == 190


async def test_deleting_a_track_leaves_no_row(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database), new_writer()
    for seq in (1, 2):
        await writer.write(
            checked(
                track_id, project_id, who, seq,
                series=[floats("a", [1.0])], configs=[config("c", 1)], console=[console("stdout", ["x"])],
            )
        )  # fmt: skip
        if seq == 1:
            await _transpose(database)
    async with database.transaction() as session:
        await delete_track(session, track_id)
    await _transpose(database)
    async with database.read() as session:
        for table in TABLES_OF_A_TRACK:
            assert await session.scalar(select(func.count()).where(table.c.track_id == track_id)) == 0, table.name


async def test_a_track_that_is_heard_of_says_when(database: Database) -> None:
    track_id, project_id = await _track(database)
    writer, who = GroupWriter(database, touch_every_s=0.01), new_writer()
    await writer.write(checked(track_id, project_id, who, 1, series=[floats("x", [1.0])]))
    async with database.read() as session:
        first = (await get_track(session, track_id)).last_seen_at
    assert first is not None
    touching = asyncio.create_task(writer.run())
    try:
        async with asyncio.timeout(60):
            while True:
                async with database.read() as session:
                    seen = (await get_track(session, track_id)).last_seen_at
                if seen is not None and seen > first:
                    break
                await asyncio.sleep(0.01)
    finally:
        touching.cancel()
