"""A server that is not young and warm: the first charts after all was restarted, and what deleting frees."""

import asyncio
import time
from pathlib import Path

import asyncpg
import numpy as np
import targets
from harness.driver import BenchFailed, prepared
from harness.http import Caller
from harness.loads import Load, Plan
from harness.options import Options, progress
from harness.places import Place, check_counts, fill, make_place, wait_transposed
from harness.questions import ask, forms, series
from harness.report import Row
from harness.stack import Bench, Services

_RESTED = Load("rested", clients=8, keys=10, points=2000)
_RESTED_BATCHES = 50
_BESIDE = Load("beside", clients=2, keys=10, points=2000, rate=0.5e6)
_BESIDE_S = 20.0
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
_VACUUM_WITHIN_S = 120.0
_SIZE = (
    "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
# A long value rests in the table's own TOAST table, which is vacuumed by itself.
_VACUUMED = (
    "SELECT coalesce(bool_and(s.last_autovacuum > to_timestamp($1)), false) FROM pg_class c"
    " JOIN pg_stat_all_tables s ON s.relid IN (c.oid, c.reltoastrelid)"
    " WHERE c.relname = 'chunks' AND c.relnamespace = 'public'::regnamespace"
)


def _drop_caches() -> str:
    """Let the system forget what it has read, where we may; say whether it did."""
    try:
        _DROP_CACHES.write_text("3")
    except OSError:
        return "the system's page cache was not dropped: not allowed here"
    return "the system's page cache dropped"


def _first_answers(services: Services, place: Place) -> list[float]:
    took = []
    for track in place.tracks:
        caller = Caller(services.track_port, place.token)
        accept = next(iter(forms(caller, place.tracks[0]).values())) if not took else "application/json"
        began = time.perf_counter()
        ask(caller, series(track), accept=accept)
        took.append(time.perf_counter() - began)
        caller.close()
    # The first one was asked twice, to learn the forms.
    return took[1:]


async def _cold(bench: Bench) -> list[Row]:
    async with bench.database() as url:
        async with bench.services(url) as services:
            place, _ = await fill(services, _RESTED, _RESTED_BATCHES)
            await wait_transposed(bench, services)
        await bench.restart()
        how = await asyncio.to_thread(_drop_caches)
        async with bench.services(url, with_transposer=False) as services:
            took = await asyncio.to_thread(_first_answers, services, place)
    how = f"first chart of {len(took)} tracks, 100,000 points each; PostgreSQL and track-api restarted, {how}"
    return [
        Row("aged", "a chart read for the first time, p50", float(np.median(took)) * 1000, "ms", how, targets.COLD_MS),
        Row("aged", "the same, slowest", max(took) * 1000, "ms", ""),
    ]


async def _until_vacuumed(url: str, since: float) -> float | None:
    connection = await asyncpg.connect(url)
    try:
        while time.time() - since < _VACUUM_WITHIN_S:
            if await connection.fetchval(_VACUUMED, since):
                return time.time() - since
            await asyncio.sleep(0.5)
    finally:
        await connection.close()
    return None


def _delete(services: Services, place: Place) -> float:
    caller = Caller(services.track_port, place.token)
    began = time.perf_counter()
    for track in place.tracks:
        answer = caller.call(f"/api/v3/tracks/{track}?permanent=true", method="DELETE")
        if answer.status not in {200, 204}:
            raise BenchFailed(f"a track was not deleted: {answer.status} {answer.body[:200]!r}")
    took = time.perf_counter() - began
    caller.close()
    return took


async def _deleted(bench: Bench) -> list[Row]:
    async with bench.database() as url, bench.services(url) as services:
        doomed, _ = await fill(services, _RESTED, _RESTED_BATCHES)
        await wait_transposed(bench, services)
        full = await bench.execute(_SIZE, url=url)
        beside = await make_place(url, _BESIDE.clients)
        plan = Plan(_BESIDE, services.ingest_port, beside.token, beside.tracks, 1.0, _BESIDE_S)
        async with prepared(plan) as generator:
            writing = asyncio.create_task(generator.run())
            await asyncio.sleep(3)
            since = time.time()
            deleting_s = await asyncio.to_thread(_delete, services, doomed)
            outcome = await writing
        await check_counts(services, beside, _BESIDE, outcome)
        vacuumed_s = await _until_vacuumed(url, since)
        await wait_transposed(bench, services)
        written = await bench.execute(_SIZE, url=url)
        await fill(services, _RESTED, _RESTED_BATCHES)
        await wait_transposed(bench, services)
        again = await bench.execute(_SIZE, url=url)
    n, n_rested = _RESTED.clients, _RESTED.clients * _RESTED_BATCHES * _RESTED.batch_points
    n_beside = sum(outcome.acked_batches) * _BESIDE.batch_points
    grown = (again / (n_rested + n_beside)) / (full / n_rested)
    what = f"{n} tracks of a million points each"
    rows = [
        Row("aged", f"deleting {what}", deleting_s, "s", "while others write 0.5 M points/s"),
        Row("aged", "ack p99 of the others meanwhile", outcome.p99_s * 1000, "ms", "counts checked"),
        Row("aged", "tables before", full / 2**20, "MiB", f"{n_rested:,} points"),
        Row("aged", "tables after the others' writing", written / 2**20, "MiB", f"{n_beside:,} points left"),
        Row("aged", "tables after as much was written again", again / 2**20, "MiB", f"{n_rested + n_beside:,} points"),
        Row("aged", "bytes of a point at the end, against before", grown, "x", "autovacuum alone", targets.REUSED),
    ]  # fmt: skip
    if vacuumed_s is None:
        raise BenchFailed(f"autovacuum did not come within {_VACUUM_WITHIN_S:.0f} s of the deletion")
    return [*rows, Row("aged", "until autovacuum had freed the space", vacuumed_s, "s", "after the deletion began")]


async def run(bench: Bench, options: Options) -> list[Row]:
    """Restart and read, then delete and write again."""
    progress("the first charts after a restart")
    rows = await _cold(bench)
    progress("deleting while others write")
    return rows + await _deleted(bench)
