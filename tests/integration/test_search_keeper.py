"""The loop that keeps searches going, on a real PostgreSQL without processes: races, rights, what changes meanwhile."""

import asyncio
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import delete, insert, select, update
from support.apps import Apps, caller, token_of
from support.batches import floats, new_writer, wire

from services.accounts.store import insert_user
from services.jobs import store as job_store
from services.jobs.actions import move
from services.jobs.definition import Allowed
from services.jobs.model import JobState
from services.live.changes import ChangeNotes
from services.runner.searches import SearchKeeper
from services.search.store import find_search
from services.storage.tables import project_members, runners, submissions

DEFINITION = {"code": {"kind": "folder", "path": "/code/digits"}, "command": ["python", "train.py"]}
PLAN = {"objective": "val/score", "n_trials": 12, "n_parallel": 3}


@pytest.fixture(autouse=True)
def _roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_CODE_ROOTS", "/code")


def _keeper(apps: Apps, *roots: str) -> SearchKeeper:
    return SearchKeeper(apps.database, ChangeNotes(apps.database), Allowed(code_roots=roots or ("/code",)))


async def _search(apps: Apps, caller: httpx2.AsyncClient | None = None, **plan: Any) -> UUID:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    body = {"name": "digits", "definition": DEFINITION, "hyperparameters": {"x": ["1:40:1"]}}
    lab = (await apps.reader.post("/api/v3/projects/p/labs", json=body)).json()
    body = {"kind": "search", "search": {**PLAN, **plan}}
    made = await (caller or apps.reader).post(f"/api/v3/labs/{lab['lab_id']}/submissions", json=body)
    assert made.status_code == 201, made.text
    return UUID(made.json()["submission_id"])


async def _shown(apps: Apps, search: UUID) -> Any:
    return (await apps.reader.get(f"/api/v3/submissions/{search}")).json()


async def _finish(apps: Apps, search: UUID, state: JobState = JobState.SUCCEEDED) -> None:
    """Bring every job to an end, each with three points of which x is the last."""
    async with apps.database.read() as session:
        jobs = [job for job in await job_store.list_jobs(session, search) if job.ended_at is None]
    for job in jobs:
        x = float(job.spec["params"]["x"])
        body = wire(new_writer(), 1, series=[floats("val/score", [0.0, x / 2, x], steps=[0, 1, 2])])
        address = f"/api/v3/ingest/tracks/{job.track_id}/batches"
        answer = await apps.writer.post(address, content=body, headers={"content-type": "application/msgpack"})
        assert answer.status_code == 200, answer.text
        async with apps.database.transaction() as session:
            for after in (JobState.STARTING, JobState.RUNNING, state):
                assert await move(session, job.job_id, after, cause="test", actor="test")


async def test_many_keepers_at_once_make_each_trial_once(apps: Apps) -> None:
    search = await _search(apps)
    keepers = [_keeper(apps) for _ in range(4)]
    for n_made in (3, 6, 9, 12, 12):
        await asyncio.gather(*(keeper.look() for keeper in keepers))
        shown = await _shown(apps, search)
        assert (shown["n_jobs"], len(shown["jobs"])) == (n_made, n_made)
        await _finish(apps, search)
    values = [job["params"]["x"] for job in shown["jobs"]]
    assert len(set(values)) == 12
    shown = await _shown(apps, search)
    assert (shown["search"]["ending"], shown["search"]["trials"]) == ("done", {"complete": 12})
    assert shown["search"]["best"]["params"] == {"x": max(values)}
    assert [job["trial"]["value"] for job in shown["jobs"]] == values


async def test_a_stop_leaves_no_trial_behind(apps: Apps) -> None:
    """Whoever is first, the keepers or the stop: nothing begins after it."""
    for _ in range(5):
        await apps.reader.delete("/api/v3/projects/p")
        search = await _search(apps)
        looks = [_keeper(apps).look() for _ in range(3)]
        await asyncio.gather(*looks, apps.reader.post(f"/api/v3/submissions/{search}/stop"))
        await _keeper(apps).look()
        shown = await _shown(apps, search)
        assert shown["search"]["ending"] == "stopped"
        assert set(shown["states"]) <= {"stopped"}


async def test_the_lab_as_it_was_when_it_was_submitted(apps: Apps) -> None:
    search = await _search(apps)
    lab = (await apps.reader.get("/api/v3/projects/p/labs")).json()["items"][0]
    changed = {"definition": {**DEFINITION, "command": ["other"]}, "hyperparameters": {"y": [1]}}
    await apps.reader.patch(f"/api/v3/labs/{lab['lab_id']}", json=changed)
    await _keeper(apps).look()
    async with apps.database.read() as session:
        jobs = await job_store.list_jobs(session, search)
    assert {tuple(job.spec["command"]) for job in jobs} == {("python", "train.py")}
    assert {tuple(job.spec["params"]) for job in jobs} == {("x",)}


async def test_what_may_not_be_submitted_any_more_ends_the_search(apps: Apps) -> None:
    search = await _search(apps)
    await _keeper(apps, "/elsewhere").look()
    shown = (await _shown(apps, search))["search"]
    assert (shown["ending"], shown["trials"]) == ("failed", {})
    assert "not below a root" in shown["detail"]


async def test_whoever_lost_the_right_to_submit_gets_no_more_trials(apps: Apps) -> None:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    project = (await apps.reader.get("/api/v3/projects/p")).json()["project_id"]
    async with apps.database.transaction() as session:
        user = await insert_user(session, "ann")
        values = {"project_id": UUID(project), "user_id": user.user_id, "role": "editor"}
        await session.execute(insert(project_members).values(**values))
    ann = caller(apps.track_api, await token_of(apps.database, user))
    search = await _search(apps, ann)
    await _keeper(apps).look()
    assert (await _shown(apps, search))["n_jobs"] == 3
    async with apps.database.transaction() as session:
        await session.execute(
            update(project_members).where(project_members.c.user_id == user.user_id).values(role="viewer")
        )
    # A viewer sees it, and can neither stop it nor make another.
    assert (await ann.get(f"/api/v3/submissions/{search}")).status_code == 200
    assert (await ann.post(f"/api/v3/submissions/{search}/stop")).status_code == 403
    await _finish(apps, search)
    await _keeper(apps).look()
    shown = await _shown(apps, search)
    assert (shown["n_jobs"], shown["search"]["ending"]) == (3, "failed")
    assert shown["search"]["best"] is not None
    async with apps.database.transaction() as session:
        await session.execute(delete(project_members).where(project_members.c.user_id == user.user_id))
    assert (await ann.get(f"/api/v3/submissions/{search}")).status_code == 404


async def test_a_lab_that_is_deleted_takes_its_search_with_it(apps: Apps) -> None:
    search = await _search(apps)
    lab = (await apps.reader.get("/api/v3/projects/p/labs")).json()["items"][0]["lab_id"]
    assert (await apps.reader.delete(f"/api/v3/labs/{lab}")).status_code == 204
    await _keeper(apps).look()
    async with apps.database.read() as session:
        assert await find_search(session, search) is None
        assert (await session.execute(select(submissions))).all() == []


async def test_a_purged_track_is_no_value(apps: Apps) -> None:
    search = await _search(apps, n_trials=3)
    await _keeper(apps).look()
    await _finish(apps, search)
    best = (await _shown(apps, search))["search"]["best"]
    await apps.reader.delete(f"/api/v3/tracks/{best['track_id']}")
    await apps.reader.post("/api/v3/projects/p/trash/purge", json={"track_ids": [best["track_id"]]})
    await _keeper(apps).look()
    shown = await _shown(apps, search)
    assert len(shown["jobs"]) == 2
    assert sum(shown["search"]["trials"].values()) == 3


async def test_runners_that_cannot_search_are_told_of(apps: Apps) -> None:
    await _search(apps)
    lab = (await apps.reader.get("/api/v3/projects/p/labs")).json()["items"][0]["lab_id"]
    body = {"kind": "search", "search": PLAN}
    async with apps.database.transaction() as session:
        await job_store.touch_runner(
            session, UUID(int=1), host="h", kind="local", max_jobs=1, warning="", can_search=False
        )
    answer = await apps.reader.post(f"/api/v3/labs/{lab}/submissions", json=body)
    assert (answer.status_code, answer.json()["error"]) == (409, "search_unavailable")
    assert "mlsteam-services[search]" in answer.json()["detail"]
    assert (await apps.reader.get("/api/v3/job-rules")).json()["runners"][0]["can_search"] is False
    # The others go on.
    assert (await apps.reader.post(f"/api/v3/labs/{lab}/submissions", json={})).status_code == 201
    async with apps.database.transaction() as session:
        await session.execute(update(runners).values(can_search=True))
    assert (await apps.reader.post(f"/api/v3/labs/{lab}/submissions", json=body)).status_code == 201
