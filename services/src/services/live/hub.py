"""Who wants to know what: passes changes on to the listeners of a track or of a project, in one process.

Called by the loop that hears changes and by the route that streams them. Guarantees that a listener who does not read
holds at most 100 keys, whatever is written meanwhile.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from services.core.telemetry import EVENT_LISTENERS
from services.live.model import MAX_KEYS, Change, ChangeSet

_MAX_TRACKS = 100


class Listener:
    """One open page and what it has not been told yet."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._changes = ChangeSet(max_tracks=_MAX_TRACKS, max_keys=MAX_KEYS)
        self._is_woken = asyncio.Event()
        self._is_ended = asyncio.Event()
        self._on_end = on_end

    @property
    def is_ended(self) -> bool:
        """Say whether the service wants the stream to end."""
        return self._is_ended.is_set()

    def tell(self, change: Change) -> None:
        """Keep a change until it is taken."""
        self._changes.add(change.track_id, change.project_id, change.keys, change.kinds)
        self._is_woken.set()

    def resync(self) -> None:
        """Keep that changes may have been missed."""
        self._changes.flood()
        self._is_woken.set()

    def end(self) -> None:
        """Wake whoever waits, for the last time."""
        self._is_ended.set()
        self._is_woken.set()
        self._on_end()

    async def wait(self, seconds: float) -> bool:
        """Wait for a change, for so long at most; say whether there is one."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_woken.wait()
        except TimeoutError:
            return False
        return bool(self._changes)

    async def pause(self, seconds: float) -> None:
        """Wait although there may be changes, so that they become fewer and larger; an end is not waited for."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_ended.wait()
        except TimeoutError:
            pass

    def take(self) -> list[Change] | None:
        """Return what changed, at most one change a track; None when everything may have."""
        if not self.is_ended:
            self._is_woken.clear()
        return self._changes.take()


class Hub:
    """All listeners of this process, found by the id of their track or project."""

    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._is_closed = False

    @contextmanager
    def listen(self, target_id: UUID, on_end: Callable[[], None] = lambda: None) -> Iterator[Listener]:
        """Listen to a track or to all tracks of a project while the block runs; `on_end` is called by `close`."""
        listener = Listener(on_end)
        if self._is_closed:
            listener.end()
        self._listeners[target_id].add(listener)
        EVENT_LISTENERS.inc()
        try:
            yield listener
        finally:
            EVENT_LISTENERS.dec()
            self._listeners[target_id].discard(listener)
            if not self._listeners[target_id]:
                del self._listeners[target_id]

    def tell(self, change: Change | None) -> None:
        """Pass a change on; None tells everybody to load anew."""
        if change is None:
            for listener in self._all():
                listener.resync()
            return
        for target_id in (change.track_id, change.project_id):
            for listener in self._listeners.get(target_id, ()):
                listener.tell(change)

    def close(self) -> None:
        """End every stream, now and from now on."""
        self._is_closed = True
        for listener in self._all():
            listener.end()

    def _all(self) -> list[Listener]:
        return [listener for group in self._listeners.values() for listener in group]
