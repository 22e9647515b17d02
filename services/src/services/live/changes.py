"""Notes of what was committed, and the loop that tells them to every track-api.

Called by the group writer and by routes after their commit. Guarantees that noting costs nearly nothing and never
fails: telling happens beside the commits, never in their transactions, because a NOTIFY makes commits queue up.
"""

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from services.core.errors import DatabaseDown
from services.live.model import ChangeKind, ChangeSet
from services.live.store import notify
from services.live.wire import encode_payloads
from services.storage.database import Database

log = structlog.get_logger()

_EVERY_S = 0.1
_RETRY_S = 1.0
# What is noted between two tellings; more than this is told as "load everything anew".
_MAX_TRACKS = 5_000
_MAX_KEYS = 50_000


class ChangeNotes:
    """What was committed since it was last told."""

    def __init__(self, database: Database, on_note: Callable[[UUID], None] | None = None) -> None:
        self._database = database
        # Told of the project at once: what this process remembers of it must not outlive its own commit.
        self._on_note = on_note
        self._changes = ChangeSet(max_tracks=_MAX_TRACKS, max_keys=_MAX_KEYS)
        self._is_noted = asyncio.Event()

    def note(self, track_id: UUID, project_id: UUID, keys: Iterable[str] | None, *kinds: ChangeKind) -> None:
        """Note keys of a track that changed (None for all); without kinds it is data that changed."""
        self._changes.add(track_id, project_id, keys, kinds or (ChangeKind.DATA,))
        if self._on_note is not None:
            self._on_note(project_id)
        self._is_noted.set()

    def note_track(self, track_id: UUID, project_id: UUID) -> None:
        """Note that a track itself changed: its name, its status, or that it is new."""
        self.note(track_id, project_id, (), ChangeKind.TRACK)

    async def run(self) -> None:
        """Tell what is noted, at once and then at most every 100 ms, until cancelled."""
        while True:
            await self._is_noted.wait()
            try:
                await self.flush()
            except (DatabaseDown, DBAPIError) as error:
                log.warning("changes_not_told", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            await asyncio.sleep(_EVERY_S)

    async def flush(self) -> None:
        """Tell what is noted now. Raises: DatabaseDown; the next time then tells to load everything anew."""
        self._is_noted.clear()
        if not self._changes:
            return
        payloads = encode_payloads(self._changes.take())
        is_told = False
        try:
            async with self._database.transaction() as session:
                await notify(session, payloads)
            is_told = True
        finally:
            if not is_told:
                self._changes.flood()
                self._is_noted.set()

    async def close(self) -> None:
        """Tell the last notes, if that can be done."""
        try:
            await self.flush()
        except (DatabaseDown, DBAPIError) as error:
            log.warning("changes_not_told", error=type(error).__name__)
