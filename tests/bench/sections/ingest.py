"""How many points a second are taken in until they are committed, what that costs, and how long a batch waits.

Each load runs on a database and processes of its own, and fails when track-api counts other points than were
acknowledged.
"""

import targets
from harness.driver import BenchFailed, prepared
from harness.loads import Load, Outcome, Plan
from harness.options import Options, progress
from harness.places import check_counts, make_place
from harness.report import Row
from harness.stack import Bench

LOADS = (
    Load("i", clients=2, keys=10, points=2000),
    Load("ii", clients=100, keys=20, points=10),
    Load("iii", clients=10, keys=10_000, points=1),
    Load("iv", clients=500, keys=20, points=10, rate=500 * 200),
    Load("v", clients=2, keys=10, points=2000, form="json"),
)
# A generator that uses this much of its core may be what the figure shows.
_BUSY = 0.9


async def measure(bench: Bench, load: Load, options: Options) -> tuple[Outcome, dict[str, float]]:
    """Send one load and return what was found, with the seconds of processor time each part used."""
    # Without the transposer: it may rest for ten seconds anyway; the section about it measures both together.
    async with bench.database() as url, bench.services(url, with_transposer=False) as services:
        place = await make_place(url, load.clients)
        plan = Plan(load, services.ingest_port, place.token, place.tracks, options.warm_s, options.seconds)
        used: dict[str, float] = {}

        def mark() -> None:
            for tree in services.trees.values():
                tree.mark()

        def read() -> None:
            used.update({name: tree.used() for name, tree in services.trees.items()})

        async with prepared(plan) as generator:
            outcome = await generator.run(on_counting=mark, on_counted=read)
        if not outcome.points:
            raise BenchFailed(f"no batch of load {load.name} was answered in {outcome.seconds:.1f} s")
        await check_counts(services, place, load, outcome)
    return outcome, used


def notes(outcome: Outcome) -> str:
    """Say what makes a figure less than it seems."""
    found = []
    if outcome.ran_out:
        found.append("a client ran out of prepared batches")
    if outcome.refused:
        found.append(f"{outcome.refused} batches were told to come again")
    if outcome.cpu_s > _BUSY * outcome.seconds:
        found.append("the load generator was at its own limit")
    return "; ".join(["", *found])


def rows_of(load: Load, outcome: Outcome, used: dict[str, float]) -> list[Row]:
    """Turn one run into rows."""
    how = f"{load.sentence()}, {outcome.seconds:.1f} s, counts checked{notes(outcome)}"
    name = f"load {load.name}"
    paced = load.rate is not None
    rate = Row("ingest", f"{name}: points/s", outcome.points_a_second, "", how, targets.INGEST_RATE.get(load.name))
    millions = outcome.points / 1e6
    costs = [
        Row("ingest", f"{name}: CPU s per M points, {part}", seconds / millions, "s", "the process and its children")
        for part, seconds in used.items()
        if part != "track-api"
    ]
    since = "from when it was due" if paced else "from when it was sent"
    return [
        rate,
        Row("ingest", f"{name}: batches/s", outcome.batches / outcome.seconds, "", ""),
        Row("ingest", f"{name}: ack p50", outcome.p50_s * 1000, "ms", since, targets.ACK_P50_MS if paced else None),
        Row("ingest", f"{name}: ack p99", outcome.p99_s * 1000, "ms", since, targets.ACK_P99_MS if paced else None),
        Row("ingest", f"{name}: bytes sent a point", outcome.wire_bytes_per_point, "B", "HTTP's head included"),
        *costs,
    ]


async def run(bench: Bench, options: Options) -> list[Row]:
    """Run all loads."""
    rows: list[Row] = []
    for load in LOADS:
        progress(f"load {load.name}: {load.sentence()}")
        outcome, used = await measure(bench, load, options)
        rows += rows_of(load, outcome, used)
        progress(
            f"{outcome.points_a_second / 1e6:.3f} M points/s, ack p50 {outcome.p50_s * 1000:.1f} ms,"
            f" p99 {outcome.p99_s * 1000:.1f} ms{notes(outcome)}"
        )
    return rows
