"""What a real process prints and how it dies arrives, whatever it prints and however it dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recording_server import TRACK_ID, Recorded, recording_server

import mlsteam
from mlsteam.cli.main import main

START = """
import mlsteam, os, subprocess, sys, threading, time
track = mlsteam.init()
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Recorded]:
    with recording_server() as recorded:
        for name, value in {
            "MLSTEAM_API_TOKEN": "a.b.c",
            "MLSTEAM_BACKEND": recorded.address,
            "MLSTEAM_PROJECT": "demo",
            "MLSTEAM_SPOOL_DIR": str(tmp_path),
            "MLSTEAM_CAPTURE": "console,traceback",
        }.items():
            monkeypatch.setenv(name, value)
        yield recorded


def run(code: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-c", START + code]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, timeout=60, check=False)


def sync_until(server: Recorded, text: str) -> None:
    """Send what was left; the process in between may still be writing it down."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        main(["sync"])
        if any(text in line for stream in ("stdout", "stderr") for line in server.lines(stream)):
            return
        time.sleep(0.1)


def test_output_of_python_of_children_and_of_c_arrives_and_is_shown(server: Recorded) -> None:
    done = run("""
print("from python")
subprocess.run(["echo", "from a child"])
os.write(2, b"from c\\n")
os.write(1, bytes(range(128, 256)) + b"\\0\\n")
for share in range(100): print(f"\\r{share}%", end="")
print("\\nno end", end="")
""")
    assert done.returncode == 0
    for text in (b"from python\n", b"from a child\n", bytes(range(128, 256)), b"\r0%\r1%", b"no end"):
        assert text in done.stdout
    lines = server.lines("stdout")
    assert sorted(lines[:2]) == ["from a child", "from python"]
    assert lines[3:] == ["99%", "no end"]
    assert "from c" in server.lines("stderr")


def test_a_hundred_thousand_lines_arrive_in_order(server: Recorded) -> None:
    done = run("for number in range(100_000): print(number)")
    expected = [str(number) for number in range(100_000)]
    assert done.stdout.decode().split() == expected
    assert server.lines("stdout") == expected


def test_an_uncaught_exception_is_kept_and_the_track_has_failed(server: Recorded) -> None:
    done = run("def train():\n    raise ValueError('no such data')\ntrain()")
    assert done.returncode == 1
    assert b"ValueError: no such data" in done.stderr
    assert str(server.configs()["source/traceback"]).endswith("ValueError: no such data\n")
    assert "ValueError: no such data" in server.lines("stderr")
    assert server.statuses[-1] == "failed"


def test_an_exception_of_a_thread_is_kept_and_the_training_goes_on(server: Recorded) -> None:
    run("t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join(); print('went on')")
    assert "ZeroDivisionError" in str(server.configs()["source/traceback"])
    assert server.lines("stdout") == ["went on"]
    assert server.statuses[-1] == "finished"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import faulthandler, ctypes; faulthandler.enable(); ctypes.string_at(0)", -signal.SIGSEGV),
        ("os._exit(3)", 3),
    ],
)
def test_the_last_words_of_a_crash_are_shown_and_kept(end: str, code: int, server: Recorded) -> None:
    done = run(f"print('last words', flush=True); {end}")
    assert done.returncode == code
    assert b"last words\n" in done.stdout
    sync_until(server, "Segmentation fault" if code == -signal.SIGSEGV else "last words")
    assert server.lines("stdout") == ["last words"]
    if code == -signal.SIGSEGV:
        assert b"Segmentation fault" in done.stderr
        assert any("Segmentation fault" in line for line in server.lines("stderr"))


def test_a_terminal_stays_a_terminal(server: Recorded) -> None:
    reader, writer = os.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(reader, 4096):
                shown.append(data)
        except OSError:
            return

    thread = threading.Thread(target=read)
    thread.start()
    code = START + "print(sys.stdout.isatty(), os.get_terminal_size(1)[0] == os.get_terminal_size(2)[0])"
    subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=writer, timeout=60, check=True)
    os.close(writer)
    thread.join(20)
    os.close(reader)
    assert b"True True\r\n" in b"".join(shown)
    assert server.lines("stdout") == ["True True"]


def test_printing_goes_on_when_the_process_in_between_is_killed(server: Recorded) -> None:
    done = run("""
print("before", flush=True); time.sleep(0.5)
track._captures._consoles[0]._process.kill(); time.sleep(1)
print("x" * 200_000, flush=True); print("after")
""")
    assert done.returncode == 0
    assert done.stdout.startswith(b"before\n")
    assert done.stdout.endswith(b"after\n")
    assert server.lines("stdout")[0] == "before"


@pytest.mark.parametrize(
    "code",
    [
        "sys.stdout.close(); track['loss'].log(1.0)",
        "os.close(1); track['loss'].log(1.0)",
        "sys.stdout = sys.stderr = None; track['loss'].log(1.0)",
        """
t = threading.Thread(target=lambda: [print(i) for i in iter(int, 1)], daemon=True)
t.start()
track["loss"].log(1.0)
time.sleep(0.1)""",
        """
pid = os.fork()
if pid == 0: print("child"); sys.stdout.flush(); os._exit(0)
os.waitpid(pid, 0)
track["loss"].log(1.0)""",
        "subprocess.Popen(['sleep', '3']); track['loss'].log(1.0)",
    ],
)
def test_odd_ends_lose_nothing_and_raise_nothing(code: str, server: Recorded) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stderr
        for stream in (child.stdout, child.stderr):
            threading.Thread(target=stream.read, daemon=True).start()
        child.wait(60)
    assert server.values("loss") == [1.0]
    assert server.statuses[-1] == "finished"
    assert list((Path(os.environ["MLSTEAM_SPOOL_DIR"]) / TRACK_ID).glob("*")) == []


def test_without_stdout_from_the_start(server: Recorded) -> None:
    command = f'exec {sys.executable} -c "$CODE" >&- 2>&-'
    environment = os.environ | {"CODE": START + "track['loss'].log(1.0)"}
    done = subprocess.run(["sh", "-c", command], env=environment, timeout=60, check=False)
    assert done.returncode == 0
    assert server.values("loss") == [1.0]


def test_pytests_own_capture_goes_on(server: Recorded, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    track = mlsteam.init(capture_console=True)
    print("in a test")  # noqa: T201  # what is tested
    track.stop()
    print("afterwards")  # noqa: T201
    assert capsys.readouterr().out == "in a test\nafterwards\n"
    assert server.lines("stdout") == ["in a test"]


def test_source_and_system_arrive(server: Recorded) -> None:
    run("time.sleep(3)", MLSTEAM_CAPTURE="all", SECRET_OF_MINE="hush")
    configs = server.configs()
    assert configs["source/python"] == sys.version.split()[0]
    assert str(configs["source/command"]).startswith(sys.executable)
    assert configs["system/cpu/count"] == os.cpu_count()
    assert b"msgspec==" in server.files["source/packages.txt"][1]
    assert {"system/cpu/percent", "system/memory/percent", "system/process/memory_bytes"} <= server.series_keys()
    assert b"hush" not in b"".join(server.bodies)


def test_everything_can_be_switched_off(server: Recorded) -> None:
    run("print('unseen')", MLSTEAM_CAPTURE="none")
    assert server.batches == []
    assert server.files == {}
