"""`mlsteam` as process 1 of a container: signals, orphans, and what does not want to end. Needs namespaces."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from typing import Self

import psutil
import pytest

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="process namespaces need root and unshare"
)
FIRST = """
import subprocess, sys
from mlsteam.first_process import is_first, run_as_first
assert is_first()
def work():
    # As the agent does: the command has a session of its own.
    process = subprocess.Popen(sys.argv[1:], start_new_session=True)
    import signal, os
    signal.signal(signal.SIGTERM, lambda number, _: os.killpg(process.pid, number))
    print("ready", flush=True)
    code = process.wait()
    return 128 - code if code < 0 else code
sys.exit(run_as_first(work))
"""


_UNSHARE = ("unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc")


class Container:
    """A process namespace whose process 1 is ours."""

    def __init__(self, *command: str, grace_s: float = 15) -> None:
        self.process = subprocess.Popen(
            [*_UNSHARE, sys.executable, "-c", FIRST, *command],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "MLSTEAM_GRACE_S": str(grace_s)},
        )
        assert self.process.stdout is not None
        self.out = self.process.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)
        self.out.close()

    def until(self, *texts: str) -> None:
        missing = set(texts)
        while missing and (line := self.out.readline()):
            missing -= {text for text in missing if text in line}
        assert not missing, f"{missing} never came"

    def all_inside(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def signal(self, number: signal.Signals) -> None:
        self.all_inside()[0].send_signal(number)


def test_it_ends_with_its_command() -> None:
    for line, code in (("exit 7", 7), ("kill -KILL $$", 137)):
        with Container("sh", "-c", line) as container:
            assert container.process.wait(20) == code


def test_a_signal_reaches_the_command_at_once() -> None:
    line = "trap 'echo bye; exit 3' TERM; echo begun; while :; do sleep 0.05; done"
    with Container("sh", "-c", line) as container:
        # Before that, nobody takes the signal.
        container.until("begun", "ready")
        began = time.monotonic()
        container.signal(signal.SIGTERM)
        assert container.process.wait(10) == 3
        assert time.monotonic() - began < 3


def test_orphans_are_reaped_while_the_command_runs() -> None:
    # Each inner shell dies at once and leaves a child that ends a little later with no parent.
    line = "for i in 1 2 3 4 5; do sh -c 'sleep 0.2 &'; done; sleep 1; echo now; sleep 30"
    with Container("sh", "-c", line) as container:
        container.until("now")
        states = [process.status() for process in container.all_inside()]
        assert len(states) >= 3
        assert psutil.STATUS_ZOMBIE not in states


def test_what_ignores_signals_and_what_hides_is_killed_after_the_grace() -> None:
    stay = "trap '' TERM HUP; while :; do sleep 0.1; done"
    hidden = f"import os; os.setsid(); os.execlp('sh', 'sh', '-c', {stay!r})"
    line = f'{sys.executable} -c "$HIDDEN" & echo begun; {stay}'
    with Container("sh", "-c", f"HIDDEN={shlex.quote(hidden)}; {line}", grace_s=0.5) as container:
        container.until("begun")
        time.sleep(0.5)
        inside = container.all_inside()
        assert len({os.getsid(process.pid) for process in inside}) >= 3
        began = time.monotonic()
        container.signal(signal.SIGTERM)
        assert container.process.wait(10) == 137
        assert 0.4 < time.monotonic() - began < 5
        assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in inside)
