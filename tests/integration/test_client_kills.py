"""Trainings that die at random moments, a full disk, and a server that is not there: the client's promises in short."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.kills import kill_once
from support.recording_server import TRACK_ID, recording_server

from mlsteam.cli.main import main


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")


@pytest.mark.parametrize("seed", range(25))
def test_a_killed_training_loses_nothing(seed: int, tmp_path: Path) -> None:
    with recording_server() as server:
        kill_once(server, tmp_path, seed)


_FULL_DISK = """
import resource, sys, mlsteam
# A segment is 4 MiB: this allows none of them.
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], track_id=sys.argv[3])
for number in range(1000):
    track["loss"].log(float(number))
print(track.dropped)
"""


def test_a_disk_without_room_drops_counts_and_never_raises(tmp_path: Path) -> None:
    with recording_server() as server:
        said = subprocess.run(
            [sys.executable, "-c", _FULL_DISK, server.address, str(tmp_path), TRACK_ID],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    assert int(said.stdout) == 1000


_SILENT = """
import sys, time, mlsteam
began = time.monotonic()
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], track_id=sys.argv[3],
    finish_timeout=1)
started = time.monotonic() - began
slowest = 0.0
for number in range(20000):
    began = time.perf_counter()
    track["loss"].log(float(number))
    slowest = max(slowest, time.perf_counter() - began)
began = time.monotonic()
track.stop()
print(started, slowest, time.monotonic() - began)
"""


def test_a_server_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        address = f"http://127.0.0.1:{hole.getsockname()[1]}"
        said = subprocess.run(
            [sys.executable, "-c", _SILENT, address, str(tmp_path), TRACK_ID],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    started, slowest, ended = map(float, said.stdout.split())
    assert started < 10
    assert slowest < 1
    assert ended < 3
    assert "mlsteam sync" in said.stderr
    with recording_server() as server:
        assert main(["sync", "--spool-dir", str(tmp_path), "--backend", server.address]) == 0
        assert server.values("loss") == [float(number) for number in range(20000)]


_INTERRUPTED = """
import sys, mlsteam
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], track_id=sys.argv[3])
track["loss"].log(1.0)
print("logged", flush=True)
"""


def test_ctrl_c_ends_the_wait_at_the_end(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _INTERRUPTED, "http://127.0.0.1:9", str(tmp_path), TRACK_ID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        # The end of the track is noted in the spool just before the wait begins.
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("*/*/end")) and time.monotonic() < deadline:
            time.sleep(0.02)
        began = time.monotonic()
        os.kill(child.pid, signal.SIGINT)
        said = child.stderr.read()
    assert time.monotonic() - began < 10
    assert "mlsteam sync" in said
    assert "Traceback" not in said


_WORKERS = """
import multiprocessing, sys, mlsteam

def work(track, handle, place):
    for number in range(200):
        handle.log(float(number))
        track.log({f"w{place}/a": float(number), f"w{place}/b": number}, step=number)

if __name__ == "__main__":
    track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], track_id=sys.argv[3])
    track["main"].log(1.0)
    context = multiprocessing.get_context(sys.argv[4])
    workers = [context.Process(target=work, args=(track, track[f"w{place}/loss"], place)) for place in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    track["main"].log(2.0)
"""


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_four_workers_log_to_one_track_and_its_end_comes_last(how: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(_WORKERS)
    spool = tmp_path / "spool"
    with recording_server() as server:
        subprocess.run(
            [sys.executable, str(script), server.address, str(spool), TRACK_ID, how],
            check=True,
            timeout=120,
            stderr=subprocess.DEVNULL,
        )
        every = [float(number) for number in range(200)]
        for place in range(4):
            assert server.values(f"w{place}/loss") == every
            assert server.values(f"w{place}/a") == every
        assert server.values("main") == [1.0, 2.0]
        assert len(server.marks) == 5
        assert server.statuses[-1] == "finished"
        assert list((spool / TRACK_ID).iterdir()) == []


_SEVERAL = """
import mlsteam, sys, time, atexit
began = time.monotonic()
atexit.register(lambda: print(time.monotonic() - began, flush=True))
for number in range(3):
    track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], finish_timeout=float(sys.argv[3]))
    track["loss"].log(1.0)
print("open", flush=True)
began = time.monotonic()
"""


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_several_tracks_share_the_time_of_the_end(*, is_interrupted: bool, tmp_path: Path) -> None:
    # A server that takes tracks, and no batch.
    with recording_server() as server:
        server.hostile = [lambda handler: time.sleep(60)] * 100
        command = [sys.executable, "-c", _SEVERAL, server.address, str(tmp_path), "60" if is_interrupted else "3"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert child.stdout
            assert child.stderr
            child.stdout.readline()
            deadline = time.monotonic() + 30
            while len(list(tmp_path.glob("*/*/end"))) < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            if is_interrupted:
                child.send_signal(signal.SIGINT)
            said = child.stderr.read()
            took = float(child.stdout.read())
    assert took < 7
    assert said.count("mlsteam sync") == 3
    assert "Traceback" not in said
