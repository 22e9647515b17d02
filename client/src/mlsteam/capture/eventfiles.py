"""Event files that a job writes below its working folder, brought to the track while they grow.

Started by agent.py; TensorBoard on the track shows them. Guarantees that each byte of a long file is sent about once:
what is whole goes as pieces of some megabytes, of which only the last is sent again; and that an unreachable server
does not fill the disk with copies.
"""

import math
import os
import re
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlsteam import uploads
from mlsteam.capture.background import in_background
from mlsteam.errors import MLSteamError

if TYPE_CHECKING:
    from mlsteam.track import Track

PIECE_BYTES = 4 * 1024 * 1024
FOLDER = "tensorboard"
_LOOK_S, _STOP_WAIT_S = 5.0, 60.0
_PROJECTOR = "projector_config.pbtxt"
_NAMED = re.compile(r'(?:metadata|tensor|bookmarks|image)_path\s*:\s*"([^"\\]{1,500})"')
# A job that was started in somebody's home folder must not spend its time on looking around.
_MAX_ENTRIES, _MAX_DEPTH, _MAX_FILES = 50_000, 12, 500
_MAX_PROJECTOR_BYTES = 256 * 1024 * 1024
_MAX_RECORD_BYTES = 1 << 30
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__"})
_HEAD_BYTES = 64
_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


@dataclass
class _Growing:
    """One event file: where its last piece begins, how much of the file was handed over, how many pieces are whole.

    `head` is what it began with: the time of its creation stands there.
    """

    begun: int = 0
    sent: int = 0
    n_whole: int = 0
    head: bytes = b""


class EventFiles:
    """Follows one folder for one track."""

    def __init__(self, track: "Track", root: Path, *, look_s: float = _LOOK_S) -> None:
        self._track, self._root, self._look_s = track, root.resolve(), look_s
        # What lay there before belongs to other trainings. File systems keep times coarsely.
        self._since = time.time() - 2.0
        self._growing: dict[Path, _Growing] = {}
        self._projected: dict[Path, tuple[int, int]] = {}
        self._is_over = threading.Event()
        self._thread = in_background("eventfiles", self._run)

    def _run(self) -> None:
        took = 0.0
        # A folder that takes long to look through is looked at less often.
        while not self._is_over.wait(max(self._look_s, 20 * took)):
            began = time.monotonic()
            if uploads.next_upload(self._track.spool.folder) is None:
                self.look()
            took = time.monotonic() - began

    def stop(self, until: float = math.inf) -> None:
        """Bring the rest, when the command has ended; waits no longer than to a moment of `time.monotonic()`."""
        self._is_over.set()
        self._thread.join(max(0.0, min(_STOP_WAIT_S, until - time.monotonic())))
        if not self._thread.is_alive():
            self.look()

    def look(self) -> None:
        """Hand over what is new."""
        n_followed = 0
        for path in _files(self._root):
            if not self._is_ours(path):
                continue
            n_followed += 1
            if n_followed > _MAX_FILES:
                return
            try:
                if path.name == _PROJECTOR:
                    self._bring_projector(path)
                else:
                    self._bring_events(path, self._growing.setdefault(path, _Growing()))
            except (OSError, MLSteamError):
                # It was moved or cannot be read, or the disk is full: others may do better, and so may the next look.
                continue

    def _is_ours(self, path: Path) -> bool:
        try:
            return path in self._growing or path.stat().st_mtime >= self._since
        except OSError:
            return False

    def _key(self, path: Path) -> str:
        return _BAD.sub("_", f"{FOLDER}/{path.relative_to(self._root).as_posix()}")

    def _bring_events(self, path: Path, grown: _Growing) -> None:
        size = path.stat().st_size
        if size < grown.sent or _head(path, len(grown.head)) != grown.head:
            self._begin_anew(path, grown)
        while True:
            end, is_more = _whole_records(path, grown.begun, size)
            if end <= grown.sent:
                return
            with path.open("rb") as file:
                file.seek(grown.begun)
                self._track[self._piece(path, grown.n_whole)].upload(file.read(end - grown.begun))
            grown.sent = end
            grown.head = grown.head or _head(path, min(end, _HEAD_BYTES))
            if not is_more and end - grown.begun < PIECE_BYTES:
                return
            grown.begun, grown.n_whole = end, grown.n_whole + 1

    def _begin_anew(self, path: Path, grown: _Growing) -> None:
        # Under the same name, as some writers do; what is left of the old file must not be taken for part of it.
        n_pieces = grown.n_whole + (grown.sent > grown.begun)
        for number in range(1, n_pieces):
            self._track[self._piece(path, number)].upload(b"")
        grown.begun = grown.sent = grown.n_whole = 0
        grown.head = b""

    def _piece(self, path: Path, number: int) -> str:
        return self._key(path) + (f".part{number:04d}" if number else "")

    def _bring_projector(self, path: Path) -> None:
        self._bring_file(path)
        folder = path.parent.resolve()
        for name in _NAMED.findall(path.read_text(errors="replace")[:1_000_000]):
            named = (folder / name).resolve()
            # What a configuration names outside of its folder is not the job's to give away.
            if folder in named.parents and named.is_file() and named.stat().st_size <= _MAX_PROJECTOR_BYTES:
                self._bring_file(named)

    def _bring_file(self, path: Path) -> None:
        found = path.stat()
        version = (found.st_mtime_ns, found.st_size)
        if self._projected.get(path) != version:
            self._track[self._key(path)].upload(path)
            self._projected[path] = version


def _files(root: Path) -> Iterator[Path]:
    """Give event files and projectors' configurations; links are not followed, hidden folders not entered."""
    left = _MAX_ENTRIES
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        left -= len(entries)
        if left < 0:
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth < _MAX_DEPTH and not entry.name.startswith(".") and entry.name not in _SKIPPED:
                    waiting.append((Path(entry.path), depth + 1))
            elif ("tfevents" in entry.name or entry.name == _PROJECTOR) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _head(path: Path, n_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(n_bytes)


def _whole_records(path: Path, begin: int, size: int) -> tuple[int, bool]:
    """Return where the whole records of a piece end, and whether more of them come after a full piece."""
    at = begin
    with path.open("rb") as file:
        while at - begin < PIECE_BYTES:
            file.seek(at)
            head = file.read(8)
            if len(head) < 8:
                return at, False
            length = struct.unpack("<Q", head)[0]
            # Length, its checksum, the content, its checksum.
            if length > _MAX_RECORD_BYTES or at + length + 16 > size:
                return at, False
            at += length + 16
    return at, at < size
