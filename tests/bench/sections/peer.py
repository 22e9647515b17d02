"""The same work for MLflow: batches of its largest size into the same PostgreSQL, and the chart of a long metric."""

import targets
from harness.driver import BenchFailed, prepared
from harness.environments import version
from harness.http import Caller, time_runs
from harness.loads import Load, Outcome, Plan
from harness.mlflow import make_runs, running_mlflow
from harness.options import Options, progress
from harness.places import fill, table_bytes, wait_transposed
from harness.questions import ask, check_series, forms, series
from harness.report import Row
from harness.stack import Bench

from sections import ingest

# MLflow takes at most 1,000 points a batch.
_THEIRS = Load("p", clients=4, keys=10, points=100, form="mlflow")
_OURS = Load("p", clients=4, keys=10, points=100)
_BEST = ingest.LOADS[0]
_POINTS = 1_000_000
_SLOW_RUNS = 10
# What its page asks for when it draws a chart.
_CHART = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
_INSERT = (
    "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
    " SELECT 'loss', 1 / sqrt(1 + i / 1000.0) + 0.05 * random(), 1700000000000 + i * 50, '{run}', i, false"
    f" FROM generate_series(0, {_POINTS} - 1) i"
)
_INSERT_LATEST = (
    "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
    " SELECT key, value, timestamp, step, is_nan, run_uuid FROM metrics"
    " WHERE run_uuid = '{run}' AND key = 'loss' AND step = " + str(_POINTS - 1)
)


async def _log_theirs(bench: Bench, options: Options) -> tuple[Outcome, dict[str, float]]:
    async with bench.database("template1") as url, running_mlflow(bench, url) as (port, trees):
        runs = make_runs(port, _THEIRS.clients)
        plan = Plan(_THEIRS, port, "", runs, options.warm_s, options.seconds)
        used: dict[str, float] = {}

        def mark() -> None:
            for tree in trees.values():
                tree.mark()

        def read() -> None:
            used.update({name: tree.used() for name, tree in trees.items()})

        async with prepared(plan) as generator:
            outcome = await generator.run(on_counting=mark, on_counted=read)
        found = await bench.execute("SELECT count(*) FROM metrics", url=url)
        if found != sum(outcome.acked_batches) * _THEIRS.batch_points:
            raise BenchFailed(f"MLflow stored {found:,} points of {outcome.acked_batches} batches")
    return outcome, used


async def _read_theirs(bench: Bench, options: Options) -> tuple[float, float]:
    """Return seconds of a chart of a long metric, and bytes a point of its table."""
    async with bench.database("template1") as url, running_mlflow(bench, url) as (port, _):
        (run_id,) = make_runs(port, 1)
        await bench.execute(_INSERT.format(run=run_id), _INSERT_LATEST.format(run=run_id), "VACUUM ANALYZE", url=url)
        path = (
            f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=loss&max_results=1000"
        )
        caller = Caller(port)
        if not 900 <= len(ask(caller, path).json()["metrics"]) <= 1100:
            raise BenchFailed("MLflow's chart does not have about 1,000 points")
        timing = time_runs(lambda: ask(caller, path), runs=min(options.runs, _SLOW_RUNS))
        caller.close()
        size = await bench.execute("SELECT pg_total_relation_size('metrics')", url=url)
    return timing.p50_s, size / _POINTS


async def _read_ours(bench: Bench, options: Options) -> tuple[float, float, str]:
    """Return the same of ours, and the form of the answer."""
    load = Load("1M", clients=1, keys=1, points=20_000)
    async with bench.database() as url, bench.services(url) as services:
        before = await table_bytes(bench, url)
        place, _ = await fill(services, load, _POINTS // load.points)
        await wait_transposed(bench, services)
        size = await table_bytes(bench, url) - before
        caller = Caller(services.track_port, place.token)
        path = series(place.tracks[0])
        check_series(caller, path, stored=_POINTS, drawn=_POINTS)
        name, accept = next(iter(forms(caller, place.tracks[0]).items()))
        timing = time_runs(lambda: ask(caller, path, accept=accept), runs=options.runs)
        caller.close()
    return timing.p50_s, size / _POINTS, name


def _cost(whose: str, used: dict[str, float], outcome: Outcome) -> str:
    return f"{whose}: " + ", ".join(f"{name} {seconds / outcome.points * 1e6:.3g}" for name, seconds in used.items())


async def run(bench: Bench, options: Options) -> list[Row]:
    """Measure both sides one after the other."""
    name = f"MLflow {version('mlflow', 'mlflow')}"
    progress(f"{name}: {_THEIRS.sentence()}")
    theirs, their_cpu = await _log_theirs(bench, options)
    progress(f"{theirs.points_a_second:,.0f} points/s; now ours with the same batches")
    ours, our_cpu = await ingest.measure(bench, _OURS, options)
    progress(f"{ours.points_a_second:,.0f} points/s; now ours with load {_BEST.name}")
    best, _ = await ingest.measure(bench, _BEST, options)
    progress("the chart of a metric of 1 M points, theirs and ours")
    their_read_s, their_bytes = await _read_theirs(bench, options)
    our_read_s, our_bytes, form = await _read_ours(bench, options)
    read_ms, their_read_ms = our_read_s * 1e3, their_read_s * 1e3
    parts = "; ".join(_cost(*both) for both in (("ours", our_cpu, ours), ("theirs", their_cpu, theirs)))
    rate, same = theirs.points_a_second, f"{_OURS.clients} clients x 1,000 points a batch on both sides, {name}"
    cost, their_cost = (sum(c.values()) / o.points * 1e6 for c, o in ((our_cpu, ours), (their_cpu, theirs)))
    chart = f"p50 over HTTP, ours {form} in 1,000 buckets, theirs get-history-bulk-interval"
    return [
        Row("peer", "points/s, equal batches", ours.points_a_second, "", same + ingest.notes(ours), peer=rate),
        Row("peer", "points/s, each at its best", best.points_a_second, "", f"ours: {_BEST.sentence()}", peer=rate),
        Row("peer", "ack p50, equal batches", ours.p50_s * 1e3, "ms", same, None, theirs.p50_s * 1e3, False),
        Row("peer", "CPU s per M points, equal batches", cost, "s", parts, None, their_cost, False),
        Row(
            "peer",
            "chart of 1 M points",
            read_ms,
            "ms",
            chart,
            targets.READ_MS["1M"],
            their_read_ms,
            False,
        ),
        Row("peer", "bytes a point on disk", our_bytes, "B", "1 M points, one series", None, their_bytes, False),
    ]
