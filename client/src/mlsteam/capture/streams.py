"""Stdout and stderr of notebooks, test runners and Windows, where Python's stream is not the descriptor.

Called by captures.py; `KeptLines` also by agent.py. Guarantees that the stream object stays the one that others hold;
only its `write` is listened to.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from mlsteam.capture.kept import keep_line
from mlsteam.capture.lines import LineFolder
from mlsteam.spool import Spool


class KeptLines:
    """What one stream shows, line by line into a spool."""

    def __init__(self, spool: Spool, name: str, hide: Callable[[str], str] | None = None) -> None:
        self._spool, self._name, self._hide = spool, name, hide
        self._lock, self._lines = threading.RLock(), LineFolder()

    def write(self, data: bytes) -> None:
        """Take what was written just now."""
        now = time.time()
        with self._lock:
            for line in self._lines.feed(data, now):
                self._keep(line, now)

    def finish(self) -> None:
        """Keep the last unfinished line."""
        with self._lock:
            for line in self._lines.finish():
                self._keep(line, time.time())

    def _keep(self, line: str, now: float) -> None:
        keep_line(self._spool, self._name, self._hide(line) if self._hide else line, now)


class StreamConsole:
    """Listens to one stream until stopped."""

    def __init__(self, spool: Spool, name: str, stream: Any) -> None:
        self._spool, self._name, self._stream = spool, name, stream
        self._lines = KeptLines(spool, name)
        self._write = stream.write
        self._is_over = False
        stream.write = self._written

    def _written(self, text: Any) -> Any:
        result = self._write(text)
        if isinstance(text, str) and not self._is_over:
            self._lines.write(text.encode(errors="replace"))
        return result

    def stop(self, _until: float) -> None:
        """Keep the last unfinished line, and stop listening."""
        self._is_over = True
        self._lines.finish()
        # Somebody else may listen in front of us; then our part stays, and does nothing.
        if self._stream.__dict__.get("write") == self._written:
            del self._stream.write

    def after_fork_in_child(self) -> None:
        """Begin with an empty line; another thread of the parent may have held the lock."""
        self._lines = KeptLines(self._spool, self._name)
