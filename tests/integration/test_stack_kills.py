"""A server of the whole stack is killed under a training: nothing is lost, nothing is there twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx2
import psutil
import pytest
from support.stack import RunningStack, running_stack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    """A stack without the sample."""
    with running_stack() as started:
        yield started


# Logs for some seconds, and ends when it is told that the server was killed under it; each value is there once, so each
# can be missed.
LONG_TRAINING = """
import sys, time, mlsteam
track = mlsteam.init(name="under fire", finish_timeout=240)
print(track.id, flush=True)
for step in range(6000):
    if step == 5000:
        sys.stdin.readline()
    track["count"].log(float(step), step=step)
    time.sleep(0.001)
track.stop()
"""


def _ingest_api(stack: RunningStack) -> int | None:
    state = json.loads((stack.run_dir / "stack.json").read_text())
    for child in psutil.Process(state["pid"]).children():
        # One that was just killed may be gone, or a zombie that cannot be asked.
        with suppress(psutil.NoSuchProcess):
            if "ingest_api" in child.cmdline():
                return child.pid
    return None


def _postgres(stack: RunningStack) -> int | None:
    try:
        pid = int((stack.run_dir / "data" / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if psutil.pid_exists(pid) else None


@pytest.mark.parametrize("find_victim", [_ingest_api, _postgres])
def test_killing_a_server_under_a_training_loses_and_doubles_nothing(
    stack: RunningStack, find_victim: Callable[[RunningStack], int | None]
) -> None:
    environment = {**stack.environment, **stack.client_environment()}
    with subprocess.Popen(
        [sys.executable, "-c", LONG_TRAINING], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as training:
        assert training.stdin is not None
        assert training.stdout is not None
        track_id = training.stdout.readline().strip()
        killed: set[int] = set()
        for _ in range(2):
            time.sleep(1.5)
            deadline = time.monotonic() + 120
            victim = find_victim(stack)
            while (victim is None or victim in killed) and time.monotonic() < deadline:
                time.sleep(0.1)
                victim = find_victim(stack)
            assert victim is not None
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        training.stdin.write("go on\n")
        training.stdin.flush()
        assert training.wait(300) == 0
    deadline = time.monotonic() + 60
    while (answer := _series(stack, track_id)) is None and time.monotonic() < deadline:
        time.sleep(0.5)
    assert answer is not None
    assert answer["series"][0]["n_stored"] == 6000
    assert answer["series"][0]["points"]["value"] == [float(step) for step in range(6000)]
    assert answer["losses"] == []


def _series(stack: RunningStack, track_id: str) -> Any:
    given = stack.client_environment()
    answer = httpx2.get(
        f"{given['MLSTEAM_BACKEND']}/api/v3/tracks/{track_id}/series?key=count&x=step&buckets=10000",
        headers={"authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}"},
        timeout=30,
    )
    if answer.status_code == 503:
        # The database is still on its way back.
        return None
    assert answer.status_code == 200, answer.text
    return answer.json()
