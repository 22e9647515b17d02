"""Random schedules of writers, transposers and readers on a real database, against a list of what was acknowledged."""

import asyncio
import itertools
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from support.batches import checked, config, new_writer
from support.ingest import make_place
from support.series_oracle import (
    Asked,
    Logged,
    check_same_points,
    check_views,
    first_time,
    in_time,
    logged_of,
    newest,
    on_axis,
    same_value,
)

from services.core.errors import SequenceGap, ServiceError, TrackDeleted, TrackNotFound
from services.core.values import Value, ValueType, WireType
from services.ingest.batch import Ack
from services.ingest.group_writer import GroupWriter
from services.ingest.transposer import Transposer
from services.series.load import load_points, load_summaries
from services.series.read import read_series
from services.series.source import SourceCache
from services.series.window import Axis, Window
from services.storage.batch_body import WireSeries, encode_series
from services.storage.database import Database
from services.storage.tables import TABLES_OF_A_TRACK, batch_log, chunks, segments, series_pages
from services.tracks.actions import delete_track

pytestmark = pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered:RuntimeWarning")

Series = dict[str, list[Logged]]
_WIRE: dict[type, tuple[WireType, Any]] = {
    float: (WireType.F64, np.float64), int: (WireType.I64, np.int64), bool: (WireType.BOOL, np.bool_),
    str: (WireType.STR, None),
}  # fmt: skip
_AXES = ["step", "time", "relative", "index"]


@dataclass(slots=True)
class Entry:
    """Columns as they are sent, and what of each key is to be stored."""

    wire: WireSeries
    stored: list[tuple[str, list[Logged]]]


def _column(kind: type, values: list[Any]) -> Any:
    return values if kind is str else np.array(values, _WIRE[kind][1])


def entry_of(columns: list[tuple[str, list[Logged]]], *, is_refused: Callable[[str], bool] = lambda _: False) -> Entry:
    """Make columns of one type of keys, each with its own axis."""
    points = [point for _, mine in columns for point in mine]
    kind = type(points[0].value)
    steps = [math.nan if point.step is None else point.step for point in points]
    has_steps = any(point.step is not None for point in points)
    wire = encode_series(
        [key for key, _ in columns], _WIRE[kind][0], _column(kind, [point.value for point in points]),
        np.array([point.time for point in points], np.float64), counts=[len(mine) for _, mine in columns],
        **({"steps": np.array(steps)} if has_steps else {}),
    )  # fmt: skip
    return Entry(wire, [(key, mine) for key, mine in columns if not is_refused(key)])


def shared_entry(keys: list[str], rng: random.Random, times: list[float], steps: list[float] | None) -> Entry:
    """Make columns of floats of keys that share an axis."""
    values = np.array([[rng.gauss(0, 1) for _ in times] for _ in keys])
    more = {} if steps is None else {"steps": np.array(steps, np.float64)}
    wire = encode_series(keys, WireType.F64, values, np.array(times, np.float64), **more)
    at: list[float | None] = [None] * len(times) if steps is None else list(steps)
    return Entry(
        wire,
        [
            (key, [Logged(v, t, s) for v, t, s in zip(row, times, at, strict=True)])
            for key, row in zip(keys, values.tolist(), strict=True)
        ],
    )


@dataclass(slots=True)
class World:
    """A track, its writers, and what it has acknowledged."""

    database: Database
    track_id: UUID
    project_id: UUID
    group: GroupWriter
    cache: SourceCache
    series: Series = field(default_factory=dict)
    seqs: dict[UUID, int] = field(default_factory=dict)
    sent: dict[UUID, list[Entry]] = field(default_factory=dict)

    @classmethod
    async def make(cls, database: Database, name: str) -> "World":
        """Make a track."""
        place = await make_place(database, name)
        group = GroupWriter(database)
        return cls(database, place.track_id, place.project_id, group, SourceCache(64 << 20))

    async def send(self, writer: UUID, entries: list[Entry], **more: Any) -> Ack:
        """Send the next batch of a writer, and note what was acknowledged."""
        seq = self.seqs[writer] = self.seqs.get(writer, 0) + 1
        self.sent[writer] = entries
        while True:
            try:
                ack = await self._write(writer, seq, entries, **more)
            except SequenceGap:
                # Its forerunner is still being written by another committer.
                await asyncio.sleep(0.001)
            else:
                break
        assert not ack.is_duplicate
        for entry in entries:
            for key, points in entry.stored:
                if points:
                    self.series.setdefault(key, []).extend(points)
        return ack

    async def resend(self, writer: UUID) -> None:
        """Send the newest batch of a writer again: nothing may come of it."""
        ack = await self._write(writer, self.seqs[writer], self.sent[writer])
        assert ack.is_duplicate

    async def skip(self, writer: UUID) -> None:
        """Send a batch that is not the next one: nothing may come of it."""
        with pytest.raises(SequenceGap):
            await self._write(writer, self.seqs[writer] + 2, self.sent[writer])

    async def _write(self, writer: UUID, seq: int, entries: list[Entry], **more: Any) -> Ack:
        series = [entry.wire for entry in entries]
        return await self.group.write(checked(self.track_id, self.project_id, writer, seq, series=series, **more))

    async def check(self, rng: random.Random, *, n_windows: int = 3, n_keys: int = 8) -> None:
        """Raise when any answer is not what was acknowledged."""
        async with self.database.read() as session:
            loaded = await load_points(session, self.track_id, [*self.series, "nothing"])
            summaries = await load_summaries(session, self.track_id)
            assert set(loaded) == set(summaries) == set(self.series)
            for key, points in self.series.items():
                check_same_points(logged_of(loaded[key]), in_time(points))
                self._check_summary(key, summaries[key].n_points, summaries[key])
            for _ in range(n_windows):
                keys = rng.sample(sorted(self.series), min(len(self.series), rng.randint(1, n_keys)))
                asked = window_of(rng, [self.series[key] for key in keys])
                for cache in (self.cache, SourceCache(64 << 20)):
                    await check_read(session, cache, {self.track_id: (keys, self.series)}, asked)

    def _check_summary(self, key: str, n_points: int, summary: Any) -> None:
        points = self.series[key]
        value, step, time = newest(points)
        assert (n_points, summary.time) == (len(points), time)
        rivals = [point for point in points if point.time == time]
        if len({type(point.value) for point in rivals}) == 1:
            assert same_value(summary.value, value)
            assert summary.step == step
            assert summary.type is _type_of(value)


def _type_of(value: object) -> ValueType:
    return {bool: ValueType.BOOL, int: ValueType.INT, float: ValueType.FLOAT, str: ValueType.STR}[type(value)]


def window_of(rng: random.Random, series: list[list[Logged]]) -> Asked:
    """Choose a window for series."""
    axis = rng.choice(_AXES)
    zero = min(map(first_time, series))
    xs = [x for x, _ in on_axis(rng.choice(series), axis, zero)]
    choices = [None, None, rng.choice(xs), rng.choice(xs) + 0.3, xs[0] - 5, xs[-1] + 5]
    return Asked(axis, rng.choice(choices), rng.choice(choices), rng.choice([1, 2, 7, 40, 1000]))


async def check_read(
    session: Any, cache: SourceCache, asked: dict[UUID, tuple[list[str], Series]], window: Asked
) -> None:
    """Raise when series are not drawn as a slow loop would draw them."""
    views = await read_series(
        session, cache, {track_id: keys for track_id, (keys, _) in asked.items()},
        Window(Axis(window.axis), window.start, window.stop, window.buckets),
    )  # fmt: skip
    flat = [(track_id, key, series[key]) for track_id, (keys, series) in asked.items() for key in keys]
    assert [(view.track_id, view.key) for view in views.series] == [(track_id, key) for track_id, key, _ in flat]
    check_views(views, [points for _, _, points in flat], window)


async def transpose(database: Database) -> int:
    """Move everything."""
    return await Transposer(database, rested_s=0).run_once()


# --- schedules ------------------------------------------------------------------------------------------------------

_SHAPES = ["plain", "plain", "shared", "again", "back", "late", "mixed", "text", "many", "refused", "empty"]
_MIXED: list[Value] = [1.5, 2**53 + 1, -(2**63), True, "text", "", math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308]


def _random_entry(rng: random.Random, clock: float, offset: float, n_keys: int) -> Entry:
    """Make columns of one of the shapes that clients send."""
    keys = [f"k{rng.randrange(n_keys)}" for _ in range(rng.randint(1, 4))]
    shape = rng.choice(
        ["plain", "plain", "shared", "again", "back", "late", "mixed", "text", "many", "refused", "empty"]
    )
    n = rng.choice([1, 2, 5, 30])
    times = [clock + i * rng.choice([0, 0.25, 1]) + offset for i in range(n)]
    if shape == "shared":
        return shared_entry(list(dict.fromkeys(keys)), rng, times, rng.choice([None, [float(i) for i in range(n)]]))
    if shape == "many":
        n = rng.choice([500, 4096, 6000])
        points = [Logged(rng.gauss(0, 1), clock + i * 0.01 + offset, clock * 10 + i) for i in range(n)]
        return entry_of([("long", points)])
    if shape == "mixed":
        value = rng.choice(_MIXED)
        # A moment of their own: of equal times the order of arrival of two types is looked at elsewhere.
        return entry_of([("mixed", [Logged(value, clock + rng.random() + offset, rng.choice([None, 1.0, clock]))])])
    if shape == "text":
        texts = [Logged(rng.choice(["", "a", "ü\n", "x" * 200]), t) for t in times]
        return entry_of([(f"text{rng.randrange(3)}", texts)])
    columns: list[tuple[str, list[Logged]]] = []
    if shape in {"refused", "empty"}:
        # A step that is no number is refused, and its neighbour in the same columns is not.
        bad = [Logged(2.0, clock, math.inf)] if shape == "refused" else []
        columns = [("k0", [Logged(1.0, t, 5.0) for t in times]), ("k1", bad)]
        return entry_of(columns, is_refused=lambda key: key == "k1")
    for key in keys:  # a key may well stand here twice
        mine = []
        for i, time in enumerate(times):
            step: float | None = clock * 10 + i
            if shape == "again":
                step = float(rng.randint(0, 9))
            if shape == "back":
                step = float(-clock * 10 - i) if rng.random() < 0.8 else None
            when = time if shape != "late" else float(round(rng.uniform(0, clock))) + offset
            mine.append(Logged(rng.choice([rng.gauss(0, 1), float(rng.randint(0, 3)), math.nan]), when, step))
        columns.append((key, mine))
    return entry_of(columns)


@pytest.mark.parametrize("seed", range(3))
async def test_any_schedule_is_read_as_it_was_acknowledged(database: Database, seed: int) -> None:
    rng = random.Random(seed)
    world = await World.make(database, f"p{seed}")
    first = new_writer()
    await world.send(
        first, [entry_of([("k0", [Logged(0.0, 0.0)]), ("k1", [Logged(1.0, 0.0)])])], configs=[config("c", 1)]
    )
    writers = [first, *(new_writer() for _ in range(4))]
    transposer = Transposer(database, rested_s=0)
    for clock in range(1, 45):
        writer = rng.choice(writers)
        entries = [_random_entry(rng, float(clock), 0, 12) for _ in range(rng.randint(1, 3))]
        match rng.choice(["send", "send", "send", "burst", "refused", "resend", "transpose", "transpose"]):
            case "send":
                await world.send(writer, entries)
            case "burst":
                # Nobody knows which comes first, so none of them has the times of another.
                bursts = [_random_entry(rng, float(clock), 0.001 * (i + 1), 12) for i in range(len(writers))]
                await asyncio.gather(*(world.send(w, [one]) for w, one in zip(writers, bursts, strict=True)))
            case "refused":
                bad = entry_of(
                    [("c", [Logged(1.0, float(clock))]), ("k1", [Logged(1.0, float(clock))])],
                    is_refused=lambda key: key == "c",
                )
                assert [r.key for r in (await world.send(writer, [bad])).rejects] == ["c"]
            case "resend" if world.seqs.get(writer):
                await world.resend(writer)
                await world.skip(writer)
            case _:
                await transposer.run_once()
        if rng.random() < 0.3:
            await world.check(rng)
    await world.check(rng, n_windows=6)
    while await transposer.run_once():
        pass
    await world.check(rng, n_windows=12)
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(batch_log)) == 0


async def test_hundreds_of_keys_over_many_takes(database: Database) -> None:
    rng = random.Random(1)
    world = await World.make(database, "wide")
    writer = new_writer()
    keys = [f"layer{i}/weight" for i in range(600)]
    transposer = Transposer(database, rested_s=0)
    n_segments: list[int] = []
    for take in range(30):
        times, steps = [take + i / 8 for i in range(4)], [float(take * 4 + i) for i in range(4)]
        mine = keys if take % 5 else rng.sample(keys, 50)
        entries = [shared_entry(mine, rng, times, None if take % 7 == 6 else steps)]
        if take % 3 == 0:
            # One of them grows long, another becomes a text, a third an integer.
            entries.append(entry_of([(keys[7], [Logged(1.0, take + i / 1e4, take * 1e4 + i) for i in range(3000)])]))
            entries.append(entry_of([(keys[300], [Logged(f"t{take}", take + 0.9)])]))
            entries.append(entry_of([(keys[301], [Logged(take, take + 0.9)])]))
        await world.send(writer, entries)
        if rng.random() < 0.2:
            await world.check(rng, n_keys=20)
        await transposer.run_once()
        async with database.read() as session:
            n_segments.append(await session.scalar(select(func.count()).select_from(segments)) or 0)
        if take % 6 == 5:
            await world.check(rng, n_keys=20)
    assert any(after < before for before, after in pairwise(n_segments)), "tidied"
    async with database.read() as session:
        assert (await session.scalar(select(func.count()).select_from(series_pages)) or 0) >= 3
        assert await session.scalar(select(func.count()).select_from(chunks))
    await world.check(rng, n_windows=10, n_keys=30)


async def test_two_tracks_on_one_grid(database: Database) -> None:
    rng = random.Random(3)
    worlds = [await World.make(database, f"t{i}") for i in range(2)]
    cache = SourceCache(8 << 20)
    for take in range(12):
        for number, world in enumerate(worlds):
            entries = [_random_entry(rng, float(take + number * 7), 0, 3) for _ in range(3)]
            await world.send(new_writer(), [entry_of([("k0", [Logged(1.0, float(take), float(take))])]), *entries])
        if take % 3 == 1:
            await transpose(database)
        asked = {world.track_id: (sorted(world.series), world.series) for world in worlds}
        window = window_of(rng, [points for _, series in asked.values() for points in series.values()])
        async with database.read() as session:
            await check_read(session, cache, asked, window)


async def test_batches_of_many_writers_in_one_group_keep_the_order_of_each(database: Database) -> None:
    world = await World.make(database, "group")
    writers = [new_writer() for _ in range(40)]
    for round_ in range(6):
        n = [1, 2, 30, 2, 7, 2][round_]
        # All at one moment, so that only the order of arrival tells them apart.
        await asyncio.gather(
            *(
                world.send(writer, [entry_of([(f"w{i}", [Logged(float(round_ * 100 + k), 1.0)])])])
                for k in range(n)
                for i, writer in enumerate(writers)
            )
        )
        async with database.read() as session:
            loaded = await load_points(session, world.track_id, list(world.series))
        for key, points in world.series.items():
            expected = sorted(point.value for point in points)
            assert [point.value for point in logged_of(loaded[key])] == expected, key
        if round_ == 3:
            await transpose(database)


# --- crashes and crowds ---------------------------------------------------------------------------------------------


class _Killed(Exception):
    """What ends a transposer in these tests."""


@asynccontextmanager
async def killed_at(database: Database, step: int) -> AsyncIterator[list[str]]:
    """Let the n-th statement of this process fail, whichever way it goes; give the statements that were begun."""
    begun: list[str] = []

    def count(what: str) -> None:
        begun.append(what)
        if len(begun) == step:
            raise _Killed(what)

    def before_execute(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        count(statement)

    fetch, copy_rows, commit = Database.fetch, Database.copy_rows, AsyncSession.commit

    async def counted_commit(session: AsyncSession) -> None:
        count("COMMIT")
        await commit(session)

    async def counted_fetch(session: Any, statement: str, *arguments: Any) -> Any:
        count(statement)
        return await fetch(session, statement, *arguments)

    async def counted_copy(session: Any, table: Any, rows: Any, columns: Any) -> None:
        count(f"COPY {table.name}")
        # Half of the rows have gone out when it dies.
        await copy_rows(session, table, rows, columns)
        count(f"COPIED {table.name}")

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", before_execute)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "fetch", staticmethod(counted_fetch))
        patch.setattr(Database, "copy_rows", staticmethod(counted_copy))
        patch.setattr(AsyncSession, "commit", counted_commit)
        try:
            yield begun
        finally:
            event.remove(engine, "before_cursor_execute", before_execute)


async def _crowded(database: Database, rng: random.Random) -> World:
    """Make a track whose next take touches everything: pages to tidy, chunks that grow, types that mix."""
    world = await World.make(database, "crowded")
    writer = new_writer()
    keys = [f"a{i}" for i in range(300)]
    for take in range(16):
        entries = [shared_entry(keys, rng, [float(take)], [float(take)])]
        entries.append(entry_of([("grows", [Logged(float(i), take + i / 1e4, take * 500.0 + i) for i in range(400)])]))
        if take == 14:
            entries.append(entry_of([("long", [Logged(float(i), take + i / 1e4) for i in range(5000)])]))
            entries.append(entry_of([("text", [Logged("one", float(take))])]))
            entries.append(entry_of([("turns", [Logged(1, float(take))])]))
        await world.send(writer, entries)
        if take < 15:
            await transpose(database)
    late = [Logged(float(i), i / 100, 4.0) for i in range(2500)]
    entries = [entry_of([("long", late)]), entry_of([("grows", late)]), entry_of([("text", [Logged("two", 14.0)])])]
    entries.append(entry_of([("turns", [Logged(2, 30.0)]), ("whole", [Logged(3, 30.0)])]))
    entries.append(entry_of([("turns", [Logged(2.5, 31.0)])]))
    await world.send(writer, entries)
    return world


@pytest.mark.parametrize("is_one_process", [False, True])
async def test_a_transposer_killed_at_every_statement_changes_no_answer(
    database: Database, is_one_process: bool
) -> None:
    rng = random.Random(5)
    world = await _crowded(database, rng)
    await world.check(rng, n_windows=1)
    survivor = Transposer(database, rested_s=0)
    for step in range(1, 200):
        transposer = survivor if is_one_process else Transposer(database, rested_s=0)
        async with killed_at(database, step) as begun:
            try:
                moved = await transposer.run_once()
            except _Killed:
                moved = None
        await world.check(rng, n_windows=1)
        if moved is not None:
            break
    assert moved
    assert len(begun) > 15, begun
    assert any("DELETE FROM segments" in one for one in begun), "tidied"
    assert any("DELETE FROM chunks" in one for one in begun), "grew"
    await world.check(rng, n_windows=8)
    assert await transpose(database) == 0


async def test_transposers_and_readers_at_once(database: Database) -> None:
    rng = random.Random(9)
    world = await World.make(database, "busy")
    writers = [new_writer() for _ in range(3)]
    is_over = asyncio.Event()
    cache = SourceCache(16 << 20)
    n_looks = 0

    async def write(number: int, writer: UUID) -> None:
        # Until there were looks beside the writing, however slow they are.
        for take in itertools.takewhile(lambda take: take < 12 or n_looks <= 3, itertools.count()):
            n = rng.choice([1, 50, 5000])
            values = [Logged(float(take * 10_000 + i), take + i / 1e4 + number / 1e7) for i in range(n)]
            few = [Logged(float(take), take + number / 1e7, float(take))]
            await world.send(writer, [entry_of([(f"own{number}", values)]), entry_of([("all", few)])])

    async def work() -> None:
        while not is_over.is_set():
            await transpose(database)

    async def look() -> None:
        nonlocal n_looks
        seen: dict[str, int] = {}
        while not is_over.is_set():
            keys = ["own0", "own1", "own2", "all"]
            async with database.read() as session:
                views = await read_series(session, cache, {world.track_id: keys}, Window(Axis.TIME, buckets=50))
                loaded = await load_points(session, world.track_id, keys)
                summaries = await load_summaries(session, world.track_id)
            for view in views.series:
                assert view.n_stored == view.n_drawn == sum(map(len, loaded[view.key]))
                assert view.n_stored == summaries[view.key].n_points
                assert view.n_stored >= seen.get(view.key, 0)
                seen[view.key] = view.n_stored
                if view.key != "all":
                    # What one writer sent is seen as far as it came, without a gap.
                    numbers = [point.value for point in logged_of(loaded[view.key])]
                    takes = [float(value) // 10_000 for value in numbers]
                    assert sorted(set(takes)) == [float(i) for i in range(len(set(takes)))]
                    assert len(set(numbers)) == len(numbers)
            n_looks += 1

    others = [asyncio.create_task(one) for one in (work(), work(), look())]
    await asyncio.gather(*(write(number, writer) for number, writer in enumerate(writers)))
    is_over.set()
    await asyncio.gather(*others)
    assert n_looks > 3
    await world.check(rng, n_windows=4)
    await transpose(database)
    await world.check(rng, n_windows=4)


@pytest.mark.parametrize("seed", range(6))
async def test_a_track_deleted_at_any_moment_leaves_no_row(database: Database, seed: int) -> None:
    rng = random.Random(seed)
    world = await World.make(database, "gone")
    is_over = asyncio.Event()

    async def write() -> None:
        writer = new_writer()
        for take in range(100):
            try:
                columns = [(f"k{i}", [Logged(1.0, float(take))]) for i in range(take % 5 + 1)]
                await world.send(writer, [entry_of(columns)])
            except (TrackDeleted, TrackNotFound):
                return

    async def work() -> None:
        transposer = Transposer(database, rested_s=0)
        while not is_over.is_set():
            await transposer.run_once()

    async def delete() -> None:
        await asyncio.sleep(rng.random() * 0.2)
        # Again while others are busy with it.
        deadline = monotonic() + 60
        while monotonic() < deadline:
            try:
                async with database.transaction() as session:
                    await delete_track(session, world.track_id)
                    return
            except ServiceError:
                await asyncio.sleep(0.01)
        pytest.fail("it could not be deleted")

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.gather(write(), write(), delete())
    is_over.set()
    await asyncio.gather(*workers)
    await transpose(database)
    async with database.read() as session:
        for table in TABLES_OF_A_TRACK:
            assert await session.scalar(select(func.count()).where(table.c.track_id == world.track_id)) == 0, table.name
