"""An uncaught exception: its traceback becomes `source/traceback`, and a track that it ended has failed.

Called by captures.py. Guarantees that the hooks that were there before are called as before.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

KEY = "source/traceback"
_MAX_CHARS = 60_000


def traceback_text(error: BaseException) -> str:
    """Write a traceback; of a very long one the end, where the error is."""
    text = "".join(traceback.format_exception(error))
    # The server's limit is in bytes of UTF-8 here, of which a character takes at most four.
    return text if len(text.encode(errors="replace")) <= _MAX_CHARS else "[...]\n" + text[-_MAX_CHARS // 4 :]


class FailureHooks:
    """Listens to the hooks for uncaught exceptions until stopped."""

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._main, self._thread = sys.excepthook, threading.excepthook
        sys.excepthook, threading.excepthook = self._in_main, self._in_thread

    def _in_main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._on_failure(error)
        self._main(kind, error, trace)

    def _in_thread(self, arguments: Any) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            self._on_failure(arguments.exc_value)
        self._thread(arguments)

    def stop(self) -> None:
        """Put back the hooks, unless somebody else has replaced them since."""
        # Compared with ==: a bound method is a new object each time.
        if sys.excepthook == self._in_main:
            sys.excepthook = self._main
        if threading.excepthook == self._in_thread:
            threading.excepthook = self._thread
