"""Copies stdout and stderr into a track, line by line.

Called by track.py. Guarantees that what the terminal shows does not change.
"""

import sys
import threading
import time
from typing import Any, TextIO

from mlsteam.records import Kind, Record
from mlsteam.spool import Spool

_MAX_LINE_CHARS = 16_384


class Tee:
    """A text stream that writes to another one, and every whole line to the spool."""

    def __init__(self, stream: TextIO, name: str, spool: Spool) -> None:
        self._stream, self._name, self._spool = stream, name, spool
        self._rest = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Write as the stream does, and keep whole lines."""
        written = self._stream.write(text)
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            self._rest = self._rest.rpartition("\r")[2][-_MAX_LINE_CHARS:]
            for line in lines:
                self._keep(line)
        return written

    def _keep(self, line: str) -> None:
        # A progress bar redraws its line with carriage returns; the last drawing is what remains on a terminal.
        shown = line.rstrip("\r").rpartition("\r")[2][:_MAX_LINE_CHARS]
        if not self._spool.is_closed:
            self._spool.append_entry(Record(Kind.CONSOLE, self._name, time.time(), 0.0, 0, shown))

    def finish(self) -> TextIO:
        """Keep the last unfinished line and return the stream that was there before."""
        with self._lock:
            if self._rest:
                self._keep(self._rest)
            self._rest = ""
        return self._stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class ConsoleCapture:
    """Puts a tee before stdout and stderr until stopped."""

    def __init__(self, spool: Spool) -> None:
        self._tees = {name: Tee(getattr(sys, name), name, spool) for name in ("stdout", "stderr")}
        for name, tee in self._tees.items():
            setattr(sys, name, tee)

    def stop(self) -> None:
        """Put back the streams, unless somebody else has replaced them since."""
        for name, tee in self._tees.items():
            stream = tee.finish()
            if getattr(sys, name) is tee:
                setattr(sys, name, stream)
