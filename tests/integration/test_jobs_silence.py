"""A job runner that is not heard of any more: its jobs are lost, and found again when it comes back."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from services.accounts.actions import ensure_administrator
from services.core.ids import new_id
from services.jobs import store
from services.jobs.actions import move
from services.jobs.definition import Allowed
from services.jobs.model import JobState
from services.labs.actions import create_lab, submit_grid
from services.live.changes import ChangeNotes
from services.projects.store import create_project
from services.runner.silence import LOST_AFTER, Silence
from services.storage.database import Database
from services.tracks.store import get_track

ALLOWED = Allowed(code_roots=("/code",))


class _Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def test_jobs_of_a_silent_runner_are_lost_and_may_be_found_again(database: Database) -> None:
    runner_id, clock = new_id(), _Clock()
    silence = Silence(database, ChangeNotes(database), clock)
    definition = {"code": {"kind": "folder", "path": "/code"}, "command": ["x"]}
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        project = await create_project(session, principal, "p")
        lab = await create_lab(session, principal, project.project_id, "l", definition=definition, allowed=ALLOWED)
        submission = await submit_grid(session, principal, lab.lab_id, {"n": [1, 2]}, allowed=ALLOWED)
        taken, waiting = await store.list_jobs(session, submission)
        await store.touch_runner(session, runner_id, host="h", kind="local", max_jobs=1, warning="")
        for state in (JobState.STARTING, JobState.RUNNING):
            await move(session, taken.job_id, state, cause="", actor="runner", runner_id=runner_id)
    assert await silence.look() == []
    clock.ahead = LOST_AFTER + timedelta(seconds=1)
    assert await silence.look() == [taken.job_id]
    assert await silence.look() == []
    async with database.read() as session:
        lost = await store.get_job(session, taken.job_id)
        assert (lost.state, (await store.get_job(session, waiting.job_id)).state) == (JobState.LOST, JobState.QUEUED)
        assert "not heard of" in lost.cause
        assert (await get_track(session, lost.track_id)).status == "failed"
        # Whoever comes back is given it.
        assert [job.job_id for job in await store.list_adoptable(session, runner_id)] == [taken.job_id]
    async with database.transaction() as session:
        found = await move(session, taken.job_id, JobState.RUNNING, cause="found", actor="runner")
        assert found is not None
        assert found.ended_at is None


async def test_two_that_claim_one_runner(database: Database) -> None:
    runner_id = new_id()
    async with database.own_connection("a") as first, database.own_connection("b") as second:
        assert await store.claim_runner(first, runner_id)
        assert not await store.claim_runner(second, runner_id)
        assert await store.claim_runner(second, new_id())
        await first.execute(text("SELECT pg_advisory_unlock_all()").text)
        assert await store.claim_runner(second, runner_id)
