"""The published client as users have it: twenty processes that log as fast as it can send, through the gateway."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import targets
from harness.cpu import ProcessTree
from harness.driver import BenchFailed
from harness.environments import environment
from harness.http import Caller
from harness.options import Options, progress
from harness.places import Place, count_points, make_place
from harness.report import Row
from harness.stack import ROOT, Bench, Service, Services, free_ports, running_process

_PROCESSES, _RATE, _KEYS, _SECONDS = 20, 3000, 10, 10
# Each waits for the same moment, so that their starts are not part of it.
_TRAINING = """
import json, sys, time
import mlsteam
begins_at, rate, keys, seconds = map(float, sys.argv[1:])
track = mlsteam.init()
time.sleep(max(0.0, begins_at - time.time()))
began = time.monotonic()
late = time.time() - begins_at
for tick in range(int(seconds * 20)):
    for number in range(int(rate / 20)):
        track[f"k{number % int(keys)}"].log(tick + number / 7)
    time.sleep(max(0.0, began + (tick + 1) / 20 - time.monotonic()))
logged = time.monotonic()
track.stop()
print("FOUND" + json.dumps({"late": late, "logged": logged - began, "rest": time.monotonic() - logged}))
"""
_START_S, _PATIENCE_S = 20, 90


async def _train(python: Path, track: str, place: Place, folder: Path, begins_at: float) -> dict[str, float]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
    variables = {"MLSTEAM_API_TOKEN": place.token, "MLSTEAM_PROJECT": place.project, "MLSTEAM_TRACK_ID": track}
    command = [str(python), "-c", _TRAINING, str(begins_at), str(_RATE), str(_KEYS), str(_SECONDS)]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=kept | variables,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said = (await asyncio.wait_for(process.communicate(), _START_S + _SECONDS + _PATIENCE_S))[0].decode()
    except TimeoutError:
        raise BenchFailed("a published client did not end") from None
    finally:
        # It waits for ever for a server that is gone.
        if process.returncode is None:
            process.kill()
    if process.returncode or "FOUND" not in said:
        raise BenchFailed(f"a published client ended with {process.returncode}: {said[-500:]}")
    found: dict[str, float] = json.loads(said.rpartition("FOUND")[2].splitlines()[0])
    return found


def _gateway(port: int, services: Services) -> Service:
    ports = {"GATEWAY": port, "INGEST_API": services.ingest_port, "TRACK_API": services.track_port, "TB_PROXY": 1}
    variables = {f"MLSTEAM_GATEWAY_{name}_PORT": str(value) for name, value in ports.items()}
    command = [sys.executable, str(ROOT / "deploy" / "local" / "gateway.py")]
    return Service("gateway", command, {**os.environ, **variables}, "127.0.0.1", port)


async def run(bench: Bench, options: Options) -> list[Row]:
    """Measure, and count what arrived."""
    python = await asyncio.to_thread(environment, "published") / "bin" / "python"
    port = free_ports()
    async with bench.database() as url, bench.services(url) as services:
        place = await make_place(url, _PROCESSES, api_address=f"http://127.0.0.1:{port}")
        async with running_process(_gateway(port, services), bench.logs) as gateway:
            progress(f"{_PROCESSES} processes x {_RATE:,} entries/s for {_SECONDS} s")
            trees: dict[str, ProcessTree] = {**services.trees, "gateway": gateway}
            for tree in trees.values():
                tree.mark()
            begins_at = time.time() + _START_S
            found = await asyncio.gather(
                *(_train(python, track, place, bench.folder, begins_at) for track in place.tracks)
            )
            used = {name: tree.used() for name, tree in trees.items()}
        reader = Caller(services.track_port, place.token)
        counts = [count_points(reader, track) for track in place.tracks]
        reader.close()
    expected = _RATE * _SECONDS
    if counts != [expected] * _PROCESSES:
        raise BenchFailed(f"{expected:,} entries of each process were logged, track-api counts {counts}")
    total = expected * _PROCESSES
    rate = min(expected / one["logged"] for one in found) * _PROCESSES
    late = max(one["late"] for one in found)
    how = f"{_PROCESSES} x {_RATE:,} entries/s to {_KEYS} keys for {_SECONDS} s, mlsteam-client 0.5.0, counts checked"
    cost = sum(used.values()) / total * 1e6
    parts = ", ".join(f"{name} {seconds / total * 1e6:.3g}" for name, seconds in used.items())
    rest = max(one["rest"] for one in found)
    note = f"{how}; started {late:.1f} s late" if late > 0.1 else how
    return [
        Row("published", "entries/s logged, of the slowest process x 20", rate, "", note, targets.PUBLISHED_RATE),
        Row("published", "from the last log until all is committed", rest, "s", "worst process", targets.PUBLISHED_S),
        Row("published", "CPU s per M entries", cost, "s", parts, None, more_is_better=False),
    ]
