"""The parent of a training: captures its console and event files, passes signals on, sends what it left.

Called by `mlsteam run`; jobs start their commands the same way. Guarantees that the exit status of the command is the
agent's, and that the track ends as the command did: finished, stopped by a signal that was passed on, or failed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from mlsteam.capture.eventfiles import EventFiles
from mlsteam.capture.streams import KeptLines
from mlsteam.notices import say
from mlsteam.track import Track

_RELAYED = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)
# A grandchild that keeps the pipe open must not keep the agent.
_LAST_LINES_S = 2.0
_LOOK_UP_S = 0.5


class Agent:
    """Runs one command for one track; event files that it writes below `folder` are followed."""

    def __init__(
        self,
        track: Track,
        *,
        finish_timeout: float = 60.0,
        folder: Path | None = None,
        hide: Callable[[str], str] | None = None,
    ) -> None:
        self._track, self._finish_timeout, self._folder, self._hide = track, finish_timeout, folder, hide
        self._process: subprocess.Popen[bytes] | None = None
        self._relayed: int | None = None
        self._event_files: EventFiles | None = None
        # On a terminal the command stays in our group, so that it may read; signals of keys reach it by themselves.
        self._is_interactive = sys.stdin is not None and sys.stdin.isatty()

    def _relay(self, number: int, _frame: FrameType | None) -> None:
        self._relayed = number
        process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            if self._is_interactive:
                if number not in (signal.SIGINT, getattr(signal, "SIGQUIT", None)):
                    process.send_signal(number)
            elif hasattr(os, "killpg"):
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        except ProcessLookupError:
            return

    @property
    def was_signalled(self) -> bool:
        """Whether a signal was passed on: whoever sent it wants no further command."""
        return self._relayed is not None

    def _copy(self, pipe: IO[bytes], shown: int, lines: KeptLines) -> None:
        descriptor, is_shown = pipe.fileno(), True
        while chunk := os.read(descriptor, 65_536):
            lines.write(chunk)
            rest = memoryview(chunk)
            while rest and is_shown:
                try:
                    # Past Python's stream: a thread that is still here at the exit must not hold its lock.
                    rest = rest[os.write(shown, rest) :]
                except BlockingIOError:  # noqa: PERF203  # each write may be the one that fails
                    time.sleep(0.005)
                except OSError:
                    # What we were piped into has ended. The command goes on, and so does its record.
                    is_shown = False

    def run(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        streams: tuple[str, str] = ("stdout", "stderr"),
        has_input: bool = True,
    ) -> int:
        """Run the command to its end and return its exit status; 128 and the number of a signal that ended it.

        What it prints becomes lines of the two streams. Raises: OSError when it cannot be started.
        """
        if self._folder is not None and self._event_files is None:
            self._event_files = EventFiles(self._track, self._folder)
        before = {number: signal.signal(number, self._relay) for number in _RELAYED}
        try:
            self._process = process = subprocess.Popen(  # noqa: S603  # the user's own command
                command,
                stdin=None if has_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Console and system are captured here already.
                env={"PYTHONUNBUFFERED": "1", "MLSTEAM_CAPTURE": "traceback,source", **environment},
                start_new_session=not self._is_interactive and os.name == "posix",
            )
            if self._relayed is not None:
                self._relay(self._relayed, None)
            self._capture(process, streams)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        code = process.returncode
        return 128 - code if code < 0 else code

    def _capture(self, process: "subprocess.Popen[bytes]", streams: tuple[str, str]) -> None:
        # One object for both where both go to one stream: its lines then stay whole.
        of_stream = {stream: KeptLines(self._track.spool, stream, self._hide) for stream in streams}
        kept, threads = list(of_stream.values()), []
        for shown, stream, pipe in zip((1, 2), streams, (process.stdout, process.stderr), strict=True):
            if pipe is not None:
                copied = (pipe, shown, of_stream[stream])
                threads.append(threading.Thread(target=self._copy, args=copied, daemon=True))
                threads[-1].start()
        _wait(process)
        for thread in threads:
            thread.join(_LAST_LINES_S)
        for lines in kept:
            lines.finish()

    def end(self, code: int) -> None:
        """Send what the command left, then the end of the track, in `finish_timeout` at most."""
        status = "finished" if code == 0 else "stopped" if self._relayed is not None else "failed"
        self._track["system/exit_code"] = code
        until = time.monotonic() + self._finish_timeout
        if self._event_files is not None:
            self._event_files.stop(until)
        self._track.stop(status, timeout=until - time.monotonic())
        if code:
            say(f"the command ended with {code}; the track is {status}.")


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of a process in another thread, and look up now and then.

    A signal that comes just before the main thread begins to wait does not wake it, and its handler, which passes it
    on, runs only between two steps of the main thread.
    """
    waiting = threading.Thread(target=process.wait, name="mlsteam-command", daemon=True)
    waiting.start()
    while waiting.is_alive():
        waiting.join(_LOOK_UP_S)
