"""What the client costs a training, whatever the server does, beside other trackers in the same run."""

import asyncio
import json
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import targets
from harness.driver import BenchFailed
from harness.environments import environment, version
from harness.options import Options, progress
from harness.report import Row
from harness.stack import Bench

_HERE = Path(__file__).resolve().parents[1]
_STATES = ("up", "down", "slow", "black-holed")
_PEERS = {
    "tensorboard": "TensorBoard {} add_event",
    "wandb": "wandb {} offline",
    "mlflow": "MLflow {} log_metric",
    "mlflow-async": "MLflow {} log_metric, asynchronous",
}
_STARTS = 5
_PACE_S = 30


async def _measure(script: str, *arguments: str, python: str = sys.executable) -> dict[str, float]:
    command = [python, str(_HERE / script), *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, trouble = await process.communicate()
    if process.returncode:
        raise BenchFailed(f"{script} {' '.join(arguments)} ended with {process.returncode}: {trouble.decode()[-500:]}")
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


@asynccontextmanager
async def _server(state: str) -> AsyncIterator[str]:
    """Give the address of a server in a state; `down` is a port that is closed."""
    if state == "down":
        yield "http://127.0.0.1:9"
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_HERE / "log_server.py"),
        state,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


def _at_most(figure: str, value: float, unit: str, how: str, target: targets.Target | None) -> Row:
    return Row("client", figure, value, unit, how, target, more_is_better=False)


async def _costs(state: str) -> list[Row]:
    async with _server(state) as address:
        found = await _measure("bench_log.py", "cost", address)
    how = "median of 7 rounds of 20,000 calls"
    return [
        _at_most(f"handle.log(value), server {state}", found["handle"], "ns", how, targets.LOG_NS),
        _at_most(f"track[key].log(value), server {state}", found["track"], "ns", how, targets.LOOKED_UP_NS),
        _at_most(f"track.log(100 keys), a value, server {state}", found["row"], "ns", how, targets.ROW_NS),
        _at_most(f"handle.log, p99.9, server {state}", found["p999"], "ns", "1 M calls", targets.LOG_P999_NS),
    ]


async def _paces() -> list[Row]:
    rows = []
    for state in ("up", "down"):
        async with _server(state) as address:
            found = await _measure("bench_log.py", "pace", address, str(_PACE_S))
        if found["dropped"]:
            raise BenchFailed(f"{found['dropped']:,.0f} points were dropped")
        how = f"{_PACE_S} s at 10,000 points/s to 10 keys"
        share = found["sender"] * 100
        rows += [
            _at_most(f"sender's share of a core, server {state}", share, "%", how, targets.SENDER_PERCENT),
            _at_most(f"growth of memory, server {state}", found["growth"], "MiB", how, targets.OUTAGE_MIB),
        ]
    return rows


async def run(bench: Bench, options: Options) -> list[Row]:
    """Run it; it needs none of the stack."""
    rows = []
    for state in _STATES:
        progress(f"the cost of a log, server {state}")
        rows += await _costs(state)
    progress("memory and processor at a pace")
    rows += await _paces()
    async with _server("up") as address:
        starts = [await _measure("bench_log.py", "start", address) for _ in range(_STARTS)]
    imported, first = (statistics.median(one[name] for one in starts) for name in ("import", "first"))
    how = f"median of {_STARTS} processes"
    rows.append(_at_most("import mlsteam", imported, "ms", how, targets.IMPORT_MS))
    rows.append(_at_most("import, init and first log", first, "ms", how, targets.START_MS))
    python = str(await asyncio.to_thread(environment, "peers") / "bin" / "python")
    for name, sentence in _PEERS.items():
        told = sentence.format(version("peers", name.partition("-")[0]))
        progress(told)
        peer = await _measure("bench_peers.py", name, python=python)
        rows += [
            Row("client", "handle.log(value), server up", rows[0].value, "ns", told, None, peer["log"], False),
            Row("client", "import, init and first log", first, "ms", told, None, peer["first"], False),
        ]
    return rows
