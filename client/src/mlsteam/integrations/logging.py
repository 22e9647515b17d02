"""Python's `logging`: a handler that keeps records as text series, `logger.addHandler(MLSteamHandler(track))`.

Guarantees that a record never raises, and that what the client itself logs while it sends is left out.
"""

import logging
import threading

import mlsteam

_MAX_CHARS = 16_000


class MLSteamHandler(logging.Handler):
    """Adds each record as a point to `<key>/<level>`, with the time of the record."""

    def __init__(self, track: mlsteam.Track, key: str = "logs", level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._track, self._key = track, key

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        # The sender's own HTTP library logs too; sending that would never end.
        if threading.current_thread().name.startswith("mlsteam-"):
            return
        try:
            text = self.format(record)[:_MAX_CHARS]
            text = text.encode(errors="replace").decode()
            self._track[f"{self._key}/{record.levelname.lower()}"].log(text, timestamp=record.created)
        except (mlsteam.MLSteamError, TypeError, ValueError):
            # A message that does not fit its arguments, or the end of the track.
            self.handleError(record)
