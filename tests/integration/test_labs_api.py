"""Labs, submissions, jobs and secrets over HTTP: made, previewed, submitted, stopped, submitted again, and by whom."""

import asyncio
import io
import tarfile
import zipfile
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, text
from support.apps import Apps, caller, token_of

from services.accounts.access import Principal
from services.accounts.store import insert_user
from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.jobs import store
from services.jobs.actions import move
from services.jobs.model import JobState
from services.storage.tables import project_members

DEFINITION = {"code": {"kind": "folder", "path": "/code/digits"}, "command": ["python", "train.py"]}


@pytest.fixture(autouse=True)
def _roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLSTEAM_CODE_ROOTS", "/code:/more")


async def _lab(apps: Apps, **hyperparameters: Any) -> dict[str, Any]:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    body = {"name": "digits", "definition": DEFINITION, "hyperparameters": hyperparameters}
    answer = await apps.reader.post("/api/v3/projects/p/labs", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def _member(apps: Apps, name: str, role: str | None) -> httpx2.AsyncClient:
    project = (await apps.reader.get("/api/v3/projects/p")).json()
    async with apps.database.transaction() as session:
        user = await insert_user(session, name)
        if role:
            values = {"project_id": project["project_id"], "user_id": user.user_id, "role": role}
            await session.execute(insert(project_members).values(**values))
    return caller(apps.track_api, await token_of(apps.database, user))


async def test_a_preview_is_what_submit_makes(apps: Apps) -> None:
    lab = await _lab(apps, lr=["log 0.001:0.1:3"], hidden=[32, 64])
    address = f"/api/v3/labs/{lab['lab_id']}"
    preview = (await apps.reader.post(f"{address}/preview", json={})).json()
    assert (preview["n_grid"], preview["n_jobs"], preview["problem"]) == (6, 6, "")
    made = (await apps.reader.post(f"{address}/submissions", json={})).json()
    assert [job["params"] for job in made["jobs"]] == preview["combinations"]
    assert made["states"] == {"queued": 6}
    sample = {"kind": "random", "n": 2, "seed": 7}
    first = (await apps.reader.post(f"{address}/preview", json=sample)).json()["combinations"]
    again = (await apps.reader.post(f"{address}/submissions", json=sample)).json()
    assert [job["params"] for job in again["jobs"]] == first
    listed = {"kind": "list", "combinations": [{"lr": 1.5}, {"lr": "0:1:1", "on": True}]}
    third = (await apps.reader.post(f"{address}/submissions", json=listed)).json()
    assert [job["params"] for job in third["jobs"]] == listed["combinations"]
    numbers = (await apps.reader.get(f"{address}/submissions?limit=2")).json()
    assert [one["number"] for one in numbers["items"]] == [3, 2]
    rest = (await apps.reader.get(f"{address}/submissions", params={"cursor": numbers["next_cursor"]})).json()
    assert [one["number"] for one in rest["items"]] == [1]
    shown = (await apps.reader.get(f"/api/v3/projects/p/tracks?submission={again['submission_id']}")).json()["items"]
    assert {track["track_id"] for track in shown} == {job["track_id"] for job in again["jobs"]}
    assert {track["job_state"] for track in shown} == {"queued"}


async def test_a_million_is_refused_before_it_is_made(apps: Apps) -> None:
    lab = await _lab(apps, a=["1:1000:1"], b=["1:1000:1"])
    address = f"/api/v3/labs/{lab['lab_id']}"
    preview = (await apps.reader.post(f"{address}/preview", json={})).json()
    assert (preview["n_grid"], preview["combinations"]) == (1_000_000, [])
    assert "1,000,000 jobs" in preview["problem"]
    assert (await apps.reader.post(f"{address}/submissions", json={})).status_code == 422
    assert (await apps.reader.get("/api/v3/projects/p/tracks")).json()["items"] == []
    few = {"kind": "random", "n": 5}
    assert (await apps.reader.post(f"{address}/submissions", json=few)).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": {"kind": "folder", "path": "/etc"}}, "code.path"),
        ({"code": {"kind": "folder", "path": "/codes"}}, "code.path"),
        ({"code": {"kind": "folder", "path": "/code/../etc"}}, "code.folder.path"),
        ({"code": {"kind": "git", "url": "https://10.0.0.1/r"}}, "url"),
        ({"code": {"kind": "git", "url": "ext::sh -c id"}}, "url"),
        ({"code": {"kind": "git", "url": "https://example.org/r", "revision": "--upload-pack=id"}}, "revision"),
        ({"variables": {"MLSTEAM_TRACK_ID": "x"}}, "variables"),
        ({"variables": {"LD_PRELOAD=": "x"}}, "variables"),
        ({"environment": {"requirements": "../../x"}}, "environment"),
        ({"privileged": True}, "privileged"),
    ],
)
async def test_hostile_definitions_are_refused_with_their_field(apps: Apps, change: dict[str, Any], field: str) -> None:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    body = {"name": "x", "definition": DEFINITION | change}
    answer = await apps.reader.post("/api/v3/projects/p/labs", json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.text


async def test_secrets_are_set_and_never_shown(apps: Apps) -> None:
    lab = await _lab(apps, n=[1])
    address = f"/api/v3/labs/{lab['lab_id']}"
    put = await apps.reader.put(f"{address}/secrets/API_KEY", json={"value": "canary-4711"})
    assert put.status_code == 204, put.text
    assert (await apps.reader.put(f"{address}/secrets/MLSTEAM_X", json={"value": "x"})).status_code == 422
    listed = (await apps.reader.get(f"{address}/secrets")).json()["items"]
    assert [one["name"] for one in listed] == ["API_KEY"]
    made = (await apps.reader.post(f"{address}/submissions", json={})).json()
    track_id = made["jobs"][0]["track_id"]
    for path in (address, f"{address}/secrets", f"{address}/submissions", f"/api/v3/tracks/{track_id}/job",
                 f"/api/v3/submissions/{made['submission_id']}", "/api/v3/projects/p/labs",
                 f"/api/v3/tracks/{track_id}/values"):  # fmt: skip
        answer = await apps.reader.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "canary" not in answer.text, path
    assert (await apps.reader.delete(f"{address}/secrets/API_KEY")).status_code == 204
    assert (await apps.reader.delete(f"{address}/secrets/API_KEY")).status_code == 404


async def test_stop_and_submit_again(apps: Apps) -> None:
    lab = await _lab(apps, n=[1, 2, 3])
    made = (await apps.reader.post(f"/api/v3/labs/{lab['lab_id']}/submissions", json={})).json()
    tracks = [job["track_id"] for job in made["jobs"]]
    stopped = (await apps.reader.post(f"/api/v3/tracks/{tracks[0]}/stop")).json()
    assert (stopped["state"], stopped["stop_asked_by"]) == ("stopped", "admin")
    assert [line["state"] for line in stopped["history"]] == ["queued", "stopped"]
    again = await apps.reader.post(f"/api/v3/tracks/{tracks[0]}/stop")
    assert (again.status_code, again.json()["state"]) == (200, "stopped")
    stranger = "00000000-0000-7000-8000-000000000000"
    several = (await apps.reader.post("/api/v3/tracks/stop", json={"track_ids": [*tracks, stranger]})).json()["items"]
    assert [one["state"] for one in several] == ["stopped"] * 3 + [None]
    assert several[-1]["problem"] == "track_not_found"
    assert (await apps.reader.post(f"/api/v3/submissions/{made['submission_id']}/resubmit", json={})).status_code == 422
    await _fail(apps, made["jobs"], 2)
    failed = (await apps.reader.post(f"/api/v3/submissions/{made['submission_id']}/resubmit", json={})).json()
    assert failed.get("error") == "bad_value"  # those two had been stopped, which is no failure
    everything = {"only": "all", "changed": {"n": 9, "extra": "x"}}
    all_of_them = await apps.reader.post(f"/api/v3/submissions/{made['submission_id']}/resubmit", json=everything)
    assert [job["params"] for job in all_of_them.json()["jobs"]] == [{"n": 9, "extra": "x"}]
    one = (await apps.reader.post(f"/api/v3/tracks/{tracks[1]}/resubmit", json={"changed": {"n": 5}})).json()
    assert [job["params"] for job in one["jobs"]] == [{"n": 5}]
    assert one["number"] == 3


async def _fail(apps: Apps, jobs: list[dict[str, Any]], n: int) -> None:
    async with apps.database.transaction() as session:
        for job in (await store.list_jobs(session, jobs[0]["submission_id"]))[:n]:
            await move(session, job.job_id, JobState.FAILED, cause="test", actor="runner", exit_code=3)


async def test_what_failed_is_submitted_again_alone(apps: Apps) -> None:
    lab = await _lab(apps, n=[1, 2, 3])
    made = (await apps.reader.post(f"/api/v3/labs/{lab['lab_id']}/submissions", json={})).json()
    await _fail(apps, made["jobs"], 2)
    shown = (await apps.reader.get(f"/api/v3/submissions/{made['submission_id']}")).json()
    assert shown["states"] == {"failed": 2, "queued": 1}
    assert [job["exit_in_words"] for job in shown["jobs"]][:2] == ["exit code 3"] * 2
    again = (await apps.reader.post(f"/api/v3/submissions/{made['submission_id']}/resubmit", json={})).json()
    assert [job["params"]["n"] for job in again["jobs"]] == [1, 2]


async def test_a_queued_job_says_why_it_waits(apps: Apps) -> None:
    lab = await _lab(apps, n=[1, 2])
    made = (await apps.reader.post(f"/api/v3/labs/{lab['lab_id']}/submissions", json={})).json()
    waits = [job["waiting"] for job in made["jobs"]]
    assert [one["place"] for one in waits] == [1, 2]
    assert waits[0]["reason"] == "no_runner"
    async with apps.database.transaction() as session:
        await store.touch_runner(session, apps.principal.user_id, host="h", kind="local", max_jobs=1, warning="")
    job = (await apps.reader.get(f"/api/v3/tracks/{made['jobs'][1]['track_id']}/job")).json()
    assert job["waiting"]["reason"] == "next"
    async with apps.database.transaction() as session:
        first = await store.find_next(session)
        assert first is not None
        await move(session, first.job_id, JobState.STARTING, cause="taken", actor="runner")
    job = (await apps.reader.get(f"/api/v3/tracks/{made['jobs'][1]['track_id']}/job")).json()
    assert (job["waiting"]["reason"], job["waiting"]["place"]) == ("no_place", 1)
    rules = (await apps.reader.get("/api/v3/job-rules")).json()
    assert rules["code_roots"] == ["/code", "/more"]
    assert [runner["is_alive"] for runner in rules["runners"]] == [True]


async def test_labs_are_seen_by_members_and_submitted_by_editors(apps: Apps) -> None:
    lab = await _lab(apps, n=[1])
    address = f"/api/v3/labs/{lab['lab_id']}"
    made = (await apps.reader.post(f"{address}/submissions", json={})).json()
    track_id, submission = made["jobs"][0]["track_id"], f"/api/v3/submissions/{made['submission_id']}"
    reads = [address, f"{address}/submissions", submission, f"/api/v3/tracks/{track_id}/job", "/api/v3/projects/p/labs"]
    writes: list[tuple[str, str, Any]] = [
        ("POST", f"{address}/submissions", {}), ("PATCH", address, {"name": "x"}), ("DELETE", address, None),
        ("PUT", f"{address}/secrets/A", {"value": "x"}), ("GET", f"{address}/secrets", None),
        ("POST", f"{submission}/resubmit", {"only": "all"}), ("POST", f"{submission}/stop", None),
        ("POST", f"/api/v3/tracks/{track_id}/stop", None), ("POST", f"/api/v3/tracks/{track_id}/resubmit", {}),
        ("POST", "/api/v3/projects/p/labs", {"name": "y", "definition": DEFINITION}),
    ]  # fmt: skip
    for role, may_read in (("viewer", True), (None, False)):
        async with await _member(apps, f"a-{role}", role) as client:
            for path in reads:
                assert (await client.get(path)).status_code == (200 if may_read else 404), (role, path)
            for method, path, body in writes:
                answer = await client.request(method, path, json=body)
                assert answer.status_code == (403 if may_read else 404), (role, method, path, answer.text)
            several = (await client.post("/api/v3/tracks/stop", json={"track_ids": [track_id]})).json()["items"]
            assert several[0]["problem"] in {"missing_right", "track_not_found"}
    job = (await apps.reader.get(f"/api/v3/tracks/{track_id}/job")).json()
    assert job["state"] == "queued"
    async with await _member(apps, "an-editor", "editor") as client:
        assert (await client.post(f"/api/v3/tracks/{track_id}/stop")).json()["stop_asked_by"] == "an-editor"


async def test_a_jobs_token_submits_and_stops_nothing(apps: Apps) -> None:
    lab = await _lab(apps, n=[1])
    address = f"/api/v3/labs/{lab['lab_id']}"
    track_id = (await apps.reader.post(f"{address}/submissions", json={})).json()["jobs"][0]["track_id"]
    async with apps.database.transaction() as session:
        now = SystemClock().now()
        owner = Principal(apps.principal.user_id, "admin", is_admin=True)
        _, token = await issue_token(session, owner, name="job", api_address="x", now=now, track_id=track_id)
    async with caller(apps.track_api, token) as job:
        assert (await job.get(f"/api/v3/tracks/{track_id}/job")).status_code == 200
        for method, path in (
            ("POST", f"{address}/submissions"), ("GET", f"{address}/secrets"), ("GET", address),
            ("POST", f"/api/v3/tracks/{track_id}/stop"), ("POST", f"/api/v3/tracks/{track_id}/resubmit"),
            ("GET", "/api/v3/job-rules"),
        ):  # fmt: skip
            answer = await job.request(method, path, json={})
            assert answer.status_code in {403, 404}, (path, answer.text)


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("train.py", "print(1)")
    return file.getvalue()


def _tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    return file.getvalue()


@pytest.mark.parametrize("content", [_zip(), _tar()])
async def test_an_archive_is_uploaded_and_fetched_by_its_job(apps: Apps, content: bytes) -> None:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    answer = await apps.reader.post("/api/v3/projects/p/archives?name=v1.zip", content=content)
    assert answer.status_code == 201, answer.text
    archive = answer.json()
    code = {"kind": "archive", "archive_id": archive["archive_id"]}
    body = {"name": "a", "definition": DEFINITION | {"code": code}}
    lab = (await apps.reader.post("/api/v3/projects/p/labs", json=body)).json()
    made = (await apps.reader.post(f"/api/v3/labs/{lab['lab_id']}/submissions", json={})).json()
    fetched = await apps.reader.get(f"/api/v3/tracks/{made['jobs'][0]['track_id']}/job/code")
    assert fetched.content == content
    await apps.reader.post("/api/v3/projects", json={"name": "other"})
    elsewhere = await apps.reader.post("/api/v3/projects/other/labs", json=body)
    assert (elsewhere.status_code, elsewhere.json()["error"]) == (404, "archive_not_found")
    assert (await apps.reader.delete(f"/api/v3/projects/p/archives/{archive['archive_id']}")).status_code == 204
    assert (await apps.reader.get("/api/v3/projects/p/archives")).json()["items"] == []


async def test_what_is_no_archive_is_refused_and_leaves_nothing(apps: Apps, tmp_path: Any) -> None:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    for content in (b"", b"hello", b"x" * 2_000_000):
        answer = await apps.reader.post("/api/v3/projects/p/archives", content=content)
        assert (answer.status_code, answer.json()["error"]) == (422, "bad_value"), answer.text
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


async def test_a_lab_with_unfinished_jobs_stays(apps: Apps) -> None:
    lab = await _lab(apps, n=[1])
    address = f"/api/v3/labs/{lab['lab_id']}"
    made = (await apps.reader.post(f"{address}/submissions", json={})).json()
    assert (await apps.reader.delete(address)).json()["error"] == "jobs_unfinished"
    await apps.reader.post(f"/api/v3/submissions/{made['submission_id']}/stop")
    assert (await apps.reader.delete(address)).status_code == 204
    assert (await apps.reader.get(f"/api/v3/tracks/{made['jobs'][0]['track_id']}/job")).status_code == 200
    async with apps.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM submissions")) == 0
    assert (await apps.reader.delete("/api/v3/projects/p")).status_code == 204


async def test_the_table_of_tracks_follows_a_job_and_the_trash_stops_it(apps: Apps) -> None:
    lab = await _lab(apps, lr=[1, 2])
    made = (await apps.reader.post(f"/api/v3/labs/{lab['lab_id']}/submissions", json={})).json()
    first, second = (job["track_id"] for job in made["jobs"])
    # Loaded, so that from here on only what changed is read.
    rows = (await apps.reader.get("/api/v3/projects/p/tracks?sort=p.lr&column=p.lr")).json()["items"]
    assert [row["job_state"] for row in rows] == ["queued", "queued"]
    async with apps.database.transaction() as session:
        job = await store.find_job_of_track(session, first)
        assert job is not None
        await move(session, job.job_id, JobState.STARTING, cause="taken", actor="runner")

    async def states() -> dict[str, str]:
        items = (await apps.reader.get("/api/v3/projects/p/tracks")).json()["items"]
        return {row["track_id"]: row["job_state"] for row in items}

    async with asyncio.timeout(10):
        while await states() != {first: "starting", second: "queued"}:  # noqa: ASYNC110 (it asks a server)
            await asyncio.sleep(0.1)
    gone = await apps.reader.post("/api/v3/projects/p/tracks/delete", json={"track_ids": [first, second]})
    assert gone.json()["total"] == 2
    async with apps.database.read() as session:
        ended = [await store.find_job_of_track(session, track_id) for track_id in (first, second)]
    assert [job.state for job in ended if job] == [JobState.STOPPING, JobState.STOPPED]
