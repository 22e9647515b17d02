"""The supervisor of a local job by itself: what it writes down, as whom it runs, that nothing is left."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.jobs.launchers import processes
from services.jobs.launchers.supervisor import EVENTS, PID, STOP


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that any user can reach, with the supervisor's own in it."""
    folder = Path(tempfile.mkdtemp(prefix="mlsteam-supervisor-"))
    folder.chmod(0o755)
    (folder / "state").mkdir(mode=0o700)
    (folder / "work").mkdir()
    yield folder
    shutil.rmtree(folder)


def _start(place: Path, command: list[str], *, steps: list[dict[str, Any]] | None = None, **more: Any) -> Any:
    plan = {
        "state_dir": str(place / "state"),
        "user": {},
        "limits": {"memory_mb": 0, "cpu_s": 0, "processes": 4096, "user_processes": 0},
        "steps": steps or [],
        "agent": {"argv": command, "env": {"PATH": os.defpath}, "cwd": str(place / "work")},
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "services.jobs.launchers.supervisor"], stdin=subprocess.PIPE, start_new_session=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan).encode())
    process.stdin.close()
    return process


def _events(place: Path) -> list[dict[str, Any]]:
    path = place / "state" / EVENTS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _stop(place: Path, grace_s: float) -> None:
    new = place / "state" / "new"
    new.write_text(json.dumps({"grace_s": grace_s}))
    new.replace(place / "state" / STOP)


def _until(place: Path, phase: str) -> None:
    deadline = time.monotonic() + 30
    while phase not in [event["phase"] for event in _events(place)]:
        assert time.monotonic() < deadline, _events(place)
        time.sleep(0.05)


def _step(*argv: str, **more: Any) -> dict[str, Any]:
    return {"name": "a step", "note": "begins", "argv": list(argv), "env": {}, "cwd": "/", **more}


def test_steps_then_the_command_and_how_each_went(place: Path) -> None:
    steps = [_step("/bin/sh", "-c", "cat; echo done", stdin="told\n")]
    process = _start(place, ["/bin/sh", "-c", "sleep 0.5 & wait; exit 4"], steps=steps)
    assert process.wait(30) == 0
    *before, last = _events(place)
    assert [event["cause"] for event in before] == ["begins", "told", "done", "the command has begun"]
    assert (last["phase"], last["exit_code"], last["signal"], last["n_left"]) == ("ended", 4, "", 0)
    told = json.loads((place / "state" / PID).read_text())
    assert told["pid"] == process.pid
    assert processes.start_of(told["pid"]) is None


def test_a_step_that_fails_ends_the_job_with_its_last_word(place: Path) -> None:
    steps = [_step("/bin/sh", "-c", "echo one >&2; echo the reason >&2; exit 1")]
    assert _start(place, ["/bin/touch", str(place / "work" / "ran")], steps=steps).wait(30) == 0
    last = _events(place)[-1]
    assert (last["cause"], last["reason"], last["exit_code"]) == ("a step: the reason", "PrepareFailed", None)
    assert not (place / "work" / "ran").exists()


def test_stopping_a_step_does_not_wait_for_the_grace(place: Path) -> None:
    process = _start(place, ["/bin/true"], steps=[_step("/bin/sh", "-c", "trap '' TERM; sleep 60")])
    _until(place, "starting")
    time.sleep(0.5)
    began = time.monotonic()
    _stop(place, 15)
    process.wait(30)
    assert time.monotonic() - began < 6
    last = _events(place)[-1]
    assert (last["phase"], last["exit_code"], last["signal"]) == ("ended", None, "SIGKILL")


@pytest.mark.parametrize("grace_s", [0.0, 1.0])
def test_the_grace_is_kept_and_then_nothing_is_left(place: Path, grace_s: float) -> None:
    script = "trap '' TERM; (trap '' TERM; setsid sleep 60 &) ; while :; do sleep 1; done"
    process = _start(place, ["/bin/sh", "-c", script])
    _until(place, "running")
    time.sleep(0.5)
    assert len(processes.descendants_of(process.pid)) >= 3
    began = time.monotonic()
    _stop(place, grace_s)
    process.wait(30)
    # What stands for the agent here does not end either, which costs its three seconds.
    assert grace_s < time.monotonic() - began < grace_s + 5
    last = _events(place)[-1]
    assert (last["signal"], last["exit_code"]) == ("SIGKILL", 137)
    sleeping = [pid for pid in processes.all_pids() if _command(pid) == b"sleep\x0060\x00" and _is_new(pid, began)]
    assert sleeping == []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _is_new(pid: int, began: float) -> bool:
    start = processes.start_of(pid)
    return start is not None and start / os.sysconf("SC_CLK_TCK") > began - 10


def test_signals_to_the_supervisor_itself_do_nothing(place: Path) -> None:
    process = _start(place, ["/bin/sh", "-c", "sleep 1.5; exit 0"])
    _until(place, "running")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
    assert process.wait(30) == 0
    assert _events(place)[-1]["exit_code"] == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_as_another_user(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    shutil.chown(place / "work", nobody.pw_uid)
    user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    script = f"id -u > who; id -G >> who; cat {place}/state/{PID} || echo refused >> who"
    assert _start(place, ["/bin/sh", "-c", script], user=user).wait(30) == 0
    assert (place / "work" / "who").read_text().split() == [str(nobody.pw_uid), str(nobody.pw_gid), "refused"]
