"""SIGTERM: a scheduler ends the job, and its disk may be gone right after; so what is logged is sent first.

Called by track.py. Guarantees that a handler of the user's own is left alone, and that the process dies of the signal.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

# Kubernetes kills 30 s after the SIGTERM.
MAX_WAIT_S = 20.0


def on_sigterm(finish: Callable[[], None]) -> None:
    """Call `finish` when SIGTERM would have ended the process at once, then let it end."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        return

    def end() -> None:
        try:
            finish()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def handle(number: int, _frame: FrameType | None) -> None:
        # A second signal ends at once. Waiting here could wait for a lock that the interrupted code below us holds.
        signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=end, name="mlsteam-end").start()

    signal.signal(signal.SIGTERM, handle)
