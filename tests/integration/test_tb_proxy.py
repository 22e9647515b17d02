"""tb-proxy with a real PostgreSQL, a real zygote and real TensorBoards: what a browser on the page would get."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest
from support.board import Board
from support.ingest import another_track

from services.accounts.actions import ensure_administrator
from services.accounts.store import insert_session
from services.storage.database import Database
from services.tracks.store import update_track
from tb_proxy.processes.registry import State


@pytest.mark.parametrize("name", ["", "data/plugin/projector/projector_binary.html"], ids=["page", "projector"])
async def test_the_page_is_one_for_all_and_names_nothing_outside(board: Board, name: str) -> None:
    page = await board.client.get(board.url(name))
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert not {"set-cookie", "server"} & set(page.headers)
    assert "url(/" not in page.text
    script = page.text.split('<script src="', 1)[1].split('"')[0]
    font = next(part for part in page.text.split("url(")[1:] if part.startswith("..")).split(")")[0]
    for address, start in ((script, None), (font, b"wOF2")):
        where = httpx2.URL(f"http://test{board.url(name)}").join(address)
        assert where.path.startswith("/tb/static/")
        found = await board.client.get(str(where), headers={"accept-encoding": "gzip"})
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
        assert found.content[:4] == start or int(found.headers["content-length"]) < len(found.content) / 2


async def test_files_are_found_beside_the_page_but_not_of_another_version(board: Board) -> None:
    packed = await board.client.get(board.url("index.js"), headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(packed.content) / 2
    assert (await board.client.get("/tb/static/other/index.js")).status_code == 404


async def test_a_track_shows_and_goes_on_showing_while_it_grows(board: Board) -> None:
    points = await board.scalars()
    assert [(step, value) for _, step, value in points] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]  # 64 bits, not 32
    await board.log([3])
    assert (await board.scalars_until(4))[-1][1:] == [3, 0.25]


async def test_every_route_of_the_page_answers(board: Board) -> None:
    """What TensorBoard's page asks for, so that a new version cannot break it unseen."""
    texts = [{"key": "notes", "values": ["half <b>way</b>"], "steps": [1]}]
    await board.log([3], series=texts)
    listing = await board.get("data/plugins_listing")
    assert {name for name, plugin in listing.items() if plugin["enabled"]} >= {
        "scalars",
        "timeseries",
        "text",
        "hparams",
    }
    assert "debugger-v2" not in listing
    assert await board.get("data/runs") == [board.run]
    assert (await board.get("data/environment"))["window_title"] == ""
    assert set((await board.get("data/plugin/scalars/tags"))[board.run]) == {"train/loss"}
    assert (await board.get("data/plugin/timeseries/tags"))["scalars"]["runTagInfo"] == {board.run: ["train/loss"]}
    form = {"tag": "train/loss", "runs": board.run}
    many = await board.client.post(board.url("data/plugin/scalars/scalars_multirun"), data=form)
    assert [point[1:] for point in many.json()[board.run]] == [[0, 1.0], [1, 0.5], [2, 1 / 3]]
    assert (await board.get("data/plugin/text/tags")) == {board.run: ["notes"]}
    shown = await board.get("data/plugin/text/text", tag="notes", run=board.run)
    assert "half" in shown[0]["text"]
    asked = {"experimentName": ""}
    experiment = await board.client.post(board.url("data/plugin/hparams/experiment"), json=asked)
    assert experiment.status_code == 200, experiment.text
    infos = {info["name"]: info for info in experiment.json()["hparamInfos"]}
    assert infos["model/layer"]["domainDiscrete"] == [4]
    assert "source/git/commit" not in infos, "noted by the client itself"
    assert [info["name"]["tag"] for info in experiment.json()["metricInfos"]] == ["train/loss"]
    order = {"experimentName": "", "colParams": [{"hparam": "model/layer", "order": "ORDER_DESC"}], "sliceSize": 10}
    order |= {"allowedStatuses": ["STATUS_UNKNOWN", "STATUS_RUNNING"]}
    groups = await board.client.post(board.url("data/plugin/hparams/session_groups"), json=order)
    assert groups.status_code == 200, groups.text
    (group,) = groups.json()["sessionGroups"]
    assert group["hparams"]["model/name"] == "a|b <script>"
    assert group["metricValues"][0]["value"] == 1 / 3
    for plugin in ("images", "audio", "histograms", "distributions", "graphs", "pr_curves", "mesh", "custom_scalars"):
        answer = await board.client.get(board.url(f"data/plugin/{plugin}/tags"))
        assert answer.status_code in {200, 404}, (plugin, answer.text)
    assert (await board.client.get(board.url("data/notifications"))).status_code in {200, 302}
    away = await board.client.get(board.url("graphs"))
    assert away.headers["location"] == board.url()
    head = await board.client.head(board.url("data/runs"))
    assert (head.status_code, head.content) == (200, b"")


async def test_many_points_become_few_and_no_spike_is_lost(board: Board) -> None:
    steps = list(range(3, 30_000))
    values = [0.5] * len(steps)
    values[12_345], values[20_000] = 100.0, -7.0
    await board.log([], series=[{"key": "long", "values": values, "steps": steps}])
    points = await board.get("data/plugin/scalars/scalars", tag="long", run=board.run)
    assert len(points) <= 1000
    found = {step: value for _, step, value in points}
    assert (found[12_348], found[20_003], max(found)) == (100.0, -7.0, 29_999)
    assert sorted(found) == [step for _, step, _ in points]


async def test_nothing_of_this_machine_is_told_and_nothing_can_be_reached(board: Board) -> None:
    await board.scalars_until(3)
    answers = [await board.client.get(board.url(f"data/{name}")) for name in ("environment", "logdir", "runs")]
    child = psutil.Process((await board.child()).pid)
    assert not any("/tmp" in answer.text or str(Path.cwd()) in answer.text for answer in answers)
    assert not [name for name in child.environ() if name.startswith("MLSTEAM")]
    assert not child.net_connections("inet")
    status = await asyncio.to_thread(Path(f"/proc/{child.pid}/status").read_text)
    assert "NoNewPrivs:\t1" in status
    assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    if os.geteuid() == 0:
        networks = [await asyncio.to_thread(Path(f"/proc/{pid}/ns/net").readlink) for pid in (child.pid, "self")]
        assert networks[0] != networks[1]
        spawner = board.registry._spawner
        assert (child.uids().effective != 0) is spawner.zygote.facts["has_users"]
    # One socket to listen on, one to ask through, and what those bring.
    assert not [file.path for file in child.open_files() if "site-packages" not in file.path]


async def test_posts_of_the_page_pass_with_the_cookie_only(board: Board, database: Database) -> None:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        secret = await insert_session(session, principal.user_id, datetime.now(UTC), timedelta(minutes=5))
    headers = {"cookie": f"mlsteam_session={secret}", "authorization": ""}
    form = {"requests": json.dumps([{"plugin": "scalars", "tag": "train/loss", "run": board.run}])}
    url = board.url("data/plugin/timeseries/timeSeries")
    answer = await board.client.post(url, files={"requests": (None, form["requests"])}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()[0]["runToSeries"][board.run]) == 3
    assert (await board.client.post(url, headers=headers | {"sec-fetch-site": "cross-site"})).status_code == 403


async def test_every_address_asks_who_it_is(board: Board) -> None:
    nobody = {"authorization": ""}
    for path in ("", "index.js", "data/runs"):
        assert (await board.client.get(board.url(path), headers=nobody)).status_code == 401
    assert (await board.client.get("/tb/static/x/index.js", headers=nobody)).status_code == 401
    other = UUID(int=7)
    for address in (f"/tb/{other}/", f"/tb/{board.place.track_id},{other}/", "/tb/nonsense/", f"/tb/{other}/index.js"):
        assert (await board.client.get(address)).status_code == 404
    assert board.registry.state_of((other,)) is State.STOPPED
    many = ",".join(str(UUID(int=i)) for i in range(51))
    assert (await board.client.get(f"/tb/{many}/")).status_code == 422
    to_slash = await board.client.get(board.url().rstrip("/"))
    assert (to_slash.status_code, to_slash.headers["location"]) == (308, board.url())
    capitals = await board.client.head(board.url().upper().replace("/TB/", "/tb/"))
    assert capitals.status_code == 200


async def test_several_tracks_are_runs_of_one(board: Board, database: Database) -> None:
    second = await another_track(database, board.place)
    async with database.transaction() as session:
        await update_track(session, second, {"name": "../second"})
    runs = await board.client.get(f"/tb/{board.place.track_id},{second}/data/runs")
    assert sorted(runs.json()) == sorted([board.run, "_.._second"])
