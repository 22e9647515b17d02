"""The loops of the job runner: take jobs, tell the launcher, write down what it reports, stop what is to stop.

Called by the runner's app. Guarantees that one process at a time acts for a runner's id, that a report is written down
before the next one is looked at, and that the token of a job ends in the same transaction as the job.
"""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from services.core.errors import DatabaseDown, JobNotFound
from services.core.telemetry import JOBS_ENDED, JOBS_HERE
from services.jobs import store
from services.jobs.actions import ask_stop, end_token, move, note
from services.jobs.definition import Allowed
from services.jobs.launchers.launcher import Launcher, LaunchFailed, NoRoom, Order, Phase, Report
from services.jobs.model import ENDED, Job, JobState
from services.live.changes import ChangeNotes
from services.runner.endings import next_state
from services.runner.orders import make_order
from services.storage.blobs import BlobStore
from services.storage.database import Database, Session

log = structlog.get_logger()

ACTOR = "job runner"
_BEAT_S = 5.0
_LOOK_S = 0.5
_NO_ROOM_S = 10.0
_RETRY_S = 1.0
_LEADER_S = 1.0
_GRACE_S = 15.0
# After the grace a launcher has five seconds.
_STOP_ALL_S = 22.0


class JobRunner:
    """Acts for one launcher."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        launcher: Launcher,
        changes: ChangeNotes,
        *,
        backend: str,
        allowed: Allowed,
        warning: str = "",
        can_search: bool = False,
    ) -> None:
        self._database, self._blobs, self._launcher, self._changes = database, blobs, launcher, changes
        self._backend, self._allowed = backend, allowed
        # What it says of itself.
        self._said = {"warning": warning, "can_search": can_search}
        self._wake = asyncio.Event()
        self._full_until = 0.0
        self._starting: set[UUID] = set()
        self._told_to_stop: set[UUID] = set()
        self._here: set[UUID] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def run(self) -> None:
        """Lead, take up what an earlier process had, then do all the work until cancelled."""
        async with self._database.own_connection("mlsteam-runner") as connection:
            # Another process may act for this id; should it end, its connection does.
            while not await store.claim_runner(connection, self._launcher.runner_id):  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(_LEADER_S)
            await self._adopt()
            async with asyncio.TaskGroup() as group:
                for body in (self._beat, self._take, self._watch, self._stop):
                    group.create_task(body())
                group.create_task(self._hold(connection))

    @staticmethod
    async def _hold(connection: Any) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            # A connection that is lost is a leadership that is lost: this raises, and all begins anew.
            await connection.fetchval("SELECT 1", timeout=_BEAT_S)

    async def _adopt(self) -> None:
        runner_id = self._launcher.runner_id
        await self._say_alive()
        async with self._database.read() as session:
            jobs = await store.list_adoptable(session, runner_id)
        self._here = {job.job_id for job in jobs} | self._starting
        self._told_to_stop.clear()
        await self._launcher.adopt([job.job_id for job in jobs if job.job_id not in self._starting])
        log.info("jobs_adopted", count=len(jobs))

    async def _say_alive(self) -> None:
        launcher = self._launcher
        said = {"kind": launcher.kind, "max_jobs": launcher.max_jobs, **self._said}
        async with self._database.transaction() as session:
            await store.touch_runner(session, launcher.runner_id, host=launcher.place, **said)

    async def _beat(self) -> None:
        while True:
            await self._say_alive()
            await asyncio.sleep(_BEAT_S)

    # --- taking ---

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._is_closing and loop.time() >= self._full_until and await self._take_one():
                pass
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_S)

    async def _take_one(self) -> bool:
        if len(self._here) >= self._launcher.max_jobs:
            return False
        order, job = None, None
        async with self._database.transaction() as session:
            job = await store.find_next(session)
            if job is None:
                return False
            place: dict[str, Any] = {"runner_id": self._launcher.runner_id, "started_at": store.NOW}
            cause = f"taken by the job runner on {self._launcher.place}"
            await move(session, job.job_id, JobState.STARTING, cause=cause, actor=ACTOR, **place)
            try:
                order = await make_order(session, self._blobs, job, backend=self._backend, allowed=self._allowed)
            except LaunchFailed as error:
                await move(session, job.job_id, JobState.FAILED, cause=str(error), actor=ACTOR, reason="LaunchFailed")
        self._changes.note_track(job.track_id, job.project_id)
        if order is not None:
            self._here.add(job.job_id)
            JOBS_HERE.set(len(self._here))
            self._starting.add(job.job_id)
            self._spawn(self._start(job, order))
        return True

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self, job: Job, order: Order) -> None:
        failure: LaunchFailed | None = None
        try:
            await self._launcher.start(order)
        except LaunchFailed as error:
            failure = error
        except NoRoom as error:
            await self._again(self._give_back, job, str(error))
        except Exception as error:
            log.exception("job_not_started", job_id=str(job.job_id))
            await self._again(self._give_back, job, f"It could not be started ({type(error).__name__}).")
        finally:
            self._starting.discard(job.job_id)
        if failure is not None:
            await self._again(self._fail, job, str(failure))

    async def _fail(self, job: Job, cause: str) -> None:
        async with self._database.transaction() as session:
            await self._finish(session, job, JobState.FAILED, cause=cause, reason="LaunchFailed")
        self._gone(job)

    async def _give_back(self, job: Job, cause: str) -> None:
        self._full_until = asyncio.get_running_loop().time() + _NO_ROOM_S
        # Before it can be taken again: what is cleaned is never what has just been started.
        await self._launcher.clean(job.job_id)
        async with self._database.transaction() as session:
            current = await store.lock_job(session, job.job_id)
            if current.state is JobState.STOPPING:
                await self._finish(session, current, JobState.STOPPED, cause="stopped before it began", reason="")
            else:
                await self._requeue(session, current, cause, "no_room")
        self._gone(job, is_clean=True)

    async def _requeue(self, session: Session, job: Job, cause: str, reason: str) -> None:
        await self._end_token(session, job)
        values = {"runner_id": None, "token_id": None, "started_at": None}
        await move(session, job.job_id, JobState.QUEUED, cause=cause, actor=ACTOR, reason=reason, **values)

    # --- what becomes of them ---

    async def _watch(self) -> None:
        async for report in self._launcher.watch():
            await self._again(self._apply, report)

    async def _again(self, work: Any, *arguments: Any) -> None:
        """Do something until the database has it."""
        while True:
            try:
                await work(*arguments)
            except (DatabaseDown, DBAPIError) as error:
                log.warning("database_not_there_for_job", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _apply(self, report: Report) -> None:
        is_clean = False
        try:
            if report.phase is Phase.LOST:
                async with self._database.read() as session:
                    is_clean = next_state(await store.get_job(session, report.job_id), report) is JobState.QUEUED
            if is_clean:
                # As above; nothing of it ran, so nothing is to be sent.
                await self._launcher.clean(report.job_id)
            async with self._database.transaction() as session:
                job = await store.lock_job(session, report.job_id)
                is_over = await self._write(session, job, report)
        except JobNotFound:
            # Its project was deleted.
            await self._launcher.stop(report.job_id, 0)
            if report.phase in {Phase.ENDED, Phase.LOST}:
                self._forget(report.job_id)
            return
        if is_over:
            self._gone(job, is_clean=is_clean)
        self._changes.note_track(job.track_id, job.project_id)

    async def _write(self, session: Session, job: Job, report: Report) -> bool:
        """Write a report down; say whether nothing of the job is left here."""
        is_over = report.phase in {Phase.ENDED, Phase.LOST}
        state = next_state(job, report)
        told: dict[str, Any] = {"cause": report.cause, "reason": report.reason, "at": report.at}
        if state is JobState.QUEUED:
            await self._requeue(session, job, report.cause, report.reason)
        elif state in ENDED:
            if job.state not in ENDED or job.state is JobState.LOST:
                ended: dict[str, Any] = {"exit_code": report.exit_code, "signal": report.signal}
                await self._finish(session, job, state, **told, **ended)
        elif state is not None:
            await move(session, job.job_id, state, actor=ACTOR, **told)
        elif job.state not in ENDED:
            await note(session, job, actor=ACTOR, **told)
        return is_over

    async def _finish(self, session: Session, job: Job, state: JobState, *, cause: str, **values: Any) -> None:
        if await move(session, job.job_id, state, cause=cause, actor=ACTOR, **values) is not None:
            JOBS_ENDED.labels(state.value).inc()
            await self._end_token(session, job)

    @staticmethod
    async def _end_token(session: Session, job: Job) -> None:
        token_id = (await store.get_job(session, job.job_id)).token_id
        if token_id is not None:
            await end_token(session, token_id)

    def _gone(self, job: Job, *, is_clean: bool = False) -> None:
        self._changes.note_track(job.track_id, job.project_id)
        self._forget(job.job_id, is_clean=is_clean)

    def _forget(self, job_id: UUID, *, is_clean: bool = False) -> None:
        self._here.discard(job_id)
        JOBS_HERE.set(len(self._here))
        self._told_to_stop.discard(job_id)
        if not is_clean:
            self._spawn(self._launcher.clean(job_id))
        self._wake.set()

    # --- stopping ---

    async def _stop(self) -> None:
        while True:
            async with self._database.read() as session:
                mine = {job.job_id: job for job in await store.get_jobs(session, list(self._here))}
            for job_id in self._here - self._starting - self._told_to_stop:
                job = mine.get(job_id)
                if job is None:
                    # Its project was deleted.
                    await self._tell_stop(job_id, 0)
                elif job.state is JobState.STOPPING or (job.state in ENDED and job.state is not JobState.LOST):
                    await self._tell_stop(job_id, float(job.spec.get("limits", {}).get("grace_s", _GRACE_S)))
            await asyncio.sleep(_LOOK_S)

    async def _tell_stop(self, job_id: UUID, grace_s: float) -> None:
        await self._launcher.stop(job_id, grace_s)
        self._told_to_stop.add(job_id)

    async def stop_all(self) -> None:
        """Stop every job that is here, and return when they have ended, or should have; take no other."""
        self._is_closing = True
        try:
            async with self._database.read() as session:
                jobs = await store.get_jobs(session, list(self._here))
            for job in jobs:
                async with self._database.transaction() as session:
                    await ask_stop(session, job.track_id, ACTOR)
        except (DatabaseDown, DBAPIError) as error:
            log.warning("jobs_not_stopped", error=type(error).__name__)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_ALL_S):
                while self._here or self._tasks:  # noqa: ASYNC110 (many things end it, none of them often)
                    await asyncio.sleep(0.1)
