"""Says of jobs whose runner is not heard of any more that they are lost; run by track-api, since a runner cannot.

Guarantees that a page never shows "running" for long where nobody is left who would know. A runner that comes back
takes its jobs up again, so their tokens stay good.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from services.core.clock import Clock, SystemClock
from services.core.errors import DatabaseDown, JobNotFound
from services.jobs import store
from services.jobs.actions import move
from services.jobs.model import JobState
from services.live.changes import ChangeNotes
from services.storage.database import Database

log = structlog.get_logger()

LOST_AFTER = timedelta(seconds=60)
_LOOK_EVERY_S = 5.0
ACTOR = "track-api"


class Silence:
    """Looks for silent runners until cancelled."""

    def __init__(self, database: Database, changes: ChangeNotes, clock: Clock | None = None) -> None:
        self._database, self._changes, self._clock = database, changes, clock or SystemClock()

    async def run(self) -> None:
        """Look now and then; not at once, because after a stop of everything all begin to speak together."""
        while True:
            await asyncio.sleep(LOST_AFTER.total_seconds())
            while True:
                try:
                    await self.look()
                except (DatabaseDown, DBAPIError) as error:
                    # While the database was away, no runner could speak.
                    log.warning("silence_not_looked_for", error=type(error).__name__)
                    break
                await asyncio.sleep(_LOOK_EVERY_S)

    async def look(self) -> list[UUID]:
        """Mark the jobs of silent runners as lost and return them."""
        before = self._clock.now() - LOST_AFTER
        async with self._database.read() as session:
            silent = await store.list_of_silent_runners(session, before)
        lost = []
        for job_id in silent:
            try:
                async with self._database.transaction() as session:
                    cause = f"its job runner was not heard of for {LOST_AFTER.total_seconds():.0f} s"
                    job = await move(session, job_id, JobState.LOST, cause=cause, actor=ACTOR, reason="RunnerSilent")
            except JobNotFound:
                continue
            if job is not None:
                lost.append(job_id)
                self._changes.note_track(job.track_id, job.project_id)
        return lost
