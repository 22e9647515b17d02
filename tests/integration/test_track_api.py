"""track-api over HTTP on a real database: what was written through ingest-api is read back, and only by who may."""

import asyncio
import hashlib
import math
import uuid
from types import SimpleNamespace

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select
from support.apps import Apps, caller, link_of, token_of
from support.batches import config, console, floats, new_writer, wire

from services.accounts.store import insert_user
from services.ingest.transposer import Transposer
from services.storage.tables import TABLES_OF_A_TRACK

_MSGPACK = {"content-type": "application/vnd.mlsteam.batch+msgpack"}


async def _track(apps: Apps, name: str = "demo") -> str:
    await apps.reader.post("/api/v3/projects", json={"name": name})
    answer = await apps.reader.post(f"/api/v3/projects/{name}/tracks", json={})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["track_id"])


async def _send(apps: Apps, track_id: str, writer: uuid.UUID, seq: int, **entries: object) -> httpx2.Response:
    address = f"/api/v3/ingest/tracks/{track_id}/batches"
    answer = await apps.writer.post(address, content=wire(writer, seq, **entries), headers=_MSGPACK)
    assert answer.status_code == 200, answer.text
    return answer


async def test_sign_in_by_link_then_by_password(apps: Apps) -> None:
    secret = await link_of(apps.database, apps.principal)
    async with apps.stranger() as browser:
        assert (await browser.get("/api/v3/me")).status_code == 401
        answer = await browser.post("/api/v3/session/link", json={"token": secret})
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert (await browser.get("/api/v3/me")).json()["name"] == "admin"
        assert (await browser.post("/api/v3/projects", json={"name": "x"})).status_code == 403
        ours = {"x-mlsteam-request": "1"}
        assert (await browser.post("/api/v3/projects", json={"name": "x"}, headers=ours)).status_code == 201
        answer = await browser.put("/api/v3/me/password", json={"new": "a password of mine"}, headers=ours)
        assert answer.status_code == 204, answer.text
        assert (await browser.delete("/api/v3/session", headers=ours)).status_code == 204
        assert (await browser.get("/api/v3/me")).status_code == 401
        wrong = await browser.post("/api/v3/session", json={"name": "admin", "password": "wrong"})
        assert (wrong.status_code, wrong.json()["error"]) == (401, "sign_in_failed")
        right = await browser.post("/api/v3/session", json={"name": "admin", "password": "a password of mine"})
        assert right.status_code == 200
    async with apps.stranger() as other:
        assert (await other.post("/api/v3/session/link", json={"token": secret})).status_code == 401


async def test_guessing_is_slowed_down(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    # All tries are within one window, however long checking a password takes.
    monkeypatch.setattr("track_api.attempts.time", SimpleNamespace(monotonic=lambda: 1000.0))
    async with apps.stranger() as browser:
        answers = [
            (await browser.post("/api/v3/session", json={"name": "admin", "password": "x"})).status_code
            for _ in range(11)
        ]
    assert answers == [401] * 10 + [429]


async def test_tokens_are_made_shown_once_and_revoked(apps: Apps) -> None:
    made = (await apps.reader.post("/api/v3/tokens", json={"name": "laptop", "expires_in_days": 1})).json()
    async with caller(apps.track_api, made["token"]) as client:
        assert (await client.get("/api/v3/me")).status_code == 200
        listed = (await client.get("/api/v3/tokens")).json()["items"]
        assert listed[0]["name"] == "laptop"
        assert "token" not in listed[0]
        assert (await apps.reader.delete(f"/api/v3/tokens/{made['token_id']}")).status_code == 204
        assert (await client.get("/api/v3/me")).status_code == 401


async def test_projects_and_tracks(apps: Apps) -> None:
    for name in ("b", "a", "c"):
        assert (await apps.reader.post("/api/v3/projects", json={"name": name})).status_code == 201
    assert (await apps.reader.post("/api/v3/projects", json={"name": "a"})).json()["error"] == "name_taken"
    page = (await apps.reader.get("/api/v3/projects?limit=2")).json()
    rest = (await apps.reader.get(f"/api/v3/projects?cursor={page['next_cursor']}")).json()
    assert [p["name"] for p in page["items"] + rest["items"]] == ["a", "b", "c"]
    assert rest["next_cursor"] is None
    made = [(await apps.reader.post("/api/v3/projects/a/tracks", json={"tags": ["x"]})).json() for _ in range(3)]
    assert [t["number"] for t in made] == [1, 2, 3]
    for sort in ("created_at", "-number", "name", "-last_seen_at", "status"):
        found, cursor = [], ""
        while True:
            page = (await apps.reader.get(f"/api/v3/projects/a/tracks?limit=1&sort={sort}&cursor={cursor}")).json()
            found += [t["track_id"] for t in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert sorted(found) == sorted(t["track_id"] for t in made), sort
    for bad in ("garbage", "W10", "e30", "bnVsbA"):
        answer = await apps.reader.get(f"/api/v3/projects/a/tracks?cursor={bad}")
        assert (answer.status_code, answer.json()["error"]) == (422, "bad_cursor")
    address = f"/api/v3/tracks/{made[0]['track_id']}"
    changed = await apps.reader.patch(address, json={"name": "mine", "tags": ["y"], "notes": "n"})
    assert changed.json() | {"name": "mine", "tags": ["y"], "notes": "n"} == changed.json()
    assert (await apps.reader.patch(address, json={"name": ""})).status_code == 422
    assert (await apps.reader.delete("/api/v3/projects/a")).status_code == 204
    assert (await apps.reader.get(address)).status_code == 404


async def test_the_tree_holds_every_kind_and_leaf_and_folder_at_once(apps: Apps) -> None:
    track_id = await _track(apps)
    await _send(
        apps, track_id, new_writer(), 1,
        series=[floats("loss/val", [3.0, math.nan]), floats("a", [1.0]), floats("a/b", [2.0])],
        configs=[config("model/name", "bert"), config("nan", math.nan), config("big", 2**63 - 1)],
        console=[console("stdout", ["one", "two"])],
    )  # fmt: skip
    await apps.writer.put(
        f"/api/v3/tracks/{track_id}/files/out/r.txt", content=b"hi", headers={"content-type": "text/plain"}
    )
    for _ in range(2):
        tree = (await apps.reader.get(f"/api/v3/tracks/{track_id}/tree")).json()
        entries = {e["name"]: e for e in tree["entries"]}
        assert list(entries) == ["a", "big", "console", "loss", "model", "nan", "out"]
        assert entries["a"]["is_folder"]
        assert entries["a"]["leaf"]["value"] == 1.0
        assert entries["a"]["n_leaves"] == 1
        assert entries["a"]["children"] is None
        assert entries["nan"]["leaf"]["value"] == "NaN"
        assert entries["big"]["leaf"]["value"] == 2**63 - 1
        whole = (await apps.reader.get(f"/api/v3/tracks/{track_id}/tree?depth=0")).json()
        kinds = {c["key"]: c["leaf"]["kind"] for e in whole["entries"] for c in e["children"] or []}
        assert kinds == {
            "a/b": "series", "console/stdout": "console", "loss/val": "series", "model/name": "config",
            "out/r.txt": "file",
        }  # fmt: skip
        level = (await apps.reader.get(f"/api/v3/tracks/{track_id}/tree?path=loss")).json()
        assert [e["key"] for e in level["entries"]] == ["loss/val"]
        assert level["entries"][0]["leaf"]["n_points"] == 2
        values = (await apps.reader.get(f"/api/v3/tracks/{track_id}/values?prefix=model")).json()
        assert values == {"values": {"model/name": "bert"}}
        await Transposer(apps.database, rested_s=0).run_once()
    assert (await apps.reader.get(f"/api/v3/tracks/{track_id}/tree?path=../x")).json()["error"] == "bad_key"


async def test_keys_are_found_by_their_letters(apps: Apps) -> None:
    track_id = await _track(apps)
    names = ["Loss/train", "Loss/val", "acc/train", "other"]
    await _send(apps, track_id, new_writer(), 1, series=[floats(name, [1.0]) for name in names])
    address = f"/api/v3/tracks/{track_id}/leaves?"

    async def found(asked: str) -> list[str]:
        return [entry["key"] for entry in (await apps.reader.get(address + asked)).json()["entries"]]

    assert await found("q=TRAIN") == ["acc/train", "Loss/train"]
    assert await found("q=loss") == ["Loss/train", "Loss/val"]
    assert await found("q=train&path=acc") == ["acc/train"]
    assert await found("q=nothing") == []
    first = (await apps.reader.get(address + "q=a&limit=2")).json()
    assert [entry["key"] for entry in first["entries"]] == ["acc/train", "Loss/train"]
    assert first["entries"][0]["leaf"]["n_points"] == 1
    assert await found("q=a&limit=2&offset=2") == ["Loss/val"]


async def test_series_raw_and_in_buckets(apps: Apps) -> None:
    track_id = await _track(apps)
    writer = new_writer()
    values = [math.sin(i / 50) for i in range(5000)]
    values[1234] = 1000.0
    values[7] = math.inf
    await _send(apps, track_id, writer, 1, series=[floats("y", values), floats("few", [1.0, math.nan, 3.0])])
    for _ in range(2):
        address = f"/api/v3/tracks/{track_id}/series?key=y&key=few&key=none&buckets=100"
        answer = await apps.reader.get(address)
        y, few = answer.json()["series"]
        assert (y["n_stored"], y["n_drawn"], y["is_bucketed"], y["n_nonfinite"]) == (5000, 5000, True, 1)
        assert max(v for v in y["buckets"]["max"] if v is not None) == 1000.0
        assert sum(y["buckets"]["count"]) == 5000
        assert len(y["buckets"]["x"]) == 100
        assert few["points"]["value"] == [1.0, "NaN", 3.0]
        assert few["points"]["x"] == [0.0, 1.0, 2.0]
        window = await apps.reader.get(f"/api/v3/tracks/{track_id}/series?key=y&from=1230&to=1240")
        assert window.json()["series"][0]["points"]["value"] == values[1230:1241]
        unchanged = await apps.reader.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        await Transposer(apps.database, rested_s=0).run_once()
        same = await apps.reader.get(address, headers={"if-none-match": answer.headers["etag"]})
        assert same.status_code == 304
    await _send(apps, track_id, writer, 2, series=[floats("y", [1.0])])
    assert (await apps.reader.get(address, headers={"if-none-match": answer.headers["etag"]})).status_code == 200
    query = {"series": [{"track_id": track_id, "keys": ["few"]}], "x": "relative"}
    found = (await apps.reader.post("/api/v3/series/query", json=query)).json()["series"]
    assert (found[0]["track_id"], found[0]["points"]["x"]) == (track_id, [0.0, 1.0, 2.0])
    text = (await apps.reader.get(f"/api/v3/tracks/{track_id}/export?key=few")).text
    assert text == "1000.0,1.0\n1001.0,nan\n1002.0,3.0\n"
    for form, media, read in (("arrow", "arrow.stream", pa.ipc.open_stream), ("parquet", "parquet", pq.ParquetFile)):
        answer = await apps.reader.get(f"/api/v3/tracks/{track_id}/export?key=few&format={form}")
        assert answer.headers["content-type"] == f"application/vnd.apache.{media}"
        assert answer.headers["content-disposition"].startswith('attachment; filename="few.')
        table = read(pa.BufferReader(answer.content))
        columns = (table.read_all() if form == "arrow" else table.read()).to_pydict()
        assert columns["time"] == [1000.0, 1001.0, 1002.0]
        assert columns["value"][::2] == [1.0, 3.0]
        assert math.isnan(columns["value"][1])
    unknown = await apps.reader.get(f"/api/v3/tracks/{track_id}/export?key=few&format=xls")
    assert unknown.status_code == 422
    csv = (await apps.reader.get(f"/api/v3/tracks/{track_id}/export?key=few&format=csv")).text
    assert csv.splitlines()[0] == "timestamp,step,value"
    assert (await apps.reader.get(f"/api/v3/tracks/{track_id}/export?key=no")).json()["error"] == "leaf_not_found"


async def test_console_by_range_and_tail(apps: Apps) -> None:
    track_id, writer = await _track(apps), new_writer()
    for seq in range(1, 6):
        await _send(apps, track_id, writer, seq, console=[console("stdout", [f"{seq}-{i}" for i in range(10)])])
    address = f"/api/v3/tracks/{track_id}/console/stdout"
    tail = (await apps.reader.get(f"{address}?from=-3")).json()
    assert (tail["n_lines"], tail["from"], [line["text"] for line in tail["lines"]]) == (50, 47, ["5-7", "5-8", "5-9"])
    middle = (await apps.reader.get(f"{address}?from=8&limit=4")).json()
    assert [(line["number"], line["text"]) for line in middle["lines"]] == [
        (8, "1-8"), (9, "1-9"), (10, "2-0"), (11, "2-1"),
    ]  # fmt: skip
    assert len((await apps.reader.get(address)).json()["lines"]) == 50
    assert (await apps.reader.get(f"/api/v3/tracks/{track_id}/console/stderr")).status_code == 404


async def test_files_in_ranges_and_never_as_the_app(apps: Apps) -> None:
    track_id = await _track(apps)
    content = bytes(range(256)) * 8000
    address = f"/api/v3/tracks/{track_id}/files/a/b c.bin"
    put = await apps.writer.put(address, content=content, headers={"content-type": "text/html"})
    assert put.status_code == 201, put.text
    assert put.json()["sha256"] == hashlib.sha256(content).hexdigest()
    whole = await apps.reader.get(address)
    assert whole.content == content
    assert whole.headers["content-type"] == "text/html"
    assert whole.headers["content-security-policy"].startswith("sandbox")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["x-content-type-options"] == "nosniff"
    for asked, start, end in (
        ("0-9", 0, 10),
        ("100-", 100, None),
        ("-5", len(content) - 5, None),
        ("5-99999999", 5, None),
    ):
        part = await apps.reader.get(address, headers={"range": f"bytes={asked}"})
        assert (part.status_code, part.content) == (206, content[start:end])
    past = await apps.reader.get(address, headers={"range": f"bytes={len(content)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(content)}")
    head = await apps.reader.head(address)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    etag = {"if-none-match": whole.headers["etag"]}
    assert (await apps.reader.get(address, headers=etag)).status_code == 304
    stale = {"range": "bytes=0-9", "if-range": '"old"'}
    assert (await apps.reader.get(address, headers=stale)).status_code == 200


async def test_deleting_a_track_deletes_everything_it_held(apps: Apps, tmp_path: object) -> None:
    track_id = await _track(apps)
    await _send(
        apps, track_id, new_writer(), 1,
        series=[floats("y", [1.0])], configs=[config("c", 1)], console=[console("stdout", ["x"])],
    )  # fmt: skip
    await apps.writer.put(f"/api/v3/tracks/{track_id}/files/f", content=b"x" * 1000)
    await Transposer(apps.database, rested_s=0).run_once()
    assert (await apps.reader.delete(f"/api/v3/tracks/{track_id}?permanent=true")).status_code == 204
    async with apps.database.read() as session:
        for table in TABLES_OF_A_TRACK:
            held = await session.scalar(select(func.count()).where(table.c.track_id == uuid.UUID(track_id)))
            assert held == 0, table.name
    blobs = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]  # type: ignore[operator]
    assert blobs == []
    for path in ("", "/tree", "/series?key=y", "/files/f"):
        answer = await apps.reader.get(f"/api/v3/tracks/{track_id}{path}")
        assert (answer.status_code, answer.json()["error"]) == (410, "track_deleted")
    address = f"/api/v3/ingest/tracks/{track_id}/batches"
    late = await apps.writer.post(address, content=wire(new_writer(), 1), headers=_MSGPACK)
    assert late.status_code == 410


async def test_another_user_sees_nothing(apps: Apps) -> None:
    track_id = await _track(apps)
    async with apps.database.transaction() as session:
        other = await insert_user(session, "other")
    token = await token_of(apps.database, other)
    async with caller(apps.track_api, token) as reader, caller(apps.ingest_api, token) as writer:
        assert (await reader.get("/api/v3/projects")).json()["items"] == []
        for path in ("", "/tree", "/values", "/series?key=y", "/console/stdout", "/files/f", "/export?key=y"):
            assert (await reader.get(f"/api/v3/tracks/{track_id}{path}")).status_code == 404, path
        assert (await reader.delete(f"/api/v3/tracks/{track_id}")).status_code == 404
        assert (await reader.get("/api/v3/projects/demo")).status_code == 404
        query = {"series": [{"track_id": track_id, "keys": ["y"]}]}
        assert (await reader.post("/api/v3/series/query", json=query)).status_code == 404
        address = f"/api/v3/ingest/tracks/{track_id}/batches"
        assert (await writer.post(address, content=wire(new_writer(), 1), headers=_MSGPACK)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/t/abc", "/p/demo?x=1", "/..%2f..%2fetc/passwd", "/%2e%2e/secret"])
async def test_the_page_answers_deep_links_and_nothing_outside_its_folder(apps: Apps, path: str) -> None:
    async with apps.stranger() as browser:
        answer = await browser.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "root:" not in answer.text


async def test_many_readers_at_once(apps: Apps) -> None:
    track_id = await _track(apps)
    await _send(apps, track_id, new_writer(), 1, series=[floats("y", [1.0] * 100)])
    answers = await asyncio.gather(*(apps.reader.get(f"/api/v3/tracks/{track_id}/series?key=y") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
