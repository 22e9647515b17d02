"""Stdout and stderr as they are: descriptors 1 and 2 go through a process (tee.py) that shows and keeps them.

Called by captures.py. Guarantees that the terminal shows what it would have shown, that output of child processes and
of C code is kept too, and that printing works on when the process in between dies.
"""

import contextlib
import importlib
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from mlsteam.capture.background import in_background
from mlsteam.capture.kept import keep_line
from mlsteam.capture.tee import ACK, FLUSH, FRAME, LEAVE, POSITION, STREAMS, frames_file, frames_of
from mlsteam.ranks import stream_name
from mlsteam.spool import Spool

_POLL_S = 0.2
# What one look takes while the training runs: a flood of lines waits in its file, so that the training is not slowed.
_LOOK_BYTES = 256 * 1024
# How long the last lines are waited for: at most, and even by a program that is in a hurry.
_STOP_WAIT_S, _HURRIED_WAIT_S = 5.0, 0.5


def is_capturable(name: str) -> bool:
    """Say whether Python's stream is the descriptor itself; a notebook's or a test runner's is not."""
    if os.name == "nt" or not sys.executable or getattr(sys, "frozen", False):
        return False
    try:
        return bool(getattr(sys, name).fileno() == STREAMS.index(name) + 1)
    except (AttributeError, OSError, ValueError):
        return False


def _raw_terminal(like: int) -> tuple[int, int]:
    """Open a pseudo terminal that changes no byte, of the size of a real one."""
    termios = importlib.import_module("termios")
    reader, writer = os.openpty()
    modes = termios.tcgetattr(writer)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(writer, termios.TCSANOW, modes)
    copy_size(like, writer)
    return reader, writer


def copy_size(source: int, target: int) -> None:
    """Give one terminal the size of another."""
    termios, fcntl = importlib.import_module("termios"), importlib.import_module("fcntl")
    size = fcntl.ioctl(source, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    fcntl.ioctl(target, termios.TIOCSWINSZ, size)


class _Bent:
    """A descriptor that leads to the process in between, and where it led before."""

    def __init__(self, name: str) -> None:
        self.number = STREAMS.index(name)
        self.descriptor = self.number + 1
        self.real = os.dup(self.descriptor)
        # Progress bars and colours ask whether they write to a terminal; the answer stays what it was.
        self.is_terminal = os.isatty(self.real)
        self.reader, self._writer = _raw_terminal(self.real) if self.is_terminal else os.pipe()
        self._file = os.fstat(self._writer)

    def bend(self) -> None:
        os.dup2(self._writer, self.descriptor)
        os.close(self._writer)

    def restore(self) -> None:
        # Somebody else may have closed it, or put another file there since; then it is theirs to put back.
        try:
            now = os.fstat(self.descriptor)
        except OSError:
            return
        if (now.st_ino, now.st_dev) == (self._file.st_ino, self._file.st_dev):
            os.dup2(self.real, self.descriptor)

    def let_go(self) -> None:
        os.close(self.real)
        os.close(self.reader)


class DescriptorConsole:
    """Captures at the level of descriptors until stopped."""

    def __init__(self, spool: Spool, root: Path, track_id: str, names: list[str], rank: str = "0") -> None:
        self._streams = [stream_name(stream, rank) for stream in STREAMS]
        self._spool, self._lock = spool, threading.Lock()
        self._folder = spool.folder / "console"
        self._folder.mkdir(mode=0o700)
        places = {"root": str(root), "track_id": track_id, "path": sys.path, "streams": self._streams}
        (self._folder / "places.json").write_text(json.dumps(places))
        self._read_note = os.open(self._folder / "read", os.O_WRONLY | os.O_CREAT, 0o600)
        self._number, self._at = 1, 0
        self._acks = 0
        self._is_over = False
        _flush_python()
        self._bent = [_Bent(name) for name in names]
        self._process = self._start_process()
        for bent in self._bent:
            bent.bend()
        self._owner = os.getpid()
        self._thread = in_background("console", self._follow)

    def _start_process(self) -> "subprocess.Popen[bytes]":
        theirs, self._control = os.pipe()
        passed = [theirs, *(number for bent in self._bent for number in (bent.reader, bent.real))]
        numbers = [str(number) for bent in self._bent for number in (bent.number, bent.reader, bent.real)]
        script = str(Path(__file__).with_name("tee.py"))
        try:
            return subprocess.Popen(  # noqa: S603  # this interpreter, and a file of ours
                [sys.executable, "-I", "-S", script, str(self._folder), str(theirs), *numbers],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=passed,
                # Ctrl-C and a kill of the whole group are for the training; its last words are still to be kept.
                start_new_session=True,
            )
        finally:
            os.close(theirs)

    def _follow(self) -> None:
        while not self._is_over:
            time.sleep(_POLL_S)
            self._take()
            if self._process.poll() is not None:
                self._rescue()
                return
            for bent in self._bent:
                if bent.is_terminal:
                    with contextlib.suppress(OSError):
                        copy_size(bent.real, bent.descriptor)

    def _rescue(self) -> None:
        """Print directly from now on: the process in between was killed."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
            for bent in self._bent:
                bent.restore()
                os.set_blocking(bent.reader, False)
                with contextlib.suppress(OSError):
                    # What nobody has read yet, so that no writer waits for ever.
                    while data := os.read(bent.reader, 65_536):
                        os.write(bent.real, data)

    def _take(self, at_most: int = _LOOK_BYTES) -> bool:
        """Put lines that arrived into the spool, each once; False when there are none."""
        with self._lock:
            path = frames_file(self._folder, self._number)
            # A file that has a next one is complete.
            is_complete = frames_file(self._folder, self._number + 1).exists()
            if not path.exists():
                return False
            with path.open("rb") as file:
                file.seek(self._at)
                frames = frames_of(file.read(at_most))
            for stream, now, line in frames:
                if stream == ACK:
                    self._acks += 1
                else:
                    keep_line(self._spool, self._streams[stream], line.decode(errors="replace"), now)
                self._at += FRAME.size + len(line)
            is_read = is_complete and not frames
            if is_read:
                self._number, self._at = self._number + 1, 0
            if frames or is_read:
                # Noted after the lines are safe: a kill right here shows some lines twice, and loses none.
                os.pwrite(self._read_note, POSITION.pack(self._number, self._at), 0)
            if is_read:
                path.unlink()
            return bool(frames) or is_read

    def stop(self, until: float) -> None:
        """Put back the descriptors, after everything that was written has been shown and kept."""
        if self._is_over or os.getpid() != self._owner:
            return
        _flush_python()
        for bent in self._bent:
            bent.restore()
        with contextlib.suppress(OSError):
            os.write(self._control, FLUSH)
        now = time.monotonic()
        deadline = now + max(_HURRIED_WAIT_S, min(_STOP_WAIT_S, until - now))
        # Not until nothing more comes: children that still hold our streams may print without an end.
        while not self._acks and time.monotonic() < deadline:
            is_alive = self._process.poll() is None
            if not self._take():
                if not is_alive:
                    break
                time.sleep(0.002)
        self._is_over = True
        with contextlib.suppress(OSError):
            os.write(self._control, LEAVE)
        os.close(self._control)
        for bent in self._bent:
            bent.let_go()
        # It stays while children of the training still print; then nobody is left to wait for it.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        self._process.returncode = self._process.returncode or 0
        os.close(self._read_note)
        shutil.rmtree(self._folder, ignore_errors=True)

    def after_fork_in_child(self) -> None:
        """Forget it: a child prints through its parent's streams."""
        for number in (self._control, *(bent.reader for bent in self._bent)):
            with contextlib.suppress(OSError):
                os.close(number)
        self._process.returncode = 0
        self._is_over = True


def _flush_python() -> None:
    for stream in (sys.stdout, sys.stderr):
        # A stream that was closed has nothing to flush.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
