"""Submissions and the state machine of jobs on a real PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import func, select

from services.accounts.access import Principal
from services.accounts.actions import ensure_administrator
from services.accounts.store import insert_user
from services.configs.store import read_configs
from services.core.errors import BadValue, NameTaken
from services.jobs import store
from services.jobs.actions import ask_stop, move
from services.jobs.definition import Allowed
from services.jobs.model import JobState
from services.labs.actions import create_lab, resubmit, submit, submit_grid
from services.projects.store import create_project
from services.storage.database import Database
from services.storage.tables import jobs, labs, tracks
from services.tracks.model import TrackStatus
from services.tracks.store import get_track

ALLOWED = Allowed(code_roots=("/code",))
DEFINITION = {"code": {"kind": "folder", "path": "/code"}, "command": ["python", "train.py", "$(id)"]}


async def _lab(database: Database) -> tuple[Principal, object]:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        project = await create_project(session, principal, "p")
        lab = await create_lab(session, principal, project.project_id, "digits", definition=DEFINITION, allowed=ALLOWED)
        return principal, lab.lab_id


async def test_a_grid_becomes_tracks_with_their_parameters_and_jobs(database: Database) -> None:
    principal, lab_id = await _lab(database)
    async with database.transaction() as session:
        submission = await submit_grid(
            session, principal, lab_id, {"lr": [0.1, 0.01], "hidden": ["32:64:32"]}, allowed=ALLOWED
        )
    async with database.read() as session:
        made = await store.list_jobs(session, submission)
        params = [{c.key: c.value for c in await read_configs(session, job.track_id)} for job in made]
        history = await store.list_history(session, made[0].job_id)
        track = await get_track(session, made[0].track_id)
    assert [p["parameters/hidden"] for p in params] == [32, 64, 32, 64]
    assert [p["parameters/lr"] for p in params] == [0.1, 0.1, 0.01, 0.01]
    assert {job.state for job in made} == {JobState.QUEUED}
    assert made[0].spec["command"] == DEFINITION["command"]
    assert [(line.state, line.actor) for line in history] == [(JobState.QUEUED, principal.name)]
    assert (track.origin, track.status) == ("lab", TrackStatus.CREATED)


async def test_a_submission_is_all_or_none(database: Database) -> None:
    principal, lab_id = await _lab(database)
    with pytest.raises(BadValue):
        async with database.transaction() as session:
            await submit(session, principal, lab_id, [{"a": 1}, {"a": float("nan")}], allowed=ALLOWED)
    async with database.read() as session:
        for table in (jobs, tracks):
            assert await session.scalar(select(func.count()).select_from(table)) == 0


async def test_stopping_is_pressed_once_and_harmless_afterwards(database: Database) -> None:
    principal, lab_id = await _lab(database)
    async with database.transaction() as session:
        submission = await submit_grid(session, principal, lab_id, {"n": [1, 2]}, allowed=ALLOWED)
        waiting, busy = await store.list_jobs(session, submission)
        for state in (JobState.STARTING, JobState.RUNNING):
            assert await move(session, busy.job_id, state, cause="test", actor="runner")
    for _ in range(3):
        async with database.transaction() as session:
            states = [await ask_stop(session, job.track_id, "ann") for job in (waiting, busy)]
        assert [job.state for job in states if job] == [JobState.STOPPED, JobState.STOPPING]
    async with database.transaction() as session:
        assert await move(session, busy.job_id, JobState.RUNNING, cause="late", actor="runner") is None
        assert await move(session, busy.job_id, JobState.STOPPED, cause="SIGTERM", actor="runner", exit_code=-15)
        assert (await ask_stop(session, busy.track_id, "bob")).stop_asked_by == "ann"  # type: ignore[union-attr]
    async with database.read() as session:
        history = await store.list_history(session, busy.job_id)
        assert (await get_track(session, busy.track_id)).status is TrackStatus.STOPPED
    assert [line.state for line in history] == ["queued", "starting", "running", "stopping", "stopped"]


async def test_turns_are_fair_and_no_job_is_claimed_twice(database: Database) -> None:
    ann, lab_id = await _lab(database)
    async with database.transaction() as session:
        bob = await insert_user(session, "bob", is_admin=True)
        await submit_grid(session, ann, lab_id, {"n": ["1:6:1"]}, allowed=ALLOWED)
        await submit_grid(session, bob, lab_id, {"n": [1, 2]}, allowed=ALLOWED)

    async def claim() -> object:
        async with database.transaction() as session:
            job = await store.find_next(session)
            if job is None:
                return None
            await move(session, job.job_id, JobState.STARTING, cause="claimed", actor="runner", started_at=func.now())
            return job

    order = [(await claim()).user_id for _ in range(4)]  # type: ignore[attr-defined]
    assert order == [ann.user_id, bob.user_id, ann.user_id, bob.user_id]
    rest = await asyncio.gather(*(claim() for _ in range(8)))
    claimed = [job.job_id for job in rest if job is not None]  # type: ignore[attr-defined]
    assert len(claimed) == len(set(claimed)) <= 4


async def test_what_is_submitted_again_has_the_same_values(database: Database) -> None:
    principal, lab_id = await _lab(database)
    async with database.transaction() as session:
        first = await store.list_jobs(
            session, await submit_grid(session, principal, lab_id, {"x": [1.0, 2.0]}, allowed=ALLOWED)
        )
        again = await store.list_jobs(session, await resubmit(session, principal, first[1:], allowed=ALLOWED))
    assert again[0].spec == first[1].spec
    assert again[0].track_id != first[1].track_id


async def test_a_project_has_one_lab_of_a_name(database: Database) -> None:
    principal, lab_id = await _lab(database)
    async with database.read() as session:
        project_id = await session.scalar(select(labs.c.project_id).where(labs.c.lab_id == lab_id))
    async with database.transaction() as session:
        with pytest.raises(NameTaken):
            await create_lab(session, principal, project_id, "digits", definition=DEFINITION, allowed=ALLOWED)
        await session.rollback()
