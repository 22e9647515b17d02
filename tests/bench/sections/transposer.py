"""Whether the batch log stays small under a steady load, and what readers feel of the work beside them."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg
import numpy as np
import targets
from harness.driver import prepared
from harness.http import Caller
from harness.loads import Load, Outcome, Plan
from harness.options import Options, progress
from harness.places import check_counts, fill, make_place, wait_transposed
from harness.questions import ask, forms, series
from harness.report import Row, at_most
from harness.stack import Bench, Services

_PACES = (
    Load("i", clients=2, keys=10, points=2000, rate=4.0e6),
    Load("iii", clients=10, keys=10_000, points=1, rate=3.0e6),
    Load("ii", clients=100, keys=20, points=10, rate=0.35e6),
)
_IDLE = Load("idle", clients=1, keys=1, points=20_000)
_IDLE_BATCHES = 50
_ROWS = 12
_READ_EVERY_S = 0.2
_READ_BEFORE_S = 10.0
_REACHED = 0.95
_SIZE = (
    "(SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname LIKE '{}')"
)
_SAMPLE = (
    "SELECT (SELECT count(*) FROM batch_log), (SELECT coalesce(sum(n_points), 0)::bigint FROM batch_log), "
    # By pattern, so that partitions count with their table.
    + ", ".join(_SIZE.format(pattern) for pattern in ("batch\\_log%", "chunks%", "segments%", "%"))
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of the tables at one moment."""

    log_rows: int
    log_points: int
    log_bytes: int
    chunk_bytes: int
    segment_bytes: int
    all_bytes: int


class Watch:
    """Samples the tables every second and reads an idle series beside it, for the time of a block."""

    def __init__(self, services: Services, token: str, track: str) -> None:
        self._services = services
        self._reader = Caller(services.track_port, token)
        self._accept = next(iter(forms(self._reader, track).values()))
        self._path = series(track)
        self._tasks: list[asyncio.Task[None]] = []
        self.samples: list[Sample] = []
        self.reads_s: list[float] = []

    def start(self) -> None:
        """Begin with empty hands."""
        self.samples, self.reads_s = [], []
        self._tasks = [asyncio.create_task(self._sample()), asyncio.create_task(self._read())]

    async def stop(self) -> None:
        """End; what was found stays. Raises whatever went wrong meanwhile."""
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    @property
    def read_p95_ms(self) -> float:
        """Return the 95th of a hundred reads."""
        return float(np.percentile(self.reads_s, 95)) * 1000

    async def _sample(self) -> None:
        connection = await asyncpg.connect(self._services.database_url)
        try:
            while True:
                row = await connection.fetchrow(_SAMPLE)
                assert row is not None
                self.samples.append(Sample(*row))
                await asyncio.sleep(1)
        finally:
            await connection.close()

    async def _read(self) -> None:
        due = time.monotonic()
        while True:
            # In a thread, so that a slow answer delays nobody else; timed from the call, one reader at a time.
            took = await asyncio.to_thread(self._timed_read)
            self.reads_s.append(took)
            due = max(due + _READ_EVERY_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    def _timed_read(self) -> float:
        began = time.perf_counter()
        ask(self._reader, self._path, accept=self._accept)
        return time.perf_counter() - began


def growth(sizes: list[int]) -> float:
    """Return the largest of the last third against the largest of the third before; about 1 is steady."""
    third = max(1, len(sizes) // 3)
    before, last = max(sizes[third : 2 * third], default=0), max(sizes[2 * third :], default=0)
    return last / before if before else float(last > 0)


async def _run_pace(bench: Bench, load: Load, options: Options) -> list[Row]:
    async with bench.database() as url, bench.services(url) as services:
        idle, _ = await fill(services, _IDLE, _IDLE_BATCHES)
        await wait_transposed(bench, services)
        watch = Watch(services, idle.token, idle.tracks[0])
        watch.start()
        await asyncio.sleep(_READ_BEFORE_S)
        await watch.stop()
        read_before_ms = watch.read_p95_ms
        place = await make_place(url, load.clients)
        plan = Plan(load, services.ingest_port, place.token, place.tracks, options.warm_s, options.transposer_s)
        used: dict[str, float] = {}

        def begin() -> None:
            for tree in services.trees.values():
                tree.mark()
            watch.start()

        async with prepared(plan) as generator:
            outcome = await generator.run(
                on_counting=begin, on_counted=lambda: used.update({n: t.used() for n, t in services.trees.items()})
            )
        await watch.stop()
        drained_s = await wait_transposed(bench, services)
        await check_counts(services, place, load, outcome)
    return _rows(load, outcome, watch, used, before_ms=read_before_ms, drained_s=drained_s)


def _verdict(grown: float) -> str:
    state = "steady" if targets.BACKLOG_GROWTH.is_met(grown) else "GROWING"
    return f"{state}: the most of the last third against the most of the second third"


def _rows(
    load: Load, outcome: Outcome, watch: Watch, used: dict[str, float], *, before_ms: float, drained_s: float
) -> list[Row]:
    assert load.rate is not None
    reached = outcome.points_a_second >= _REACHED * load.rate
    how = f"{load.sentence()}, {outcome.seconds:.0f} s" + ("" if reached else "; THE PACE WAS NOT REACHED")
    samples = watch.samples
    grown, swollen = growth([s.log_points for s in samples]), growth([s.log_bytes for s in samples])
    largest = max(samples, key=lambda s: s.log_points)
    millions = outcome.points / 1e6
    cpu = ", ".join(f"{name} {seconds / millions:.3f}" for name, seconds in used.items())
    name, log_rows = f"pace {load.name}", f"{largest.log_rows:,} rows"
    return [
        Row("transposer", f"{name}: points/s taken in", outcome.points_a_second, "", how, targets.paced(load.rate)),
        Row("transposer", f"{name}: growth of the log, points", grown, "x", _verdict(grown), targets.BACKLOG_GROWTH),
        Row("transposer", f"{name}: growth of the log, bytes", swollen, "x", _verdict(swollen), targets.BACKLOG_GROWTH),
        Row(
            "transposer",
            f"{name}: most M points in the log",
            largest.log_points / 1e6,
            "",
            log_rows,
        ),
        Row("transposer", f"{name}: largest batch_log", max(s.log_bytes for s in samples) / 2**20, "MiB", "on disk"),
        Row("transposer", f"{name}: chunks at the end", samples[-1].chunk_bytes / 2**20, "MiB", "on disk"),
        Row("transposer", f"{name}: segments at the end", samples[-1].segment_bytes / 2**20, "MiB", "on disk"),
        Row("transposer", f"{name}: all tables at the end", samples[-1].all_bytes / 2**20, "MiB", "on disk"),
        Row("transposer", f"{name}: until the log was empty", drained_s, "s", "after the last batch"),
        Row("transposer", f"{name}: read of 1 M points before, p95", before_ms, "ms", "another track, 5 a second"),
        Row(
            "transposer",
            f"{name}: the same during, p95",
            watch.read_p95_ms,
            "ms",
            f"{len(watch.reads_s)} reads",
            at_most(2 * before_ms),
        ),
        Row("transposer", f"{name}: ack p99", outcome.p99_s * 1000, "ms", f"CPU s per M points: {cpu}"),
    ]


async def run(bench: Bench, options: Options) -> list[Row]:
    """Run all paces."""
    rows: list[Row] = []
    for load in _PACES:
        progress(f"pace {load.name}: {load.sentence()} for {options.transposer_s:.0f} s")
        rows += await _run_pace(bench, load, options)
        progress("; ".join(" ".join(row.cells()[1:4]) for row in rows[-_ROWS:][:3]))
    return rows
