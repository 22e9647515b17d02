"""One line on stderr to the person who watches the training; called wherever something has to be told."""

import sys


def say(message: str) -> None:
    """Write one line to the person who watches the training."""
    try:
        (sys.__stderr__ or sys.stderr).write(f"mlsteam: {message}\n")
    except (OSError, ValueError, AttributeError, RuntimeError):
        # Closed, or in use by what a signal handler interrupted: no reason to stop sending.
        return
