"""The loop that keeps searches going: chooses trials up to as many as may run at once, and stops those not worth it.

Run beside the job runner, by as many processes as there are runners. Remembers nothing but what it has read: whoever
looks next sees the same trials and decides alike, and a decision that came too late is dropped.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from services.core.errors import DatabaseDown, SubmissionNotFound
from services.jobs import store as job_store
from services.jobs.definition import Allowed
from services.jobs.model import ENDED, Job
from services.labs.combinations import Combination
from services.labs.store import get_submission
from services.live.changes import ChangeNotes
from services.search import actions, store
from services.search.model import Ending, Search, Trial, gives_up
from services.search.space import read_space
from services.search.study import judge, propose
from services.search.trials import read_trials
from services.series.source import SourceCache
from services.storage.database import Database

log = structlog.get_logger()

_LOOK_S = 1.0
_CACHE_BYTES = 64 << 20


class SearchKeeper:
    """Keeps the searches of a database going."""

    def __init__(self, database: Database, changes: ChangeNotes, allowed: Allowed) -> None:
        self._database, self._changes, self._allowed = database, changes, allowed
        self._cache = SourceCache(_CACHE_BYTES)
        # How far each search was when its trials were last judged: as long as nothing comes, nothing is to be said.
        self._judged: dict[UUID, object] = {}

    async def run(self) -> None:
        """Look after all searches until cancelled."""
        while True:
            try:
                await self.look()
            except (DatabaseDown, DBAPIError) as error:
                log.warning("searches_not_looked_after", error=type(error).__name__)
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Look after every search once."""
        async with self._database.read() as session:
            unfinished = await store.list_unfinished(session)
        self._judged = {one.submission_id: self._judged.get(one.submission_id) for one in unfinished}
        for search in unfinished:
            try:
                await self._keep(search)
            except SubmissionNotFound:
                # Its lab was deleted.
                continue
            except (DatabaseDown, DBAPIError):
                raise
            except Exception:  # whatever one search dies of, the others go on; it is tried again the next time
                log.exception("search_failed", submission_id=str(search.submission_id))

    async def _keep(self, search: Search) -> None:
        plan, submission_id = search.plan, search.submission_id
        async with self._database.read() as session:
            n_seen = (await get_submission(session, submission_id)).n_jobs
            jobs = await job_store.list_jobs(session, submission_id)
            n_going = sum(job.state not in ENDED for job in jobs)
            if n_seen >= plan.n_trials and not n_going:
                return await self._end(search, jobs, Ending.DONE)
            n_free = min(plan.n_parallel - n_going, plan.n_trials - n_seen)
            prunes = plan.pruner != "none" and n_going > 0
            if n_free <= 0 and not prunes:
                return None
            trials = await read_trials(session, self._cache, search, jobs, has_curves=plan.pruner != "none")
        if prunes:
            await self._prune(search, trials)
        if why := gives_up(plan, trials):
            return await self._end(search, jobs, Ending.FAILED, why)
        if n_free > 0:
            space = read_space(search.hyperparameters)
            chosen = await asyncio.to_thread(propose, plan, space, trials, n_free)
            if chosen:
                await self._add(search, chosen, n_seen)
            elif not n_going:
                await self._end(search, jobs, Ending.DONE)
        return None

    async def _add(self, search: Search, chosen: Sequence[Combination], n_seen: int) -> None:
        async with self._database.transaction() as session:
            made = await actions.add_trials(session, search.submission_id, chosen, n_seen, allowed=self._allowed)
        self._tell(made)

    async def _prune(self, search: Search, trials: Sequence[Trial]) -> None:
        so_far = [(trial.state, len(trial.curve.steps)) for trial in trials]
        if so_far == self._judged.get(search.submission_id):
            return
        causes = await asyncio.to_thread(judge, search.plan, trials)
        if not causes:
            self._judged[search.submission_id] = so_far
            return
        track_of = {trial.job_id: trial.track_id for trial in trials}
        async with self._database.transaction() as session:
            stopped = await actions.prune(
                session, search.submission_id, {track_of[job_id]: cause for job_id, cause in causes.items()}
            )
        self._tell(stopped)

    async def _end(self, search: Search, jobs: Sequence[Job], ending: Ending, detail: str = "") -> None:
        async with self._database.transaction() as session:
            await actions.end_by_itself(session, search.submission_id, ending, detail)
        self._tell(jobs)

    def _tell(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._changes.note_track(job.track_id, job.project_id)
