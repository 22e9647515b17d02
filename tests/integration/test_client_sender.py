"""The client against a real HTTP server on loopback that misbehaves: nothing is lost, nothing comes twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.recording_server import TRACK_ID, Recorded, failure, recording_server

import mlsteam
from mlsteam.cli.main import main

# It ends by a signal only, so no machine is fast enough to reach its end first; the rests keep what it leaves small.
LOGGING_CHILD = """
import itertools, mlsteam, sys, time
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], finish_timeout=120)
for number in itertools.count():
    track["loss"].log(float(number))
    if number % 100 == 0:
        print(number, flush=True)
        time.sleep(0.001)
"""


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("MLSTEAM_BACKEND", "MLSTEAM_PROJECT", "MLSTEAM_TRACK_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")


def start(server: Recorded, folder: Path, **arguments: object) -> mlsteam.Track:
    return mlsteam.init("demo", backend=server.address, spool_dir=folder, finish_timeout=60, **arguments)  # type: ignore[arg-type]


def until(holds: Callable[[], bool]) -> None:
    """Wait until the sender's thread has come so far; what the test asserts says whether it did."""
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_everything_arrives_and_nothing_is_left(server: Recorded, tmp_path: Path) -> None:
    with start(server, tmp_path) as track:
        track["model"] = {"name": "small", "layers": 4}
        for number in range(50):
            track["loss/val"].log(float(number), step=number)
        track["report"].upload(b"# fine", content_type="text/markdown")
    assert server.values("loss/val") == [float(number) for number in range(50)]
    assert server.files == {"report": ("text/markdown", b"# fine")}
    assert server.statuses == ["running", "finished"]
    configs = [config for batch in server.batches for config in batch.get("configs", [])]
    assert {config["key"]: config["value"] for config in configs} == {"model/name": "small", "model/layers": 4}
    assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == [[]]


def test_an_exception_ends_the_track_as_failed(server: Recorded, tmp_path: Path) -> None:
    track = start(server, tmp_path)
    with pytest.raises(ZeroDivisionError), track:
        raise ZeroDivisionError
    assert server.statuses[-1] == "failed"
    with pytest.raises(mlsteam.TrackClosedError):
        track["loss"].log(1.0)


def test_sigkill_then_sync_brings_every_record_exactly_once(server: Recorded, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOGGING_CHILD, server.address, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        last = 0
        deadline = time.monotonic() + 120
        # Killed in the middle: some batches are acknowledged, one is in flight, the rest was never cut.
        while (len(server.batches) < 3 or last < 5000) and time.monotonic() < deadline:
            last = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read().split("\n")
        last = max([last, *(int(line) for line in rest[:-1] if line)])
    assert main(["sync", "--spool-dir", str(tmp_path), "--backend", server.address]) == 0
    values = server.values("loss")
    assert values == [float(number) for number in range(len(values))]
    assert len(values) > last
    assert list(tmp_path.iterdir()) == []


def test_sigterm_sends_the_rest_before_the_process_ends(server: Recorded, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOGGING_CHILD, server.address, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        child.stdout.read()
    assert child.returncode == -signal.SIGTERM
    assert server.statuses[-1] == "stopped"
    values = server.values("loss")
    assert values
    assert values == [float(number) for number in range(len(values))]
    assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == [[]]


def test_a_lost_answer_brings_nothing_twice(server: Recorded, tmp_path: Path) -> None:
    server.misbehave = [((200, {"Content-Type": "text/html"}, b"<html>sign in</html>"), True)]
    with start(server, tmp_path) as track:
        track["loss"].log(1.0)
        track["loss"].log(2.0)
    assert server.values("loss") == [1.0, 2.0]


@pytest.mark.parametrize(
    "trouble",
    [
        failure(503, "unavailable", Retry_After="0"),
        failure(429, "write_queue_full"),
        (200, {}, b"{}"),
        (502, {}, b"bad"),
    ],
)
def test_trouble_is_outlived(server: Recorded, tmp_path: Path, trouble: tuple[int, dict[str, str], bytes]) -> None:
    server.misbehave = [(trouble, False)]
    with start(server, tmp_path) as track:
        track["loss"].log(1.0)
    assert server.values("loss") == [1.0]


def test_a_batch_too_large_is_sent_in_smaller_ones(server: Recorded, tmp_path: Path) -> None:
    server.max_points = 30
    with start(server, tmp_path) as track:
        for number in range(200):
            track["loss"].log(float(number))
    assert server.values("loss") == [float(number) for number in range(200)]


def test_a_server_that_forgot_is_told_again(server: Recorded, tmp_path: Path) -> None:
    with start(server, tmp_path) as track:
        for number in range(3):
            track["loss"].log(float(number))
            assert track.flush(60)
        with server.lock:
            server.marks.clear()
            server.batches.clear()
        track["loss"].log(3.0)
    assert server.values("loss") == [0.0, 1.0, 2.0, 3.0]


def test_a_refused_token_is_read_again(server: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = start(server, tmp_path)
    server.misbehave = [(failure(401, "unauthenticated"), False)]
    track["loss"].log(1.0)
    until(lambda: not server.misbehave)
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "d.e.f")
    track.stop()
    assert server.values("loss") == [1.0]
    assert "Bearer d.e.f" in server.tokens


def test_a_forked_child_is_a_writer_of_its_own(server: Recorded, tmp_path: Path) -> None:
    track = start(server, tmp_path)
    track["parent"].log(1.0)
    child = os.fork()
    if child == 0:
        # As a worker of a data loader ends: without atexit.
        track["child"].log(2.0)
        os._exit(0)
    os.waitpid(child, 0)
    track["parent"].log(3.0)
    track.stop()
    assert main(["sync", "--spool-dir", str(tmp_path), "--backend", server.address]) == 0
    assert server.values("parent") == [1.0, 3.0]
    assert server.values("child") == [2.0]
    assert len(server.marks) == 2
    assert server.statuses[-1] == "finished"


def test_the_next_init_of_a_track_sends_what_a_dead_one_left(server: Recorded, tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        dead = mlsteam.init(
            None, track_id=TRACK_ID, backend="http://127.0.0.1:9", spool_dir=tmp_path, finish_timeout=0.1
        )
        dead["loss"].log(1.0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with start(server, tmp_path, track_id=TRACK_ID) as track:
        track["loss"].log(2.0)
        until(lambda: len(server.values("loss")) == 2)
    assert sorted(server.values("loss")) == [1.0, 2.0]


def test_without_a_server_the_training_goes_on_and_its_track_is_made_later(server: Recorded, tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        track = mlsteam.init("demo", backend="http://127.0.0.1:9", spool_dir=tmp_path)
        track["loss"].log(1.0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert main(["sync", "--spool-dir", str(tmp_path), "--backend", server.address]) == 0
    assert server.values("loss") == [1.0]
    assert len(server.made) == 1


def test_a_project_that_is_missing_is_named(server: Recorded, tmp_path: Path) -> None:
    with pytest.raises(mlsteam.APIStatusError, match="There is no project 'nope'"):
        mlsteam.init("nope", backend=server.address, spool_dir=tmp_path)


def test_the_console_is_kept(server: Recorded, tmp_path: Path) -> None:
    with start(server, tmp_path, capture_console=True):
        sys.stdout.write("one\rtwo\n")
        sys.stdout.write("end")
    blocks = [block for batch in server.batches for block in batch.get("console", [])]
    assert [line for block in blocks for line in block["lines"]] == ["two", "end"]
