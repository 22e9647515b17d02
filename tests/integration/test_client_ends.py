"""How a program ends is how its track ends; and what signal handlers may do in the middle of a `log`."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recording_server import TRACK_ID, Recorded, recording_server

_START = """
import os, signal, sys, mlsteam
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2], track_id=sys.argv[3],
    finish_timeout=20, capture_traceback=sys.argv[4] == "traceback")
track["loss"].log(1.0)
"""


@pytest.fixture
def server() -> Iterator[Recorded]:
    with recording_server() as recorded:
        yield recorded


def run(code: str, server: Recorded, folder: Path, capture: str = "none") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _START + code, server.address, str(folder), TRACK_ID, capture],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "end",
    [
        ("", "finished", None),
        ("sys.exit()", "finished", None),
        ("sys.exit(0)", "finished", None),
        ("sys.exit(3)", "failed", 3),
        ("sys.exit('no data')", "failed", 1),
        ("1 / 0", "failed", 1),
        ("raise KeyboardInterrupt", "stopped", 1),
        ("with track: sys.exit(2)", "failed", None),
        ("with track: sys.exit(0)", "finished", None),
        ("import threading; t = threading.Thread(target=sys.exit, args=(5,)); t.start(); t.join()", "finished", None),
    ],
)
@pytest.mark.parametrize("capture", ["none", "traceback"])
def test_the_end_of_a_program(capture: str, end: tuple[str, str, int | None], server: Recorded, tmp_path: Path) -> None:
    code, status, exit_code = end
    run(code, server, tmp_path, capture)
    assert server.statuses[-1] == status
    assert server.configs().get("system/exit_code") == exit_code
    is_uncaught = capture == "traceback" and code in {"1 / 0", "raise KeyboardInterrupt"}
    assert ("source/traceback" in server.configs()) == is_uncaught


# The value's conversion raises the signal while the spool is in the middle of the record.
_INSIDE = """
from mlsteam.records import Kind
from mlsteam.spool import SpoolKey

class Signalling:
    calls = 0

    def __float__(self):
        # Packed twice: for the check word, before its slot is taken, and into the file.
        self.calls += 1
        if self.calls == {call}:
            signal.raise_signal(signal.SIGUSR1)
        return 2.0

def handler(number, frame):
    assert track.spool.is_interrupted
    track["from/handler"].log(7.0)
    track["model/state"] = "preempted"
    track["file"].upload(b"content")
    {handler}

signal.signal(signal.SIGUSR1, handler)
assert track.flush(20)
track.spool.append(SpoolKey("loss", Kind.SERIES_FLOAT), 1.0, 1.0, Signalling())
assert not track.spool.is_interrupted
{after}
"""


@pytest.mark.parametrize(
    "case",
    [
        ("print(track.flush())", "track['loss'].log(3.0)", [1.0, 2.0, 3.0], "finished"),
        ("track.stop()", "", [1.0, 2.0], "finished"),
        ("track.stop('stopped'); sys.exit(0)", "", [1.0], "stopped"),
        ("sys.exit(4)", "", [1.0], "failed"),
    ],
)
@pytest.mark.parametrize("call", [1, 2])
def test_a_signal_handler_in_the_middle_of_a_log_neither_hangs_nor_loses(
    call: int, case: tuple[str, str, list[float], str], server: Recorded, tmp_path: Path
) -> None:
    handler, after, losses, status = case
    done = run(_INSIDE.format(call=call, handler=handler, after=after), server, tmp_path)
    assert "AssertionError" not in done.stderr
    assert server.values("loss") == losses
    assert server.values("from/handler") == [7.0]
    assert server.configs()["model/state"] == "preempted"
    assert server.files["file"][1] == b"content"
    assert server.statuses[-1] == status
    assert [list(folder.iterdir()) for folder in tmp_path.iterdir()] == [[]]
