"""Run timed sections and print one table: `python tests/bench/run.py [section ...]`, all of them without a name.

A run of all sections also writes RESULTS.md. Ends with 1 when a section's own checks failed: its figures then do not
stand in the table.
"""

import argparse
import asyncio
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from harness.driver import BenchFailed
from harness.machine import loop_ms, read_facts
from harness.options import Options
from harness.report import Row, table, write_results
from harness.stack import Bench, running_bench
from sections import aged, client, ingest, page, peer, published, read, shapes, size, tensorboard, transposer

SECTIONS: dict[str, Callable[[Bench, Options], Awaitable[list[Row]]]] = {
    "client": client.run,
    "ingest": ingest.run,
    "peer": peer.run,
    "transposer": transposer.run,
    "size": size.run,
    "read": read.run,
    "shapes": shapes.run,
    "page": page.run,
    "tensorboard": tensorboard.run,
    "aged": aged.run,
    "published": published.run,
}
RESULTS = Path(__file__).with_name("RESULTS.md")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="section", help=f"one or more of {', '.join(SECTIONS)}")
    defaults = Options()
    parser.add_argument("--seconds", type=float, default=defaults.seconds, help="counted seconds of each ingest load")
    parser.add_argument("--warm", type=float, default=defaults.warm_s, help="seconds before those")
    parser.add_argument("--transposer-seconds", type=float, default=defaults.transposer_s, help="seconds of each pace")
    parser.add_argument("--runs", type=int, default=defaults.runs, help="runs of each read")
    parser.add_argument(
        "--long-points", type=int, default=defaults.long_points, help="points of the long series; 0 leaves it out"
    )
    parser.add_argument("--output", type=Path, help="write the results here, also when only some sections run")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - set(SECTIONS):
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return arguments


def _end_in_order_when_told() -> None:
    # PostgreSQL outlives us when nobody stops it.
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


async def _main(arguments: argparse.Namespace) -> int:
    _end_in_order_when_told()
    options = Options(
        arguments.seconds, arguments.warm, arguments.transposer_seconds, arguments.runs, arguments.long_points
    )
    names = arguments.sections or list(SECTIONS)
    rows: list[Row] = []
    failures: list[str] = []
    async with running_bench() as bench:
        facts = await read_facts(bench)
        speeds = [f"before {loop_ms():.0f}"]
        for name in names:
            print(f"==> {name}", flush=True)
            try:
                rows += await SECTIONS[name](bench, options)
            except BenchFailed as error:
                failures.append(f"{name}: {error}")
            except Exception as error:  # noqa: BLE001 (an hour of other sections must not be lost to one)
                traceback.print_exc()
                failures.append(f"{name}: {type(error).__name__}: {error}")
            speeds.append(f"{name} {loop_ms():.0f}")
        facts["a million additions in Python, ms"] = ", ".join(speeds)
    print("\n" + "\n".join(f"{name}: {fact}" for name, fact in facts.items()) + "\n\n" + table(rows))
    for failure in failures:
        print(f"FAILED: {failure}")
    if output := arguments.output or (None if arguments.sections else RESULTS):
        write_results(output, rows, facts, failures)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(_main(_arguments())))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
