"""Threads of the capture: they start late, say one line when they fail, and never reach the training.

Called by captures.py and console.py. Guarantees that an error in what is captured is no error of the training.
"""

import threading
from collections.abc import Callable

from mlsteam.errors import TrackClosedError
from mlsteam.notices import say


def in_background(name: str, work: Callable[[], None]) -> threading.Thread:
    """Run `work` in a daemon thread."""

    def supervised() -> None:
        try:
            work()
        except TrackClosedError:
            # A training that ended before its facts were gathered: nothing is wrong.
            return
        except Exception as error:  # noqa: BLE001  # Whatever is wrong here, the training is not to know.
            say(f"{name} is not captured: {error!r}")

    thread = threading.Thread(target=supervised, name=f"mlsteam-{name}", daemon=True)
    thread.start()
    return thread
