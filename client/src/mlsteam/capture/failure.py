"""How a program ends: an uncaught exception is a failure and becomes `source/traceback`, and so is `sys.exit(1)`.

Called by captures.py. Guarantees that the hooks that were there before are called as before.
"""

import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

KEY = "source/traceback"
_MAX_CHARS = 60_000


def traceback_text(error: BaseException) -> str:
    """Write a traceback; of a very long one the end, where the error is."""
    text = "".join(traceback.format_exception(error))
    # The server's limit is in bytes of UTF-8 here, of which a character takes at most four.
    return text if len(text.encode(errors="replace")) <= _MAX_CHARS else "[...]\n" + text[-_MAX_CHARS // 4 :]


def exit_code_of(status: object) -> int:
    """Return the exit code of what was given to `sys.exit`; a message ends with 1."""
    return status if isinstance(status, int) else int(status is not None)


def status_of(error: BaseException | None) -> str:
    """Say how a track ends that an exception ended."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped"
    is_fine = error is None or (isinstance(error, SystemExit) and not exit_code_of(error.code))
    return "finished" if is_fine else "failed"


class FailureHooks:
    """Listens for what ends the program until stopped."""

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        self._on_failure = on_failure
        self._exit_code = 0
        # In a notebook: what was raised before the last cell that went well.
        self._outlived: BaseException | None = None
        self._main, self._thread, self._exit = sys.excepthook, threading.excepthook, sys.exit
        sys.excepthook, threading.excepthook, sys.exit = self._in_main, self._in_thread, self._on_exit
        self._shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._after_cell)

    def _in_main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._on_failure(error)
        self._main(kind, error, trace)

    def _in_thread(self, arguments: Any) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            self._on_failure(arguments.exc_value)
        self._thread(arguments)

    def _on_exit(self, status: Any = None, /) -> NoReturn:
        # Python has no hook for this: SystemExit is handled before `atexit`, and leaves nothing behind.
        if threading.current_thread() is threading.main_thread():
            self._exit_code = exit_code_of(status)
        self._exit(status)

    def _after_cell(self, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            self._exit_code, self._outlived = 0, getattr(sys, "last_value", None)
        elif not isinstance(error, SystemExit):
            self._on_failure(error)

    def ending(self) -> tuple[str, int]:
        """Say how the program ends, and with which code as far as that is known; for `atexit`."""
        error = getattr(sys, "last_value", None)
        if hasattr(sys, "ps1") and (self._shell is None or error is self._outlived):
            # An interactive session goes on after an exception.
            error = None
        if error is not None:
            return status_of(error), 1
        return "failed" if self._exit_code else "finished", self._exit_code

    def stop(self) -> None:
        """Put back the hooks, unless somebody else has replaced them since."""
        # Compared with ==: a bound method is a new object each time.
        if sys.excepthook == self._in_main:
            sys.excepthook = self._main
        if threading.excepthook == self._in_thread:
            threading.excepthook = self._thread
        if sys.exit == self._on_exit:
            sys.exit = self._exit
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._after_cell)
            self._shell = None
