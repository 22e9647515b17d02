"""The tracks table over HTTP: the query language, sorting by any column, pages, groups, and what changes meanwhile."""

import asyncio
import math
import uuid
from typing import Any

import msgspec
import numpy as np
import pytest
from support.apps import Apps
from support.batches import config, console, floats, new_writer, wire

from services.ingest.transposer import Transposer
from track_api.series_body import MSGPACK_TYPE

_MSGPACK = {"content-type": "application/vnd.mlsteam.batch+msgpack"}
_LIST = "/api/v3/projects/p/tracks"
# What another process commits is told within a tenth of a second; a notice that is lost costs a second.
_SOON_S = 1.2


async def _track(apps: Apps, name: str, *, tags: list[str] | None = None) -> str:
    await apps.reader.post("/api/v3/projects", json={"name": "p"})
    made = await apps.reader.post(_LIST, json={"name": name, "tags": tags or []})
    return str(made.json()["track_id"])


async def _log(apps: Apps, track_id: str, writer: uuid.UUID, seq: int, **entries: object) -> None:
    address = f"/api/v3/ingest/tracks/{track_id}/batches"
    answer = await apps.writer.post(address, content=wire(writer, seq, **entries), headers=_MSGPACK)
    assert answer.status_code == 200, answer.text


async def _names(apps: Apps, **asked: Any) -> list[str]:
    answer = await apps.reader.get(_LIST, params=asked)
    assert answer.status_code == 200, answer.text
    return [track["name"] for track in answer.json()["items"]]


async def _four(apps: Apps) -> dict[str, str]:
    """Make four tracks: c has no parameter, d has the parameters of a job and words for numbers."""
    ids = {name: await _track(apps, name, tags=[name, "all"]) for name in ("a", "b", "c", "d")}
    for at, name in enumerate(("a", "b")):
        await _log(
            apps, ids[name], new_writer(), 1,
            configs=[config("lr", 0.1 / (at + 1)), config("opt", "Adam" if at else "SGD"), config("big", 2**60 + at)],
            series=[floats("val/loss", [1.0, 0.5 + at]), floats("odd", [math.nan])],
        )  # fmt: skip
    await _log(apps, ids["c"], new_writer(), 1, console=[console("stdout", ["hello"])])
    await _log(
        apps, ids["d"], new_writer(), 1,
        configs=[config("parameters/batch", 1), config("opt", "adamw")], series=[floats("val/loss", [2.5])],
    )  # fmt: skip
    return ids


@pytest.mark.parametrize("is_transposed", [False, True])
async def test_queries_and_sorts(apps: Apps, is_transposed: bool) -> None:
    await _four(apps)
    if is_transposed:
        while await Transposer(apps.database, rested_s=0).run_once():
            pass
    for query, found in {
        "": "dcba", "p.lr<0.2": "ba", "p.lr=0.1": "a", "p.lr>=0.05 p.lr<=1": "ba", "p.batch=1": "d",
        "m.val/loss<2": "ba",
        "p.opt:adam": "db", "p.opt=adam": "b", "p.opt!=adam": "dca", "-has:p.opt": "c", "has:m.odd m.odd=nan": "ba",
        "tag:a OR tag:c": "ca", "A": "dcba", "status:running": "dcba", "created>1h": "dcba", "created<1h": "",
        "no>=3": "dc", "name=B": "b", "p.nothing=1": "", f"p.big={2**60}": "ba", "duration<1h all": "dcba",
    }.items():  # fmt: skip
        assert "".join(await _names(apps, query=query)) == found, query
    for sort, found in {
        "p.lr": "badc", "-p.lr": "abdc", "-m.val/loss": "dbac", "p.opt": "bdac", "name": "abcd",
        "-number": "dcba", "created_at": "abcd", "-p.opt,name": "adbc", "tag": "abcd", "status,-name": "dcba",
    }.items():  # fmt: skip
        assert "".join(await _names(apps, sort=sort)) == found, sort


async def test_values_pages_and_ids(apps: Apps) -> None:
    ids = await _four(apps)
    answer = (
        await apps.reader.get(_LIST, params={"column": ["p.lr", "p.batch", "m.val/loss", "m.odd", "p.big"]})
    ).json()
    by_name = {track["name"]: track["values"] for track in answer["items"]}
    assert by_name["b"] == {"p.lr": 0.05, "m.val/loss": 1.5, "m.odd": "NaN", "p.big": 2**60 + 1}
    assert (by_name["c"], by_name["d"]) == ({}, {"p.batch": 1, "m.val/loss": 2.5})
    assert (answer["start"], answer["total"], answer["next_cursor"]) == (0, 4, None)
    page = (await apps.reader.get(_LIST, params={"sort": "name", "offset": 1, "limit": 2})).json()
    assert [t["name"] for t in page["items"]] == ["b", "c"]
    # A track before the place is deleted: nothing is passed over.
    gone = await apps.reader.post(f"{_LIST}/delete", json={"track_ids": [ids["a"], ids["a"], str(uuid.uuid4())]})
    assert gone.json() == {"track_ids": [ids["a"]], "total": 1}
    assert await _names(apps, sort="name", cursor=page["next_cursor"]) == ["d"]
    listed = (await apps.reader.get(f"{_LIST}/ids", params={"sort": "name", "limit": 2})).json()
    assert listed == {"track_ids": [ids["b"], ids["c"]], "total": 3}
    assert await _names(apps, track_id=[ids["d"], ids["b"], ids["a"]], query="-c") == ["d", "b"]


async def test_what_changes_is_seen(apps: Apps) -> None:
    ids = await _four(apps)
    assert await _names(apps, query="m.val/loss<0.6") == ["a"]
    writer = new_writer()
    await _log(apps, ids["c"], writer, 1, series=[floats("val/loss", [0.1])], configs=[config("lr", 7)])
    await asyncio.sleep(_SOON_S)
    assert await _names(apps, query="m.val/loss<0.6") == ["c", "a"]
    await _log(apps, ids["c"], writer, 2, series=[floats("val/loss", [9.0], first_time=2000.0)])
    await asyncio.sleep(_SOON_S)
    assert await _names(apps, query="m.val/loss<0.6") == ["a"]
    assert await _names(apps, query="p.lr=7") == ["c"]
    await apps.reader.patch(f"/api/v3/tracks/{ids['c']}", json={"name": "renamed"})
    assert await _names(apps, query="renamed") == ["renamed"]
    assert len(await _names(apps)) == 4
    await _track(apps, "e")
    assert await _names(apps, limit=1) == ["e"]
    await apps.reader.delete(f"/api/v3/tracks/{ids['a']}/tree", params={"path": "val"})
    assert await _names(apps, query="m.val/loss<0.6") == []


async def test_columns_and_groups(apps: Apps) -> None:
    await _four(apps)
    columns = (await apps.reader.get("/api/v3/projects/p/columns")).json()
    found = {one["name"]: one for one in columns["items"]}
    assert columns["n_tracks"] == 4
    assert list(found)[:2] == ["m.val/loss", "p.opt"]
    assert found["p.opt"] | {"n_tracks": 3, "n_distinct": 3, "is_number": False} == found["p.opt"]
    assert found["p.lr"]["examples"] == [0.05, 0.1]
    groups = (await apps.reader.get(f"{_LIST}/groups", params={"by": "p.opt", "sort": "p.opt"})).json()["items"]
    assert [(g["value"], g["n_tracks"]) for g in groups] == [("Adam", 1), ("adamw", 1), ("SGD", 1), (None, 1)]


async def test_what_cannot_be_understood_says_where(apps: Apps) -> None:
    await _track(apps, "a")
    answer = await apps.reader.get(_LIST, params={"query": "a status:busy"})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_query")
    assert answer.json()["context"] | {"position": 9, "length": 4} == answer.json()["context"]
    for asked in ({"sort": "notes; drop table"}, {"column": "x"}, {"sort": "name," * 9}, {"query": "\x00"}):
        assert (await apps.reader.get(_LIST, params=asked)).status_code == 422, asked


async def test_the_trash(apps: Apps) -> None:
    ids = await _four(apps)
    await _log(apps, ids["b"], new_writer(), 1, series=[floats("more", [1.0, 2.0])])
    assert (await apps.reader.delete(f"/api/v3/tracks/{ids['b']}")).status_code == 204
    assert (await apps.reader.get(f"/api/v3/tracks/{ids['b']}")).status_code == 410
    while await Transposer(apps.database, rested_s=0).run_once():
        pass
    (trashed,) = (await apps.reader.get("/api/v3/projects/p/trash")).json()["items"]
    assert (trashed["track_id"], trashed["deleted_by"]) == (ids["b"], "admin")
    back = await apps.reader.post("/api/v3/projects/p/trash/restore", json={"track_ids": [ids["b"], ids["a"]]})
    assert back.json()["track_ids"] == [ids["b"]]
    values = (await apps.reader.get(f"/api/v3/tracks/{ids['b']}/values")).json()["values"]
    assert (values["more"], values["val/loss"], values["lr"]) == (2.0, 1.5, 0.05), "what it held is there again"
    assert await _names(apps, query="m.more=2") == ["b"]
    await apps.reader.delete(f"/api/v3/tracks/{ids['b']}")
    purged = await apps.reader.post("/api/v3/projects/p/trash/purge", json={"track_ids": None})
    assert purged.json() == {"n_purged": 1}
    back = await apps.reader.post("/api/v3/projects/p/trash/restore", json={"track_ids": [ids["b"]]})
    assert back.json()["track_ids"] == []
    assert (await apps.reader.get("/api/v3/projects/p/trash")).json()["items"] == []


async def test_lines_of_many_tracks_stand_on_one_grid(apps: Apps) -> None:
    ids = await _four(apps)
    asked = {"track_ids": [*ids.values(), str(uuid.uuid4())], "keys": ["val/loss"], "buckets": 4}
    answer = (await apps.reader.post("/api/v3/projects/p/overlay", json=asked)).json()
    assert [line["track_id"] for line in answer["lines"]] == [ids["a"], ids["b"], ids["d"]]
    assert len(answer["at"]) == 4
    assert all(len(line["mean"]) == 4 for line in answer["lines"])
    assert answer["lines"][1]["mean"][-1] == 1.5
    raw = await apps.reader.post("/api/v3/projects/p/overlay", json=asked, headers={"accept": MSGPACK_TYPE})
    assert raw.headers["content-type"] == MSGPACK_TYPE
    packed = msgspec.msgpack.decode(raw.content)
    assert np.frombuffer(packed["at"], "<f8").tolist() == answer["at"]
    for line, same in zip(packed["lines"], answer["lines"], strict=True):
        mean = np.array([np.nan if value is None else value for value in same["mean"]], np.float32)
        np.testing.assert_array_equal(np.frombuffer(line.pop("mean"), "<f4"), mean)
        assert line == {name: value for name, value in same.items() if name != "mean"}


async def test_a_deleted_track_says_that_it_can_be_restored_and_is_not_kept_by_browsers(apps: Apps) -> None:
    project = (await apps.reader.post("/api/v3/projects", json={"name": "trash"})).json()["name"]
    track_id = (await apps.reader.post(f"/api/v3/projects/{project}/tracks", json={"name": "gone"})).json()["track_id"]
    address = f"/api/v3/tracks/{track_id}"
    # Read before, so that the right to it is remembered.
    assert (await apps.reader.get(address)).status_code == 200
    await apps.reader.post(f"/api/v3/projects/{project}/tracks/delete", json={"track_ids": [track_id]})
    gone = await apps.reader.get(address)
    assert gone.status_code == 410
    assert gone.headers["cache-control"] == "no-store"
    context = gone.json()["context"]
    assert context["is_in_trash"] is True
    await apps.reader.post(f"/api/v3/projects/{context['project_id']}/trash/restore", json={"track_ids": [track_id]})
    assert (await apps.reader.get(address)).status_code == 200
