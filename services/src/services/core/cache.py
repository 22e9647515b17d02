"""A cache that is bounded in bytes: what was used least lately goes first.

Called by whoever decodes the same bytes again and again. Guarantees that the sizes it was told add up to no more
than its limit. Not for sharing between threads.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteLru(Generic[T]):
    """Values by key, each with its size."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return a value and mark it as used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: Hashable, value: T, size_bytes: int) -> None:
        """Keep a value; one that is larger than half of the cache is not worth all that it would push out."""
        self.drop(key)
        if size_bytes > self._max_bytes // 2:
            return
        self._entries[key] = (size_bytes, value)
        self.size_bytes += size_bytes
        while self.size_bytes > self._max_bytes:
            _, (freed, _) = self._entries.popitem(last=False)
            self.size_bytes -= freed

    def drop(self, key: Hashable) -> None:
        """Forget a value, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size_bytes -= entry[0]
