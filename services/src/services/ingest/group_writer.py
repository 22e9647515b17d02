"""Many batches, one transaction: requests that arrive while a commit is in flight share the next one.

Called by ingest-api's post_batch. Guarantees that a batch is answered only after its COMMIT, that a resend changes
nothing, and that one batch the database refuses never fails its neighbours.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError

from services.core.errors import DatabaseDown, MalformedBatch, ServerBusy, ServiceError, WriteQueueFull
from services.core.telemetry import (
    INGEST_BATCHES,
    INGEST_COMMIT_SECONDS,
    INGEST_POINTS,
    INGEST_QUEUE_BYTES,
    INGEST_REJECTED_ENTRIES,
)
from services.ingest.batch import Ack, Batch
from services.ingest.known import KnownKeys
from services.ingest.write import touch_tracks, write_batches
from services.live.changes import ChangeNotes
from services.storage.database import Database

log = structlog.get_logger()

# Two: while one waits for the disk, the other prepares. More only compete for the same rows.
_COMMITTERS = 2
# A group larger than this makes the first of its requests wait for the last.
_GROUP_BYTES = 32 << 20
_GROUP_BATCHES = 512
_RETRY_AFTER_S = 1.0
_TOUCH_EVERY_S = 5.0
_TOUCHED_TRACKS = 100_000
# Rows that a touch holds at once; a batch that must lock one of them waits for so many.
_TOUCHED_TOGETHER = 50


@dataclass(slots=True)
class _Waiting:
    batch: Batch
    answer: asyncio.Future[Ack]


class GroupWriter:
    """Writes batches in groups; bounded in bytes for each project and in total."""

    def __init__(
        self,
        database: Database,
        *,
        changes: ChangeNotes | None = None,
        max_queue_bytes: int = 256 << 20,
        max_project_bytes: int = 64 << 20,
        touch_every_s: float = _TOUCH_EVERY_S,
    ) -> None:
        self._database = database
        self._changes = changes or ChangeNotes(database)
        self._max_queue_bytes = max_queue_bytes
        self._max_project_bytes = max_project_bytes
        self._touch_every_s = touch_every_s
        self._queue: deque[_Waiting] = deque()
        self._queue_bytes = 0
        self._project_bytes: Counter[UUID] = Counter()
        self._committers: set[asyncio.Task[None]] = set()
        self._known = KnownKeys()
        self._touched: set[UUID] = set()
        self._heard: set[UUID] = set()

    async def write(self, batch: Batch) -> Ack:
        """Store a batch and return once it is committed.

        Raises: SequenceGap, TrackNotFound, TrackDeleted, WriteQueueFull, ServerBusy, DatabaseDown, MalformedBatch.
        """
        self._check_room(batch)
        waiting = _Waiting(batch, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._count_bytes(batch, batch.size_bytes)
        if len(self._committers) < _COMMITTERS:
            task = asyncio.create_task(self._drain(), name="group_commit")
            self._committers.add(task)
            task.add_done_callback(self._committers.discard)
        # Shielded: a client that hangs up must not tear its batch out of a group that is being written.
        return await asyncio.shield(waiting.answer)

    async def close(self) -> None:
        """Return when everything that was taken in has been answered."""
        while self._committers:
            await asyncio.gather(*self._committers, return_exceptions=True)

    def _check_room(self, batch: Batch) -> None:
        if self._queue_bytes + batch.size_bytes > self._max_queue_bytes:
            INGEST_BATCHES.labels("server_busy").inc()
            raise ServerBusy(retry_after_s=_RETRY_AFTER_S)
        held = self._project_bytes[batch.project_id]
        if held and held + batch.size_bytes > self._max_project_bytes:
            INGEST_BATCHES.labels("queue_full").inc()
            raise WriteQueueFull(retry_after_s=_RETRY_AFTER_S)

    def _count_bytes(self, batch: Batch, size: int) -> None:
        self._queue_bytes += size
        self._project_bytes[batch.project_id] += size
        if self._project_bytes[batch.project_id] <= 0:
            del self._project_bytes[batch.project_id]
        INGEST_QUEUE_BYTES.set(self._queue_bytes)

    def _take_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        while self._queue and len(group) < _GROUP_BATCHES and size < _GROUP_BYTES:
            waiting = self._queue.popleft()
            size += waiting.batch.size_bytes
            group.append(waiting)
        return group

    async def _drain(self) -> None:
        while group := self._take_group():
            try:
                await self._commit(group)
            finally:
                for waiting in group:
                    self._count_bytes(waiting.batch, -waiting.batch.size_bytes)
                    if not waiting.answer.done():
                        # Only a bug or a cancelled server comes here; the client keeps the batch and sends it again.
                        waiting.answer.set_exception(ServerBusy(retry_after_s=_RETRY_AFTER_S))

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            with INGEST_COMMIT_SECONDS.time():
                new = self._untouched(group)
                async with self._database.transaction() as session:
                    written = await write_batches(session, [waiting.batch for waiting in group], self._known)
                    if new:
                        await touch_tracks(session, new)
        except DatabaseDown as error:
            for waiting in group:
                _answer(waiting, error)
            return
        except (DBAPIError, asyncpg.PostgresError) as error:
            await self._split(group, error)
            return
        self._touched.update(new)
        for batch, version in written.learned:
            self._known.learn(batch, version)
        for waiting, answer in zip(group, written.answers, strict=True):
            _answer(waiting, answer)
            if isinstance(answer, Ack) and not answer.is_duplicate:
                self._changes.note(waiting.batch.track_id, waiting.batch.project_id, waiting.batch.keys)
                self._heard.add(waiting.batch.track_id)

    def _untouched(self, group: list[_Waiting]) -> list[UUID]:
        """Return the tracks of a group that this process hears of for the first time: they run from this commit on."""
        return sorted({w.batch.track_id for w in group if w.batch.track_id not in self._touched})

    async def run(self) -> None:
        """Note beside the commits which tracks were heard of since, until cancelled; each every few seconds.

        In the transaction of a batch it would make five hundred trainings rewrite their rows in one burst, and every
        batch behind it wait.
        """
        while True:
            await asyncio.sleep(self._touch_every_s)
            if heard := sorted(self._heard):
                self._heard.clear()
                await self._touch(heard)

    async def _touch(self, heard: list[UUID]) -> None:
        if len(self._touched) > _TOUCHED_TRACKS:
            self._touched.clear()
        try:
            for at in range(0, len(heard), _TOUCHED_TOGETHER):
                async with self._database.transaction() as session:
                    await touch_tracks(session, heard[at : at + _TOUCHED_TOGETHER])
        except (DatabaseDown, DBAPIError) as error:
            # Said again in a few seconds, by the batches that come then.
            log.warning("tracks_not_touched", error=type(error).__name__)

    async def _split(self, group: list[_Waiting], error: Exception) -> None:
        if not _is_about_data(error):
            # A full disk, a deadlock, a timeout: no batch is to blame, so none may be called unusable and thrown away.
            log.warning("group_not_committed", batches=len(group), exc_info=error)
            for waiting in group:
                _answer(waiting, ServerBusy(retry_after_s=_RETRY_AFTER_S))
            return
        if len(group) == 1:
            batch = group[0].batch
            log.warning("batch_refused_by_database", track_id=str(batch.track_id), seq=batch.seq, exc_info=error)
            _answer(group[0], MalformedBatch("The database cannot store this batch."))
            return
        # One of them is guilty; halves find out which.
        middle = len(group) // 2
        await self._commit(group[:middle])
        await self._commit(group[middle:])


# SQLSTATE classes that speak of what was to be stored: data exception, integrity, limits of a row or a statement.
_ABOUT_DATA = ("22", "23", "54")


def _is_about_data(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = str(getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or "")
    # Without a code the driver itself could not encode a value.
    return not code or code.startswith(_ABOUT_DATA)


def _answer(waiting: _Waiting, answer: Ack | ServiceError) -> None:
    outcome = "stored"
    if isinstance(answer, ServiceError):
        outcome = answer.code
    elif answer.is_duplicate:
        outcome = "duplicate"
    else:
        INGEST_POINTS.inc(waiting.batch.n_points)
        for reject in answer.rejects:
            INGEST_REJECTED_ENTRIES.labels(reject.reason.value).inc()
    INGEST_BATCHES.labels(outcome).inc()
    if waiting.answer.done():
        return
    if isinstance(answer, ServiceError):
        waiting.answer.set_exception(answer)
        # Nobody may be waiting any more; asyncio would call that a forgotten error.
        waiting.answer.exception()
    else:
        waiting.answer.set_result(answer)
