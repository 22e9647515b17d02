"""Pipelines and runs over HTTP, without a runner: what is stored, shown, reordered, queued, stopped."""

from typing import Any

from support.apps import Apps
from support.batches import config, new_writer, wire

ACTIONS: list[dict[str, Any]] = [
    {"kind": "git", "name": "fetch", "url": "https://example.org/team/repo.git", "revision": "main"},
    {"kind": "command", "name": "train", "command": ["python", "train.py"]},
    {"kind": "publish", "name": "publish", "patterns": ["out/*.json"], "folder": "results"},
]


async def _pipeline(apps: Apps, **definition: Any) -> str:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    body = {"name": "nightly", "definition": {"actions": ACTIONS, **definition}}
    answer = await apps.reader.post("/api/v3/projects/p/pipelines", json=body)
    assert answer.status_code == 201, answer.text
    return f"/api/v3/pipelines/{answer.json()['pipeline_id']}"


async def test_actions_are_edited_and_reordered(apps: Apps) -> None:
    address = await _pipeline(apps, variables={"A": "1"})
    moved = (await apps.reader.put(f"{address}/order", json={"order": [2, 3, 1]})).json()["definition"]
    assert [action["name"] for action in moved["actions"]] == ["train", "publish", "fetch"]
    assert moved["variables"] == {"A": "1"}
    for order in ([1, 2], [1, 1, 2], [0, 1, 2], [1, 2, 4]):
        assert (await apps.reader.put(f"{address}/order", json={"order": order})).status_code == 422
    edited = await apps.reader.patch(address, json={"definition": {"actions": ACTIONS[1:2]}})
    assert [action["name"] for action in edited.json()["definition"]["actions"]] == ["train"]
    for hostile in (
        {"kind": "publish", "patterns": ["../../etc/*"]},
        {"kind": "publish", "patterns": ["/etc/passwd"]},
        {"kind": "git", "url": "https://127.0.0.1/x"},
        {"kind": "command", "command": []},
        {"kind": "exec"},
    ):
        answer = await apps.reader.patch(address, json={"definition": {"actions": [hostile]}})
        assert answer.status_code == 422, hostile


async def test_a_run_is_numbered_and_its_track_is_listed_when_it_is_used(apps: Apps) -> None:
    address = await _pipeline(apps)
    quiet = (await apps.reader.post(f"{address}/runs", json={"comment": "first"})).json()
    assert (quiet["run_number"], quiet["uses_track"], quiet["job"]["state"]) == (1, False, "queued")
    assert [action["state"] for action in quiet["actions"]] == ["waiting"] * 3
    assert (await apps.reader.get("/api/v3/projects/p/tracks")).json()["items"] == []
    used = (await apps.reader.post(f"{address}/runs", json={"uses_track": True})).json()
    tracks = (await apps.reader.get("/api/v3/projects/p/tracks")).json()["items"]
    assert [(track["track_id"], track["origin"], track["name"]) for track in tracks] == [
        (used["job"]["track_id"], "pipeline", "nightly #2")
    ]
    assert (await apps.reader.get("/api/v3/projects/p")).json()["n_tracks"] == 1
    stopped = (await apps.reader.post(f"{address}/runs/1/stop")).json()
    assert stopped["job"]["state"] == "stopped"
    assert {action["state"] for action in stopped["actions"]} == {"skipped"}
    again = (await apps.reader.post(f"{address}/runs/1/rerun")).json()
    assert (again["run_number"], again["comment"], again["uses_track"]) == (3, "first", False)
    runs = (await apps.reader.get(f"{address}/runs?limit=2")).json()
    assert [run["run_number"] for run in runs["items"]] == [3, 2]
    assert (await apps.reader.get(f"{address}/runs/9")).json()["error"] == "run_not_found"
    assert (await apps.reader.get(f"{address}/runs/99999999999")).json()["error"] == "run_not_found"


async def test_what_the_agent_says_of_an_action_is_shown(apps: Apps) -> None:
    address = await _pipeline(apps)
    run = (await apps.reader.post(f"{address}/runs", json={})).json()
    said = [("1/state", "succeeded"), ("1/exit_code", 0), ("2/state", "running"), ("2/started_at", 1e300)]
    body = wire(new_writer(), 1, configs=[config(f"pipeline/{key}", value) for key, value in said])
    headers = {"content-type": "application/vnd.mlsteam.batch+msgpack"}
    track = run["job"]["track_id"]
    sent = await apps.writer.post(f"/api/v3/ingest/tracks/{track}/batches", content=body, headers=headers)
    assert sent.status_code == 200, sent.text
    shown = (await apps.reader.get(f"{address}/runs/1")).json()["actions"]
    assert [(action["state"], action["exit_code"], action["stream"]) for action in shown] == [
        ("succeeded", 0, "action-1"), ("running", None, "action-2"), ("waiting", None, "action-3")
    ]  # fmt: skip
    await apps.reader.post(f"{address}/runs/1/stop")
    shown = (await apps.reader.get(f"{address}/runs/1")).json()["actions"]
    assert [action["state"] for action in shown] == ["succeeded", "stopped", "skipped"]


async def test_secrets_of_a_pipeline_are_write_only(apps: Apps) -> None:
    address = await _pipeline(apps)
    assert (await apps.reader.put(f"{address}/secrets/KEY", json={"value": "canary"})).status_code == 204
    assert "canary" not in (await apps.reader.get(f"{address}/secrets")).text
    run = await apps.reader.post(f"{address}/runs", json={})
    assert "canary" not in run.text
    assert (await apps.reader.delete(address)).json()["error"] == "jobs_unfinished"
    await apps.reader.post(f"{address}/runs/1/stop")
    assert (await apps.reader.delete(address)).status_code == 204
