"""The real `mlsteam-client` 0.5.0 against the gateway and the services: what it logs is there, once, as what it was."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from support.ingest import Place, make_place
from support.published import start_published
from support.site import Site

from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.ingest.forget import WriterForgetter
from services.series.load import load_points
from services.storage.database import Database

_TRAIN = """
import sys, types
base = types.ModuleType("tensorflow.keras.callbacks")
base.Callback = object
sys.modules |= {"tensorflow": types.ModuleType("tensorflow"), "tensorflow.keras": types.ModuleType("tensorflow.keras"),
                "tensorflow.keras.callbacks": base}
import mlsteam
from mlsteam.keras import MLSteamCallback
track = mlsteam.init()
track["lr"] = 0.5
track["lr"] = 4
track["is_on"] = True
track["notes"] = "a, b\\n1, 2"
track["zip"] = "007"
track["report"] = "z" * 70_000
for i in range(100):
    track["train/loss"].log(i / 7)
for value in (1, 2.5, float("nan"), float("-inf"), True, "tensor(0.3)", "x, y\\n1, 2\\n\\n3", ""):
    track["mixed"].log(value)
callback = MLSteamCallback(track)
callback.on_epoch_end(0, {"acc": 0.25, "val_acc": 0.5})
track.tags_set(["keras"])
track.stop()
"""
_ALONG = """
import mlsteam
track = mlsteam.init()
for i in range(2000):
    track["both"].log(i)
track.stop()
"""


_SLOWLY = """
import os, time, mlsteam
track = mlsteam.init()
for i in range(3000):
    track[os.environ["MARK"]].log(i)
    time.sleep(0.004)
track.stop()
"""


@pytest.fixture
async def site(database: Database, service_environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Site]:
    started = Site(await make_place(database), tmp_path / "gateway.log")
    try:
        await started.wait_ready()
        yield started
    finally:
        started.stop()


async def _token(database: Database, site: Site, **options: object) -> str:
    place: Place = site.place
    async with database.transaction() as session:
        return (
            await issue_token(
                session, place.principal, name="old", api_address=site.url, now=SystemClock().now(), **options
            )
        )[1]


def _said(process: subprocess.Popen[str]) -> str:
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    assert "Error" not in said, said
    return said


async def _series(database: Database, track_id: UUID, key: str) -> list[tuple[float, object]]:
    async with database.read() as session:
        parts = (await load_points(session, track_id, [key])).get(key, [])
    found = [(at, value) for part in parts for at, value in zip(part.times.tolist(), list(part.values), strict=True)]
    return sorted(found, key=lambda point: point[0])


async def test_a_training_with_the_published_client(site: Site, database: Database, tmp_path: Path) -> None:
    token = await _token(database, site)
    began = time.time()
    _said(start_published(_TRAIN, tmp_path / "job", MLSTEAM_API_TOKEN=token, MLSTEAM_PROJECT="demo"))
    ended = time.time()
    async with httpx2.AsyncClient(base_url=site.url, headers={"authorization": f"Bearer {token}"}) as client:
        tracks = (await client.get("/api/v3/projects/demo/tracks")).json()["items"]
        (track,) = [one for one in tracks if one["track_id"] != str(site.place.track_id)]
        track_id = track["track_id"]
        assert track["status"] == "finished"
        values = (await client.get(f"/api/v3/tracks/{track_id}/values")).json()
        held = {key: values["values"][key] for key in ("lr", "is_on", "notes", "zip")}
        # Its tags_set makes a request and never sends it, whatever the server: it waits to be asked for the result.
        assert track["tags"] == []
        assert held == {"lr": 4, "is_on": True, "notes": "a, b\n1, 2", "zip": "007"}
        report = await client.get(f"/api/v3/tracks/{track_id}/files/report")
        assert report.content == b"z" * 70_000
    loss = await _series(database, UUID(track_id), "train/loss")
    assert [value for _, value in loss] == [i / 7 for i in range(100)]
    assert began < loss[0][0] < loss[-1][0] < ended
    mixed = [value for _, value in await _series(database, UUID(track_id), "mixed")]
    assert [repr(v.item() if hasattr(v, "item") else v) for v in mixed] == [
        "1", "2.5", "nan", "-inf", "True", "'tensor(0.3)'", repr("x, y\n1, 2\n\n3"), "''",
    ]  # fmt: skip
    assert [value for _, value in await _series(database, UUID(track_id), "train/epoch/acc")] == [0.25]


async def test_two_processes_on_one_track_with_a_token_of_that_track(
    site: Site, database: Database, tmp_path: Path
) -> None:
    track_id = site.place.track_id
    token = await _token(database, site, track_id=track_id)
    variables = {"MLSTEAM_API_TOKEN": token, "MLSTEAM_PROJECT": "demo", "MLSTEAM_TRACK_ID": str(track_id)}
    both = [start_published(_ALONG, tmp_path / name, **variables) for name in ("a", "b")]
    for process in both:
        _said(process)
    values = sorted(int(value) for _, value in await _series(database, track_id, "both"))
    assert values == sorted([*range(2000)] * 2)


async def test_many_trainings_may_start_at_once(site: Site, database: Database) -> None:
    # More than there are connections, each of which needs two answers of the database.
    async with database.read() as session:
        (row,) = await Database.fetch(session, "SELECT project_id FROM tracks WHERE track_id = $1", site.place.track_id)
    path = f"/api/v2/projects/{row['project_id']}/tracks/{site.place.track_id}"
    headers = {"authorization": f"Bearer {await _token(database, site)}"}
    async with httpx2.AsyncClient(base_url=site.url, headers=headers, timeout=60) as client:
        began = time.monotonic()
        answers = await asyncio.gather(*(client.get(path) for _ in range(60)))
    assert {answer.status_code for answer in answers} == {200}
    # A wait for each other would end by the time-out of the pool.
    assert time.monotonic() - began < 25


async def test_a_service_that_dies_between_appends_loses_and_doubles_nothing(
    site: Site, database: Database, tmp_path: Path
) -> None:
    track_id = site.place.track_id
    token = await _token(database, site, track_id=track_id)
    variables = {"MLSTEAM_API_TOKEN": token, "MLSTEAM_PROJECT": "demo", "MLSTEAM_TRACK_ID": str(track_id)}
    trainings = [start_published(_SLOWLY, tmp_path / name, MARK=name, **variables) for name in ("a", "b")]
    for _ in range(3):
        # Some time after the first points, so that appends are on their way.
        for _ in range(400):
            if await _series(database, track_id, "a"):
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.7)
        site.ingest_api.stop(signal.SIGKILL)
        await asyncio.sleep(0.5)
        site.ingest_api.start()
        await site.ingest_api.wait_ready()
    for training in trainings:
        await asyncio.to_thread(_said, training)
    for name in ("a", "b"):
        values = [value for _, value in await _series(database, track_id, name)]
        assert sorted(values) == list(range(3000))


async def test_what_the_protocol_lets_us_tell(site: Site, database: Database) -> None:
    track_id = site.place.track_id
    headers = {"authorization": f"Bearer {await _token(database, site)}", "content-type": "application/octet-stream"}
    async with httpx2.AsyncClient(base_url=site.url, headers=headers) as client:

        async def put(key: str, body: bytes, **query: object) -> httpx2.Response:
            asked = {"bucket_name": str(track_id), "obj_path": key} | query
            return await client.post("/api/v2/objects", params=asked, content=body)

        lines = b"1700000000.25, 1\n1700000000.5, 2\n"
        for _ in range(2):  # repeated after a time-out
            assert (await put("a", lines, part_offset="-1")).status_code == 200
        assert (await put(".track_metadata.yaml", b"logs: [a]")).json()["rejects"] == []
        await WriterForgetter(database, after=timedelta(0)).run_once()
        assert (await put("a", b"1700000001.0, 3\n", part_offset="-1")).status_code == 200
        # What is no text is a file, to the byte.
        binary = bytes(range(256)) * 40
        assert (await put("weights", binary)).json()["rejects"] == []
        kept = await client.get(f"/api/v3/tracks/{track_id}/files/weights")
        assert kept.content == binary
        # An assignment to a series is refused without failing the client's other keys, and leaves a mark.
        assert (await put("a", b"5")).json()["rejects"][0]["reason"] == "kind_mismatch"
        long = b"1700000002.5, " + b"x" * 70_000 + b"\n1700000003.5, fits\n"
        assert (await put("long", long, part_offset="-1")).json()["rejects"][0]["reason"] == "too_large"
        for key, body, query in (
            ("../x", b"1", {}),
            ("b", b"no time", {"part_offset": "-1"}),
            ("b", b"1", {"part_offset": "7"}),
            ("b", b"1", {"part_size": "2"}),
            ("b", b"1", {"bucket_name": "../etc"}),
        ):
            answer = await put(key, body, **query)
            assert answer.status_code in {400, 422}, (key, answer.text)
    assert await _series(database, track_id, "a") == [(1700000000.25, 1), (1700000000.5, 2), (1700000001.0, 3)]
    assert await _series(database, track_id, "long") == [(1700000003.5, "fits")]
    async with database.read() as session:
        marks = await Database.fetch(session, "SELECT key, count FROM loss_marks ORDER BY key")
    assert [(row["key"], row["count"]) for row in marks] == [("a", 1), ("long", 2)]
