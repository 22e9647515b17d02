"""`init()` in the workers of a training, and in the programs that it starts: whose track it gives."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recording_server import Recorded, recording_server

# What stands in a script that was written without a thought of workers; a name of its own each time it is imported.
_TOP = """
import multiprocessing, os, subprocess, sys, mlsteam
track = mlsteam.init("demo", name=f"try of {os.getpid()}")
track["top/config"] = os.getpid()
track["top/loss"].log(1.0)
"""
_MAIN = """
def work(place):
    for number in range(100):
        track[f"w{place}"].log(float(number))

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    if sys.argv[2:]:
        context.set_forkserver_preload(sys.argv[2:])
    workers = [context.Process(target=work, args=(place,)) for place in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    track["top/loss"].log(2.0)
"""


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, server: Recorded, tmp_path: Path) -> None:
    for name in ("MLSTEAM_PROJECT", "MLSTEAM_TRACK_ID", "MLSTEAM_FAMILY", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLSTEAM_API_TOKEN", "a.b.c")
    monkeypatch.setenv("MLSTEAM_BACKEND", server.address)
    monkeypatch.setenv("MLSTEAM_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.setenv("MLSTEAM_CAPTURE", "traceback")


def run(folder: Path, *arguments: str, **files: str) -> str:
    """Run `train.py` of some files; returns what it wrote to stderr."""
    for name, code in files.items():
        (folder / f"{name}.py").write_text(code)
    command = [sys.executable, "train.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("how", ["spawn", "fork", "forkserver"])
def test_workers_that_import_the_script_again_log_to_its_track(how: str, server: Recorded, tmp_path: Path) -> None:
    said = run(tmp_path, how, train=_TOP + _MAIN)
    assert len(server.made) == 1
    for place in range(4):
        assert server.values(f"w{place}") == [float(number) for number in range(100)]
    # What the imported code logs was logged by the parent.
    assert server.values("top/loss") == [1.0, 2.0]
    assert len(server.marks) == 5
    assert server.statuses[-1] == "finished"
    assert server.statuses.count("finished") == 1
    assert said.count("mlsteam:") == 1
    assert list((tmp_path / "spool" / server.made[0]).iterdir()) == []


@pytest.mark.parametrize("arguments", [("spawn",), ("forkserver", "tracked")])
def test_so_do_those_that_import_a_module_in_which_it_stands(
    arguments: tuple[str, ...], server: Recorded, tmp_path: Path
) -> None:
    main = "from tracked import *\n" + _MAIN.replace("def work", "def unused")
    work = _MAIN.partition("if __name__")[0]
    run(tmp_path, *arguments, train=main, tracked=_TOP + work)
    assert len(server.made) == 1
    assert [len(server.values(f"w{place}")) for place in range(4)] == [100] * 4
    assert server.values("top/loss") == [1.0, 2.0]
    assert server.statuses.count("finished") == 1


_OWN_WORK = """
import multiprocessing, os, subprocess, sys, mlsteam

def work(names):
    for name in names:
        with mlsteam.init("demo", name=name) as track:
            track[name or "joined"].log(1.0)

if __name__ == "__main__":
    track = mlsteam.init("demo", name="driver")
    worker = multiprocessing.get_context(sys.argv[1]).Process(target=work, args=([None, "driver", None, "a", "b"],))
    worker.start()
    worker.join()
    track["last"].log(1.0)
"""


@pytest.mark.parametrize("how", ["spawn", "fork"])
def test_a_worker_that_asks_for_a_track_of_another_name_gets_one(how: str, server: Recorded, tmp_path: Path) -> None:
    run(tmp_path, how, train=_OWN_WORK)
    assert len(server.made) == 3
    assert server.values("joined") == [1.0, 1.0]
    assert server.values("last") == server.values("a") == [1.0]
    assert server.statuses.count("finished") == 3


def test_a_worker_of_a_training_whose_track_has_ended_makes_none(server: Recorded, tmp_path: Path) -> None:
    said = run(
        tmp_path,
        "spawn",
        train=_TOP
        + "if __name__ == '__main__': track.stop()\n"
        + _MAIN.replace('    track["top/loss"].log(2.0)\n', ""),
    )
    assert len(server.made) == 1
    assert said.count("its parent's has ended") == 4
    assert server.values("w0") == []


_STARTS = """
import os, subprocess, sys, mlsteam
track = mlsteam.init("demo")
track["of"].log(float(len(sys.argv)))
if len(sys.argv) == 1:
    subprocess.run([sys.executable, "train.py", "child"], check=True, env=os.environ | RANKS)
    track["last"].log(1.0)
"""


def test_a_program_that_a_training_starts_has_a_track_of_its_own(server: Recorded, tmp_path: Path) -> None:
    run(tmp_path, train=_STARTS.replace("RANKS", "{}"))
    assert len(server.made) == 2
    assert server.statuses.count("finished") == 2


def test_a_program_that_is_a_further_rank_of_the_training_joins_it(server: Recorded, tmp_path: Path) -> None:
    run(tmp_path, train=_STARTS.replace("RANKS", '{"LOCAL_RANK": "1", "WORLD_SIZE": "2"}'))
    assert len(server.made) == 1
    assert server.values("of") == [1.0, 2.0]
    assert server.statuses.count("finished") == 1
