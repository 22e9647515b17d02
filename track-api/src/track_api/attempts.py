"""How often a name or an address has tried to sign in lately: a brake on guessing."""

import time
from collections import deque

from services.core.errors import TooManyTries

_TRIES = 10
_WINDOW_S = 60.0
_KEYS = 10_000


class Attempts:
    """Counts failed tries in a sliding window, in this process; a guesser gains little from a second replica."""

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = {}

    def check(self, *keys: str) -> None:
        """Refuse when one of the keys has failed too often. Raises: TooManyTries."""
        now = time.monotonic()
        for key in keys:
            tries = self._failed.get(key)
            while tries and tries[0] < now - _WINDOW_S:
                tries.popleft()
            if tries and len(tries) >= _TRIES:
                wait = tries[0] + _WINDOW_S - now
                raise TooManyTries(f"Too many tries; wait {wait:.0f} s.", retry_after_s=wait)

    def failed(self, *keys: str) -> None:
        """Note a try that failed."""
        if len(self._failed) > _KEYS:
            self._failed.clear()
        for key in keys:
            self._failed.setdefault(key, deque(maxlen=_TRIES)).append(time.monotonic())
