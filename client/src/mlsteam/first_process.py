"""Process 1 of a container: passes signals on, takes in orphans, kills what does not end when it was asked to.

Called by the `mlsteam` command where that is a container's first process. The system drops signals to process 1 that it
does not handle, and gives it every process that has lost its parent. Guarantees that a signal reaches the agent, that
no zombie stays, and that nothing outlives the agent: the system ends all with process 1.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

_RELAYED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
GRACE_VARIABLE = "MLSTEAM_GRACE_S"
_GRACE_S = 15.0


def is_first() -> bool:
    """Say whether this is process 1."""
    return os.getpid() == 1


def run_as_first(work: Callable[[], int]) -> int:
    """Run `work` in a child and return its exit status; a while after SIGTERM, kill all but the child itself."""
    relayed = {getattr(signal, name) for name in _RELAYED}
    first = _First(float(os.environ.get(GRACE_VARIABLE) or _GRACE_S))
    # No signal may come before there is somebody to pass it on to, nor meet the parent's handlers in the child.
    signal.pthread_sigmask(signal.SIG_BLOCK, relayed)
    for number in relayed:
        signal.signal(number, first.pass_on)
    signal.signal(signal.SIGALRM, first.kill_others)
    first.child = os.fork()
    if first.child == 0:
        for number in (*relayed, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, relayed)
    return first.wait() if first.child else _end_with(work)


def _end_with(work: Callable[[], int]) -> int:
    code = 1
    try:
        code = work()
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        # What waits on the parent's stack must not happen a second time here.
        os._exit(code)


class _First:
    def __init__(self, grace_s: float) -> None:
        self._grace_s, self.child = grace_s, 0

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Give a signal to the child."""
        os.kill(self.child, number)
        if number == signal.SIGTERM:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, self._grace_s))

    def kill_others(self, _number: int, _frame: FrameType | None) -> None:
        """Kill also what has left the command's group to live on; the agent stays, to send the last lines."""
        pids = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
        for pid in pids:
            if pid != 1 and not _is_of_group(pid, self.child):
                try:
                    os.kill(pid, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    continue

    def wait(self) -> int:
        """Reap whatever ends, and return the child's exit status."""
        while True:
            pid, status = os.wait()
            if pid == self.child:
                code = os.waitstatus_to_exitcode(status)
                return 128 - code if code < 0 else code


def _is_of_group(pid: int, child: int) -> bool:
    """Say whether a process is the agent or a helper of it: the command has a group of its own."""
    try:
        return os.getpgid(pid) == os.getpgid(child)
    except ProcessLookupError:
        return True
