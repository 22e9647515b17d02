"""The workers of a training: how `init()` in one of them finds the track that the training has open.

Called by opening.py and track.py. Guarantees that a worker of multiprocessing that imports the training's code again
opens no track of its own, and that a program which a training starts does, unless it is a rank of that training.
"""

import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

# The family of the newest track that this process, or one that it descends from, has opened.
_VARIABLE = "MLSTEAM_FAMILY"
_count = 0


class Opened(msgspec.Struct):
    """A track that a process has open: what it was asked for, and by whom."""

    track_id: str
    name: str
    project: str
    asked_name: str
    # Which `init()` of its process it was: a worker that imports the same code calls them in the same order.
    number: int
    pid: int
    ranks: list[str]


def ranks() -> list[str]:
    """Return which of the processes of one training this is, as torchrun and its like say it."""
    return [os.environ.get(name) or "0" for name in ("RANK", "LOCAL_RANK")]


def _process() -> Any:
    return importlib.import_module("multiprocessing.process")


def _family() -> str:
    """Name the processes of multiprocessing that descend from one program: all hold its key, and no other does."""
    key = bytes(_process().current_process().authkey)
    return str(importlib.import_module("hashlib").sha256(b"mlsteam" + key).hexdigest()[:32])


def is_importing() -> bool:
    """Whether this process imports the code of a training for its workers, and has not begun any work of its own."""
    process = _process()
    if hasattr(process.current_process(), "_inheriting"):
        return True
    if process.parent_process() is not None:
        return False
    # Workers will be forked from a server that imports what they need; its frame is its only mark.
    frame: Any = sys._getframe()  # noqa: SLF001  # there is no other way to a caller
    while frame is not None and frame.f_globals.get("__name__") != "multiprocessing.forkserver":
        frame = frame.f_back
    return frame is not None


def next_number() -> int:
    """Count the calls of `init()` in this process."""
    global _count  # noqa: PLW0603  # one a process
    _count += 1
    return _count


def note(folder: Path, opened: Opened) -> None:
    """Let workers of this process find its track; the note lies in its writer's folder and goes with it."""
    family = _family()
    # Without room for it, a worker opens a track of its own.
    with contextlib.suppress(OSError):
        (folder / f"opened-{family}.json").write_bytes(msgspec.json.encode(opened))
        os.environ[_VARIABLE] = family


def forget(folder: Path) -> None:
    """Let workers that start from now on no longer find the track of a writer."""
    for path in folder.glob("opened-*.json"):
        path.unlink(missing_ok=True)


def _read(spool_dir: Path, family: str) -> list[Opened]:
    found = []
    for path in spool_dir.glob(f"*/*/opened-{family}.json"):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found.append(msgspec.json.decode(path.read_bytes(), type=Opened))
    return sorted(found, key=lambda opened: opened.number)


class NoTrackError(Exception):
    """A worker imports code that opens a track, and its parent's track has ended."""


def find(spool_dir: Path, number: int, *, project: str, track_id: str, name: str) -> Opened | None:
    """Return the track that an `init()` of this process means, when it is one that its training has open.

    Raises: NoTrackError.
    """
    told = os.environ.get(_VARIABLE, "")
    imports = is_importing()
    if not imports and _process().parent_process() is not None:
        # Its own work: who names another project, track or name wants a track of its own.
        wanted = [
            one
            for one in _read(spool_dir, _family())
            if track_id in {"", one.track_id} and project in {"", one.project} and name in {"", one.asked_name}
        ]
        return wanted[-1] if wanted else None
    opened = _read(spool_dir, _family()) if imports else []
    if not opened and imports and told == _family():
        raise NoTrackError
    if not opened and told and (imports or ranks() != ["0", "0"]):
        # Of our parent alone: it serves workers, or it is the first rank and starts the others.
        opened = [
            one for one in _read(spool_dir, told) if one.pid == os.getppid() and (imports or one.ranks != ranks())
        ]
    # The same call of the same code, whatever it asks for: a name may hold the time.
    return next((one for one in opened if one.number == number), opened[-1] if opened else None)
