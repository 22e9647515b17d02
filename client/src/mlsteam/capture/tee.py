"""The process between a training's stdout and stderr and its terminal: shows everything at once, keeps every line.

Started by console.py, by its path, with nothing but the standard library. A process and not a thread, because a thread
cannot read while C code prints with the interpreter locked, and dies with the training: the last words of a crash are
those that matter. Lines go to files that the training's thread reads; when the training died, they become a spool here.
"""

import importlib
import importlib.util
import json
import os
import selectors
import struct
import sys
import time
from pathlib import Path
from typing import Any

FRAME = struct.Struct("<BdI")
POSITION = struct.Struct("<QQ")
STREAMS = ("stdout", "stderr")
ACK = 255
FILE_BYTES = 4 * 1024 * 1024
# What is in the pipes is read much sooner; a child that prints without an end must not keep the training.
_DRAIN_S = 1.0
FLUSH, LEAVE = b"f", b"q"


def frames_file(folder: Path, number: int) -> Path:
    """Name the file that holds the frames of a number."""
    return folder / f"{number:08d}.frames"


def frames_of(raw: bytes) -> list[tuple[int, float, bytes]]:
    """Return the whole frames that some bytes begin with."""
    frames, at = [], 0
    while at + FRAME.size <= len(raw):
        stream, now, size = FRAME.unpack_from(raw, at)
        end = at + FRAME.size + size
        if end > len(raw):
            break
        frames.append((stream, now, raw[at + FRAME.size : end]))
        at = end
    return frames


class FrameFiles:
    """The lines on their way to the training's thread."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number, self._size, self._lost = folder, 0, FILE_BYTES, 0
        self._descriptor = -1

    def write(self, stream: int, now: float, lines: list[bytes]) -> None:
        """Add frames; on a full disk they are counted, and said once there is room."""
        raw = b"".join(FRAME.pack(stream, now, len(line)) + line for line in lines)
        try:
            if self._lost:
                note = f"mlsteam: {self._lost} lines could not be kept, the disk was full".encode()
                raw = FRAME.pack(stream, now, len(note)) + note + raw
            self._append(raw)
            self._lost = 0
        except OSError:
            self._lost += len(lines)

    def _append(self, raw: bytes) -> None:
        if self._size >= FILE_BYTES:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = os.open(frames_file(self._folder, self._number + 1), flags, 0o600)
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor, self._number, self._size = descriptor, self._number + 1, 0
        if os.write(self._descriptor, raw) != len(raw):
            os.ftruncate(self._descriptor, self._size)
            raise OSError
        self._size += len(raw)


class SpoolLines:
    """Where lines go after the training died: a spool of their own, which whoever comes next sends."""

    def __init__(self, folder: Path, places: dict[str, Any]) -> None:
        self._folder, self._places = folder, places
        self._spool: Any = None

    def _unread(self) -> list[tuple[int, float, bytes]]:
        try:
            number, at = POSITION.unpack((self._folder / "read").read_bytes())
        except (OSError, struct.error):
            number, at = 1, 0
        frames = []
        while (path := frames_file(self._folder, number)).exists():
            frames += frames_of(path.read_bytes()[at:])
            number, at = number + 1, 0
        return frames

    def take_over(self) -> None:
        """Keep what the training's thread did not come to read."""
        for stream, now, line in self._unread():
            if stream != ACK:
                self.write(stream, now, [line])

    def write(self, stream: int, now: float, lines: list[bytes]) -> None:
        """Add lines to the spool, which is opened by the first one."""
        if self._spool is None:
            sys.path[:] = self._places["path"]
            self._kept = importlib.import_module("mlsteam.capture.kept")
            spool = importlib.import_module("mlsteam.spool")
            self._spool = spool.Spool(Path(self._places["root"]), self._places["track_id"])
        for line in lines:
            self._kept.keep_line(self._spool, self._places["streams"][stream], line.decode(errors="replace"), now)

    def close(self) -> None:
        """Let go of the spool."""
        if self._spool is not None:
            self._spool.close()


class Stream:
    """One of the two: where it is read, where it is shown."""

    def __init__(self, number: int, source: int, target: int, folder: Any) -> None:
        self.number, self.source, self.target, self.folder = number, source, target, folder
        self._is_shown = True

    def read(self) -> bytes:
        """Read and show; empty at the end."""
        try:
            data = os.read(self.source, 65_536)
        except OSError:
            # A pseudo terminal that nobody writes to any more says so with an error.
            return b""
        rest = memoryview(data)
        while rest and self._is_shown:
            try:
                rest = rest[os.write(self.target, rest) :]
            except BlockingIOError:  # noqa: PERF203  # each write may be the one that fails
                time.sleep(0.005)
            except OSError:
                # The terminal was closed, or what we were piped into has ended. The training goes on.
                self._is_shown = False
        return data


class Tee:
    """Reads both streams until nobody can write to them any more."""

    def __init__(self, folder: Path, streams: list[Stream], control: int) -> None:
        self._folder, self._control = folder, control
        self._places = json.loads((folder / "places.json").read_bytes())
        self._kept: FrameFiles | SpoolLines | None = FrameFiles(folder)
        self._ready = selectors.DefaultSelector()
        for stream in streams:
            self._ready.register(stream.source, selectors.EVENT_READ, stream)
        self._streams = streams
        self._ready.register(control, selectors.EVENT_READ)

    def run(self) -> None:
        """Work until the end of both streams and of the training."""
        while self._ready.get_map():
            self._step(None)
        if isinstance(self._kept, SpoolLines):
            self._finish_lines()
            self._kept.close()

    def _step(self, timeout: float | None) -> bool:
        # Stdout first: what is printed before an error is shown before it.
        ready = sorted(self._ready.select(timeout), key=lambda found: found[0].data.number if found[0].data else 9)
        for key, _ in ready:
            if key.data is None:
                self._obey()
                continue
            data = key.data.read()
            if not data:
                self._ready.unregister(key.fd)
            self._keep(key.data, data)
        return bool(ready)

    def _keep(self, stream: Stream, data: bytes) -> None:
        now = time.time()
        self._write(stream, now, stream.folder.feed(data, now))

    def _write(self, stream: Stream, now: float, lines: list[str]) -> None:
        if lines and self._kept:
            self._kept.write(stream.number, now, [line.encode() for line in lines])

    def _finish_lines(self) -> None:
        for stream in self._streams:
            self._write(stream, time.time(), stream.folder.finish())

    def _drain(self) -> None:
        self._ready.unregister(self._control)
        until = time.monotonic() + _DRAIN_S
        while self._ready.get_map() and self._step(0) and time.monotonic() < until:
            pass

    def _obey(self) -> None:
        word = os.read(self._control, 1)
        if word == FLUSH:
            self._drain()
            self._ready.register(self._control, selectors.EVENT_READ)
            self._finish_lines()
            if self._kept:
                self._kept.write(ACK, time.time(), [b""])
        elif word == LEAVE:
            # The track is over; children that still hold our streams are shown on the terminal.
            self._ready.unregister(self._control)
            self._kept = None
        else:
            self._drain()
            left = SpoolLines(self._folder, self._places)
            self._kept = left
            left.take_over()


def _line_folder() -> Any:
    # By its path: importing the package would load the whole client into this small process.
    spec = importlib.util.spec_from_file_location("lines", Path(__file__).with_name("lines.py"))
    if spec is None or spec.loader is None:
        raise ImportError
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LineFolder()


def main(arguments: list[str]) -> None:
    """Run as a program: the folder, the control descriptor, then number, source and target of each stream."""
    control, *numbers = (int(word) for word in arguments[1:])
    streams = [
        Stream(numbers[at], numbers[at + 1], numbers[at + 2], _line_folder()) for at in range(0, len(numbers), 3)
    ]
    Tee(Path(arguments[0]), streams, control).run()


if __name__ == "__main__":
    main(sys.argv[1:])
