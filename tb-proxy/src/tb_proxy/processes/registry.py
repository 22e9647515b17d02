"""Which TensorBoards run: started on the first request, once, and ended when nobody looks any more.

Called by the proxied route; `run` is the reaper's loop. Guarantees at most one process a track however many requests
come at once, at most `max_children` in all, and that none is ended while it answers a request.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import structlog

from services.core.errors import DatabaseDown, TensorboardNotReady
from services.core.telemetry import TB_ENDS, TB_OPEN, TB_START_SECONDS, TB_STARTS
from tb_proxy.processes.spawner import BoardId, Child, Spawner

log = structlog.get_logger()

# Something in the track's data may end every process that reads it; trying for ever would cost all others.
_FAILURES_A_MINUTE = 3
_LOOK_EVERY_S = 5.0
_ROOM_LOOK_S = 0.01


class State(StrEnum):
    """Where the TensorBoard of a track stands."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    STOPPING = "stopping"
    FAILED = "failed"


@dataclass(eq=False)
class _Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    state: State = State.STOPPED
    child: Child | None = None
    in_flight: int = 0
    last_used: float = 0.0
    failures: list[float] = field(default_factory=list)
    users: set[UUID] = field(default_factory=set)


class Registry:
    """All TensorBoards of this process."""

    def __init__(
        self,
        spawner: Spawner,
        *,
        max_children: int = 50,
        idle_s: float = 300.0,
        start_timeout_s: float = 30.0,
        room_s: float = 2.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spawner = spawner
        self._max_children = max_children
        self._idle_s = idle_s
        self._start_timeout_s = start_timeout_s
        self._room_s = room_s
        self._now = now
        self._entries: dict[BoardId, _Entry] = {}

    def state_of(self, board_id: BoardId) -> State:
        """Return where the TensorBoard of a track stands."""
        entry = self._entries.get(board_id)
        return entry.state if entry else State.STOPPED

    @asynccontextmanager
    async def use(self, board_id: BoardId, user_id: UUID | None = None) -> AsyncIterator[Child]:
        """Lend the TensorBoard of a track, started if need be, and keep it from being reaped meanwhile.

        Raises: TensorboardNotReady.
        """
        entry = self._entries.setdefault(board_id, _Entry())
        entry.in_flight += 1
        if user_id is not None:
            entry.users.add(user_id)
        try:
            async with entry.lock:
                child = await self._ready_child(board_id, entry)
            entry.last_used = self._now()
            yield child
        finally:
            entry.in_flight -= 1
            entry.last_used = self._now()

    async def _ready_child(self, board_id: BoardId, entry: _Entry) -> Child:
        if entry.child is not None:
            if entry.child.is_alive() and not (entry.child.wants_replacement() and entry.in_flight == 1):
                return entry.child
            if entry.child.is_alive():
                await self._end(board_id, entry, "replaced")
                return await self._start(board_id, entry)
            log.warning("tensorboard_ended_by_itself", tracks=[str(track_id) for track_id in board_id])
            await self._bury(board_id, entry, entry.child)
        now = self._now()
        entry.failures = [at for at in entry.failures if now - at < 60]
        if len(entry.failures) >= _FAILURES_A_MINUTE:
            entry.state = State.FAILED
            wait_s = 60 - (now - entry.failures[0])
            raise TensorboardNotReady(
                "TensorBoard ended several times for this track; it is tried again in a minute.", retry_after_s=wait_s
            )
        await self._make_room(entry)
        return await self._start(board_id, entry)

    async def _start(self, board_id: BoardId, entry: _Entry) -> Child:
        entry.state = State.STARTING
        began = self._now()
        try:
            async with asyncio.timeout(self._start_timeout_s):
                entry.child = await self._spawner.start(board_id)
        except TimeoutError:
            self._count_failure(entry)
            raise TensorboardNotReady("TensorBoard did not start in time.", retry_after_s=5) from None
        except (TensorboardNotReady, OSError) as error:
            self._count_failure(entry)
            raise TensorboardNotReady(retry_after_s=2) from error
        finally:
            # Also when the only caller went away: the next one starts afresh.
            if entry.child is None and entry.state is State.STARTING:
                entry.state = State.STOPPED
        entry.state = State.READY
        TB_OPEN.inc()
        TB_STARTS.labels("ready").inc()
        TB_START_SECONDS.observe(self._now() - began)
        log.info(
            "tensorboard_ready", tracks=[str(track_id) for track_id in board_id], seconds=round(self._now() - began, 3)
        )
        return entry.child

    def _count_failure(self, entry: _Entry) -> None:
        TB_STARTS.labels("failed").inc()
        entry.failures.append(self._now())
        entry.state = State.FAILED

    async def _make_room(self, wanting: _Entry) -> None:
        for _ in range(1 + round(self._room_s / _ROOM_LOOK_S)):
            # Those that are starting count too: fifty clicks at once must not become fifty more processes.
            live = {State.STARTING, State.READY, State.STOPPING}
            holding = [(key, held) for key, held in self._entries.items() if held.state in live and held is not wanting]
            if len(holding) < self._max_children:
                return
            idle = [(key, held) for key, held in holding if held.state is State.READY and not held.in_flight]
            if idle:
                key, longest_idle = min(idle, key=lambda pair: pair[1].last_used)
                await self._end(key, longest_idle, "room")
                return
            # Most answers take milliseconds; one of them ends soon.
            await asyncio.sleep(_ROOM_LOOK_S)
        raise TensorboardNotReady("Too many TensorBoards are open; try again soon.", retry_after_s=5)

    async def _end(self, board_id: BoardId, entry: _Entry, reason: str) -> None:
        child, entry.child = entry.child, None
        if child is None:
            return
        before, entry.state = entry.state, State.STOPPING
        try:
            await child.stop()
        finally:
            entry.state = State.FAILED if before is State.FAILED else State.STOPPED
            TB_OPEN.dec()
            TB_ENDS.labels(reason).inc()
        log.info("tensorboard_stopped", reason=reason, tracks=[str(track_id) for track_id in board_id])

    async def reap(self) -> None:
        """End those that nobody used for a while, and those whose process is gone."""
        for board_id, entry in list(self._entries.items()):
            # in_flight is counted before the lock is asked for, so an entry without any has nobody waiting.
            if entry.in_flight or entry.lock.locked():
                continue
            is_idle = self._now() - entry.last_used > self._idle_s
            if entry.child is not None and (is_idle or not entry.child.is_alive()):
                async with entry.lock:
                    if not entry.in_flight:
                        await self._end(board_id, entry, "idle" if is_idle else "crashed")
            elif entry.child is None and is_idle:
                self._entries.pop(board_id, None)

    async def replace(self, board_id: BoardId, child: Child) -> None:
        """End a TensorBoard that did not answer, so that the next request gets another one."""
        entry = self._entries.get(board_id)
        if entry is None:
            return
        async with entry.lock:
            if entry.child is child:
                await self._bury(board_id, entry, child)

    async def _bury(self, board_id: BoardId, entry: _Entry, child: Child) -> None:
        # One whose parent ended did nothing that its next start would do again.
        is_to_blame = child.is_to_blame()
        if is_to_blame:
            self._count_failure(entry)
        await self._end(board_id, entry, "crashed" if is_to_blame else "parent")

    def has_room(self, board_id: BoardId) -> bool:
        """Say whether a TensorBoard may be opened that nobody has asked for yet: half of the places are for those."""
        entry = self._entries.get(board_id)
        if entry is not None and entry.child is not None:
            return True
        return 2 * sum(held.child is not None for held in self._entries.values()) < self._max_children

    async def leave(self, board_id: BoardId, user_id: UUID) -> None:
        """Note that somebody may not look any more; a TensorBoard that nobody else has looked at ends."""
        entry = self._entries.get(board_id)
        if entry is not None and user_id in entry.users:
            entry.users.discard(user_id)
            if not entry.users:
                await self._end(board_id, entry, "access")

    async def end_gone(self) -> None:
        """End those of which a track was deleted, whatever they are doing. Raises: DatabaseDown."""
        live = [board_id for board_id, entry in self._entries.items() if entry.child is not None]
        for board_id in await self._spawner.find_gone(live):
            await self._end(board_id, self._entries[board_id], "deleted")

    async def run(self) -> None:
        """Reap for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.reap()
            try:
                await self.end_gone()
            except DatabaseDown as error:
                log.warning("tensorboard_look_failed", error=error.code)

    async def close(self) -> None:
        """End all."""
        await asyncio.gather(*(self._end(key, entry, "closed") for key, entry in self._entries.items()))
        self._entries.clear()
