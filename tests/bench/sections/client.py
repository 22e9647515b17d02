"""What a `.log()` costs the training loop; measured by bench_log.py in a process of its own."""

import asyncio
import json
import sys
from pathlib import Path

import targets
from harness.driver import BenchFailed
from harness.options import Options
from harness.report import Row
from harness.stack import Bench

_SCRIPT = Path(__file__).resolve().parents[1] / "bench_log.py"


async def run(bench: Bench, options: Options) -> list[Row]:
    """Run it; it needs none of the stack."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_SCRIPT), "--json", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"{_SCRIPT.name} ended with exit code {process.returncode}")
    found: dict[str, float] = json.loads(said)
    how = "median of 7 rounds of 20,000 calls, nobody answers; peer: TensorBoard's add_event"
    peer = found["add_event"]
    return [
        Row("client", "handle.log(value)", found["handle"], "ns", how, targets.LOG_NS, peer, more_is_better=False),
        Row(
            "client",
            "track[key].log(value)",
            found["track"],
            "ns",
            how,
            targets.LOOKED_UP_NS,
            peer,
            more_is_better=False,
        ),
        Row(
            "client",
            "track.log(100 keys), a value",
            found["row"],
            "ns",
            how,
            targets.ROW_NS,
            peer,
            more_is_better=False,
        ),
        Row("client", "handle.log, p99.9 of 1 M", found["p999"], "ns", "nobody answers", targets.LOG_P999_NS),
    ]
