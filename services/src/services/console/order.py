"""Lines of several streams in the order of their times.

Called by read.py and search.py. Guarantees that each stream keeps its own order: a line that says an earlier time than
one above it stands where that one stands. Lines at one moment stand in the order of their streams.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats

Cuts = tuple[int, ...]


@dataclass(frozen=True)
class Order:
    """Which stream each line is of; `times` are those of each stream, none before the one above it."""

    times: tuple[Floats, ...]
    of: NDArray[np.int8]

    @classmethod
    def empty(cls, n_streams: int) -> "Order":
        """Return the order of streams without a line."""
        return cls((np.empty(0),) * n_streams, np.empty(0, np.int8))

    @cached_property
    def lengths(self) -> Cuts:
        """Return how many lines each stream has."""
        return tuple(map(len, self.times))

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return 9 * len(self.of) + 500

    def extended(self, more: Sequence[Floats]) -> "Order":
        """Return it with lines added to the end of each stream."""
        if not any(map(len, more)):
            return self
        rising = [
            np.maximum.accumulate(np.concatenate([old[-1:], new]))[len(old[-1:]) :]
            for old, new in zip(self.times, more, strict=True)
        ]
        # What was written before the oldest of the new lines stays as it is.
        oldest = min(float(new[0]) for new in rising if len(new))
        kept = [int(np.searchsorted(old, oldest, "left")) for old in self.times]
        times = tuple(np.concatenate([old, new]) for old, new in zip(self.times, rising, strict=True))
        later = [one[n:] for one, n in zip(times, kept, strict=True)]
        return Order(times, np.concatenate([self.of[: sum(kept)], _merge(later)]))

    def until(self, lengths: Cuts) -> "Order":
        """Return the order of the first lines of each stream."""
        return Order.empty(len(self.times)).extended([t[:n] for t, n in zip(self.times, lengths, strict=True)])

    def cuts_at(self, place: int) -> Cuts:
        """Return how many lines of each stream stand before a place."""
        counts = np.bincount(self.of[:place], minlength=len(self.times))
        return tuple(counts.tolist())

    def place_of(self, stream: int, number: int) -> int:
        """Return the place of a line of a stream; of the line behind the last one, where a new one may stand first."""
        if number >= len(self.times[stream]):
            return len(self.of)
        at = self.times[stream][number]
        return number + sum(
            int(np.searchsorted(times, at, "right" if other < stream else "left"))
            for other, times in enumerate(self.times)
            if other != stream
        )

    def following(self, cuts: Cuts, limit: int) -> list[int]:
        """Return the streams of the lines that come when so many of each have been seen."""
        left = [times[cut : cut + limit] for times, cut in zip(self.times, cuts, strict=True)]
        found: list[int] = _merge(left)[:limit].tolist()
        return found


def _merge(times: Sequence[Floats]) -> NDArray[np.int8]:
    streams = np.repeat(np.arange(len(times), dtype=np.int8), [len(one) for one in times])
    merged: NDArray[np.int8] = streams[np.argsort(np.concatenate(times), kind="stable")]
    return merged
