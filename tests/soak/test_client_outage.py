"""A training logs 10,000 points a second while its server is away for many minutes: memory stays flat, all arrive once.

`make soak` runs it; MLSTEAM_SOAK_OUTAGE_MINUTES (20) chooses how long. The server is not there for a third of the time,
takes requests and never answers for another, and refuses each one for the last. Ends by itself.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.client_site import site_of, variables_of
from support.postgres import TestServer
from support.site import Site

import mlsteam

MINUTES = float(os.environ.get("MLSTEAM_SOAK_OUTAGE_MINUTES", "20"))
_KEYS = 10
_MAX_GROWTH_MIB = 64
# How much faster than it was logged an outage must be sent at least.
_CATCH_UP = 4
_TRAINING = """
import json, sys, time, mlsteam
seconds = float(sys.argv[1])

def memory():
    # Without the pages of files: those are the disk's, and the system takes them back when it needs them.
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024

track = mlsteam.init()
handles = [track[f"k{number}"] for number in range(10)]
began, logged, first, most = time.monotonic(), 0, None, 0.0
while (now := time.monotonic()) - began < seconds:
    due = int((now - began) * 1000)
    while logged < due:
        for handle in handles:
            handle.log(float(logged), step=logged)
        logged += 1
    if now - began > 5:
        first = first or memory()
        if logged % 100 < 12:
            most = max(most, memory() - first)
    time.sleep(0.01)
used = time.process_time()
ended = time.monotonic()
is_sent = track.wait(seconds)
found = {"logged": logged, "is_sent": is_sent, "took": time.monotonic() - ended, "dropped": track.dropped}
found |= {"growth": most, "after": memory() - first, "cpu": used / seconds}
print(json.dumps(found), flush=True)
"""


@pytest.fixture
def site(postgres: TestServer, tmp_path: Path) -> Iterator[Site]:
    """A gateway and its services."""
    with site_of(postgres, tmp_path) as started:
        yield started


def _be_away(site: Site, seconds: float) -> None:
    part = seconds / 3
    # A gateway without its services refuses each request.
    site.ingest_api.stop()
    time.sleep(part)
    # A stopped one takes connections, and never answers.
    site.gateway.send_signal(signal.SIGSTOP)
    time.sleep(part)
    site.gateway.send_signal(signal.SIGCONT)
    site.gateway.kill()
    site.gateway.wait()
    time.sleep(part)
    site.start_gateway()
    site.ingest_api.start()
    asyncio.run(site.wait_ready())


def _check(site: Site, logged: int) -> None:
    place = site.place
    track = mlsteam.init("demo", place.token, track_id=str(place.track_id), backend=site.url, mode="read-only")
    expected = np.arange(logged, dtype=np.float64)
    for number in range(_KEYS):
        points = track[f"k{number}"].fetch_values("arrow")
        # In the order of time: a point that is missing, or there twice, would shift all after it.
        assert np.array_equal(points["value"].to_numpy(), expected), f"k{number} has holes or doubles"


@pytest.mark.slow
def test_an_outage_of_many_minutes_costs_no_memory_and_no_point(site: Site, tmp_path: Path) -> None:
    seconds = MINUTES * 60
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
    own = {"MLSTEAM_TRACK_ID": str(site.place.track_id), "MLSTEAM_SPOOL_DIR": str(tmp_path / "spool")}
    environment = kept | variables_of(site) | own
    command = [sys.executable, "-c", _TRAINING, str(seconds + 20)]
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as training:
        assert training.stdout
        time.sleep(10)
        _be_away(site, seconds)
        found = json.loads(training.stdout.readline())
        assert training.wait(120) == 0
    sys.stdout.write(f"\n{found}\n")
    assert found["is_sent"]
    assert found["dropped"] == 0
    assert found["growth"] < _MAX_GROWTH_MIB
    assert found["after"] < _MAX_GROWTH_MIB
    assert found["took"] < seconds / _CATCH_UP
    _check(site, found["logged"])
