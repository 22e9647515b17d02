"""What a track captures by itself: which parts are wanted, their start, their end.

Called by track.py. Guarantees that starting takes milliseconds, and that a part that fails costs the training nothing.
"""

import contextlib
import importlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from mlsteam.capture.background import in_background
from mlsteam.errors import MLSteamError, SettingsError
from mlsteam.ranks import rank, stream_name

if TYPE_CHECKING:
    from mlsteam.track import Track

_PARTS = ("console", "traceback", "source", "system", "eventfiles")
# Git may take five seconds where a disk is slow; a track that ends waits for it.
_SOURCE_WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts are captured."""

    console: bool = True
    traceback: bool = True
    source: bool = True
    system: bool = True
    # By the agent alone: whoever runs a notebook has a working folder that says little.
    eventfiles: bool = True


def read_wanted(chosen: str, **arguments: bool | None) -> Wanted:
    """Put arguments over the value of MLSTEAM_CAPTURE. Raises: SettingsError."""
    words = {word.strip() for word in chosen.split(",")} - {""} or {"all"}
    if unknown := words - {*_PARTS, "all", "none"}:
        raise SettingsError(f"MLSTEAM_CAPTURE is all, none or some of {','.join(_PARTS)}, not {', '.join(unknown)}.")
    parts = {part: part in words or ("all" in words) for part in _PARTS}
    return Wanted(**(parts | {part: is_on for part, is_on in arguments.items() if is_on is not None}))


class Captures:
    """The parts that run for one track; none of them, and no hooks, for one whose end is not this process's to tell."""

    def __init__(self, track: "Track", root: Path, wanted: Wanted | None) -> None:
        self._track, self._is_over = track, Event()
        self._owner = os.getpid()
        self._consoles: list[Any] = []
        self._hooks: Any = None
        self._source: Thread | None = None
        self._has_traceback = wanted is not None and wanted.traceback
        if wanted is None:
            return
        # Also when nothing is captured: whether the program failed is how its track ends.
        self._hooks = _load("failure").FailureHooks(self.note_failure)
        # Ranks run the same code: one of them tells.
        is_first_rank = rank() == "0"
        if wanted.console:
            self._start_console(root)
        if wanted.source and is_first_rank:
            self._source = in_background("source", lambda: _load("source").capture_source(track))
        if wanted.system:
            in_background("system", lambda: _load("system").capture_system(track, self._is_over))

    def _start_console(self, root: Path) -> None:
        console, streams = _load("console"), _load("streams")
        bent = [name for name in ("stdout", "stderr") if console.is_capturable(name)]
        if bent:
            # No process can be started, or no descriptor is left: then Python's own output is captured at least.
            try:
                self._consoles.append(
                    console.DescriptorConsole(self._track.spool, root, self._track.id, bent, self._track.rank)
                )
            except OSError:
                bent = []
        for name in {"stdout", "stderr"} - set(bent):
            # A stream that is closed, missing, or that takes no listener is not captured.
            with contextlib.suppress(AttributeError, TypeError):
                self._consoles.append(
                    streams.StreamConsole(self._track.spool, stream_name(name, self._track.rank), getattr(sys, name))
                )

    def note_failure(self, error: BaseException) -> None:
        """Record a traceback, as long as the track takes it."""
        if not self._has_traceback:
            return
        failure = _load("failure")
        with contextlib.suppress(MLSteamError):
            self._track[failure.KEY] = failure.traceback_text(error)

    def ending(self) -> tuple[str, int]:
        """Say how the program ends, as one of the ends of a track, and with which exit code."""
        ending: tuple[str, int] = self._hooks.ending() if self._hooks else ("finished", 0)
        return ending

    def stop(self, until: float) -> None:
        """End all parts, after what they hold is kept; waits to about a moment of `time.monotonic()`."""
        if os.getpid() != self._owner:
            return
        self._is_over.set()
        if self._source:
            self._source.join(max(0.0, min(_SOURCE_WAIT_S, until - time.monotonic())))
        if self._hooks:
            self._hooks.stop()
        for console in reversed(self._consoles):
            console.stop(until)
        self._consoles = []

    def after_fork_in_child(self) -> None:
        """A child captures nothing by itself; what it prints goes through its parent's streams."""
        self._source = None
        for console in self._consoles:
            console.after_fork_in_child()


def _load(name: str) -> Any:
    # When asked for: `import mlsteam` stays fast, and so does a process that captures nothing.
    return importlib.import_module(f"mlsteam.capture.{name}")
