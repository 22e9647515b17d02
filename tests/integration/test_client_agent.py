"""The agent around a command, as a process of its own: signals, pipes and the time that its end takes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

_AGENT = """
import os, signal, sys, threading, time, mlsteam
from mlsteam.agent import Agent
track = mlsteam.init("demo", mode="offline", spool_dir=sys.argv[1])
{before}
agent = Agent(track, finish_timeout=5)
code = agent.run([sys.executable, "-c", sys.argv[2]], os.environ, has_input=False)
agent.end(code)
sys.exit(code)
"""
# As a signal that comes just before the main thread begins to wait: its handler is noted, and wakes nobody.
_UNHEARD = """
def signal_another_thread():
    time.sleep(1)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=signal_another_thread, daemon=True).start()
"""


def _agent(folder: Path, command: str, before: str = "") -> "subprocess.Popen[bytes]":
    script = _AGENT.format(before=before)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder), command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )


def test_a_signal_that_wakes_nobody_is_passed_on(tmp_path: Path) -> None:
    command = (
        "import signal, sys, time\nsignal.signal(15, lambda *_: sys.exit(7))\nfor _ in range(600): time.sleep(0.1)"
    )
    with _agent(tmp_path, command, _UNHEARD) as agent:
        try:
            assert agent.wait(30) == 7
        finally:
            agent.kill()


def test_a_command_goes_on_when_nobody_reads_what_it_prints(tmp_path: Path) -> None:
    # Much more than a pipe holds: it would wait for ever for somebody who takes it.
    command = "print('first', flush=True)\nfor number in range(200_000): print(number)\nraise SystemExit(9)"
    with _agent(tmp_path, command) as agent:
        assert agent.stdout
        assert agent.stdout.readline() == b"first\n"
        agent.stdout.close()
        assert agent.wait(60) == 9


@pytest.mark.parametrize("prints", ["yes", "sleep 60"])
def test_a_grandchild_that_holds_the_pipe_does_not_hold_the_agent(prints: str, tmp_path: Path) -> None:
    command = f"import subprocess, time\nsubprocess.Popen({prints.split()!r})\ntime.sleep(0.3)\nraise SystemExit(5)"
    with _agent(tmp_path, command) as agent:
        assert agent.stdout
        began = time.monotonic()
        # Nobody reads: a `yes` fills the pipe, and whoever shows its output waits.
        assert agent.wait(30) == 5
        assert time.monotonic() - began < 20
