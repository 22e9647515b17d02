"""Event files that a job writes: brought while they grow, in pieces, and nothing that is not the job's."""

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.recording_server import Recorded, recording_server

import mlsteam
from mlsteam.capture.eventfiles import PIECE_BYTES, EventFiles
from mlsteam.eventfiles import records

NAME = "events.out.tfevents.1"
# Grows until it is told to end; nothing in it knows of MLSteam Track.
JOB = """
import pathlib, sys, time
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
writer = EventFileWriter("runs/one")
step = 0
while not pathlib.Path("end").exists():
    step += 1
    writer.add_event(Event(step=step, summary=Summary(value=[Summary.Value(tag="loss", simple_value=1 / step)])))
    writer.flush()
    time.sleep(0.05)
writer.close()
"""


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


@pytest.fixture
def track(server: Recorded, tmp_path: Path) -> Iterator[mlsteam.Track]:
    opened = mlsteam.init("demo", "a.b.c", backend=server.address, spool_dir=tmp_path / "spool", finish_timeout=60)
    yield opened
    opened.stop()


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The working folder of a job."""
    folder = tmp_path / "job"
    (folder / "runs").mkdir(parents=True)
    return folder


def record(content: bytes) -> bytes:
    return struct.pack("<QI", len(content), 0) + content + bytes(4)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds()


def stored(server: Recorded, name: str) -> bytes:
    return server.files.get(f"tensorboard/runs/{name}", ("", b""))[1]


def test_a_file_is_followed_and_only_whole_records_go(server: Recorded, track: mlsteam.Track, job: Path) -> None:
    files = EventFiles(track, job, look_s=0.02)
    path = job / "runs" / NAME
    path.write_bytes(record(b"one") + record(b"two")[:7])
    until(lambda: stored(server, NAME) == record(b"one"))
    path.write_bytes(record(b"one") + record(b"two"))
    until(lambda: stored(server, NAME) == record(b"one") + record(b"two"))
    # Begun anew under the same name.
    path.write_bytes(record(b"x"))
    until(lambda: stored(server, NAME) == record(b"x"))
    path.write_bytes(record(b"x") + record(b"last"))
    files.stop()
    track.stop()
    assert stored(server, NAME) == record(b"x") + record(b"last")


def test_long_files_go_in_pieces_that_are_sent_once(server: Recorded, track: mlsteam.Track, job: Path) -> None:
    path = job / "runs" / NAME
    content = b"".join(record(bytes([number]) * 100_000) for number in range(100))
    whole = [record(b"a") + content[:3_000_480], content[3_000_480:], record(b"z" * (PIECE_BYTES + 5)), record(b"end")]
    files = EventFiles(track, job, look_s=0.02)
    for place, part in enumerate(whole):
        with path.open("ab") as file:
            file.write(part)
        sent = sum(map(len, whole[: place + 1]))
        until(lambda: sum(len(content) for _, content in server.files.values()) >= sent)  # noqa: B023  # called here
    files.stop()
    track.stop()
    names = sorted(server.files)
    assert names[1:] == [f"tensorboard/runs/{NAME}.part{number:04d}" for number in range(1, len(names))]
    pieces = [server.files[name][1] for name in names]
    assert b"".join(pieces) == path.read_bytes()
    assert len(pieces) == 4
    for piece in pieces:
        # Each begins and ends with a record, so that a reader needs no other.
        (job / "piece").write_bytes(piece)
        assert sum(len(found) + 16 for found in records(job / "piece")) == len(piece)


@pytest.mark.parametrize("n_new", [1, 90], ids=["shorter", "longer"])
def test_of_a_file_begun_anew_no_old_piece_is_left(
    server: Recorded, track: mlsteam.Track, job: Path, n_new: int
) -> None:
    path = job / "runs" / NAME
    path.write_bytes(record(b"old") + b"".join(record(bytes([number]) * 100_000) for number in range(88)))
    files = EventFiles(track, job, look_s=0.02)
    until(lambda: sum(len(content) for _, content in server.files.values()) == path.stat().st_size)
    assert len(server.files) == 3
    # Another one in its place at once, so that no look sees it short.
    (job / "new").write_bytes(record(b"new") + b"".join(record(b"n" * 100_000) for _ in range(n_new)))
    (job / "new").replace(path)
    until(lambda: stored(server, NAME).startswith(record(b"new")))
    files.stop()
    track.stop()
    assert b"".join(server.files[name][1] for name in sorted(server.files)) == path.read_bytes()


def test_nothing_else_is_taken(server: Recorded, track: mlsteam.Track, job: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tfevents"
    secret.write_bytes(record(b"secret"))
    for folder in (".hidden", "node_modules"):
        (job / folder).mkdir()
        (job / folder / NAME).write_bytes(record(b"x"))
    (job / "runs" / "link.tfevents").symlink_to(secret)
    (job / "folder").symlink_to(tmp_path)
    old = job / "runs" / "old.tfevents"
    old.write_bytes(record(b"x"))
    os.utime(old, (1, 1))
    os.mkfifo(job / "runs" / "pipe.tfevents")
    (job / "runs" / "no.tfevents").write_bytes(b"\xff" * 64)
    (job / "runs" / "tensors.tsv").write_bytes(b"1\t2\n")
    config = f'embeddings {{ tensor_path: "tensors.tsv" metadata_path: "../../{secret.name}" }}\n'
    (job / "runs" / "projector_config.pbtxt").write_text(config + f'sprite {{ image_path: "{secret}" }}')
    files = EventFiles(track, job, look_s=60)
    files.stop()
    track.stop()
    assert set(server.files) == {"tensorboard/runs/projector_config.pbtxt", "tensorboard/runs/tensors.tsv"}


def run_job(server: Recorded, job: Path, tmp_path: Path, capture: str = "all") -> "subprocess.Popen[bytes]":
    environment = os.environ | {
        "MLSTEAM_API_TOKEN": "a.b.c",
        "MLSTEAM_BACKEND": server.address,
        "MLSTEAM_PROJECT": "demo",
        "MLSTEAM_SPOOL_DIR": str(tmp_path / "spool"),
        "MLSTEAM_CAPTURE": capture,
    }
    command = [sys.executable, "-m", "mlsteam", "run", "--", sys.executable, "-c", JOB]
    return subprocess.Popen(command, cwd=job, env=environment, stderr=subprocess.DEVNULL)


def test_a_job_needs_to_do_nothing_for_it(server: Recorded, job: Path, tmp_path: Path) -> None:
    with run_job(server, job, tmp_path) as agent:

        def newest() -> int:
            (name,) = server.files or [""]
            (tmp_path / "copy").write_bytes(server.files[name][1] if name else b"")
            return len(list(records(tmp_path / "copy")))

        until(lambda: newest() > 5)
        seen = newest()
        until(lambda: newest() > seen)  # while it runs
        (job / "end").touch()
        assert agent.wait(60) == 0
    (written,) = (job / "runs" / "one").iterdir()
    assert server.files[f"tensorboard/runs/one/{written.name}"][1] == written.read_bytes()


def test_it_can_be_switched_off(server: Recorded, job: Path, tmp_path: Path) -> None:
    (job / "end").touch()
    with run_job(server, job, tmp_path, "console") as agent:
        assert agent.wait(60) == 0
    assert server.files == {}
