"""How many bytes a point takes when it has come to rest, everything counted: tables, indexes, long values."""

import targets
from harness.loads import Load
from harness.options import Options, progress
from harness.places import check_counts, fill, table_bytes, wait_transposed
from harness.report import Row, Target
from harness.stack import Bench

_SHAPES: tuple[tuple[str, Load, int, Target], ...] = (
    (
        "1 M points of one series, float64 noise, jittered times",
        Load("float64", 1, 1, 20_000, precision="float64"),
        50,
        targets.SIZE_FLOAT64,
    ),
    ("1 M points of one series, float32, jittered times", Load("float32", 1, 1, 20_000), 50, targets.SIZE_FLOAT32),
    ("1,000 series x 1,000 steps, float32", Load("wide", 1, 1000, 10), 100, targets.SIZE_WIDE),
)


async def run(bench: Bench, options: Options) -> list[Row]:
    """Fill a database of its own with each shape, wait until it rests, and weigh it."""
    rows = []
    for what, load, batches, target in _SHAPES:
        progress(what)
        async with bench.database() as url, bench.services(url) as services:
            empty = await table_bytes(bench, url)
            place, outcome = await fill(services, load, batches)
            await wait_transposed(bench, services)
            await check_counts(services, place, load, outcome)
            size = await table_bytes(bench, url) - empty
        how = "all tables, indexes and long values after VACUUM, less those of an empty database"
        rows.append(Row("size", what, size / (batches * load.batch_points), "B/point", how, target))
    return rows
