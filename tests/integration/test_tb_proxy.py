"""tb-proxy with a real PostgreSQL, a real zygote and real TensorBoards: what a browser on the page would get."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import numpy as np
import psutil
import pytest
from fastapi import FastAPI
from support.ingest import WRITER, Place, another_track, make_place, running_app
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from services.accounts.actions import ensure_administrator
from services.accounts.store import insert_session
from services.core.clock import SystemClock
from services.files.actions import put_file
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.tracks.store import get_track, update_track
from tb_proxy.main import create_app
from tb_proxy.processes.registry import Registry, State
from tb_proxy.settings import TbMode, TbProxySettings


@dataclass
class Board:
    """tb-proxy in this process, a track with data, and somebody who may read it."""

    app: FastAPI
    client: httpx2.AsyncClient
    ingest: httpx2.AsyncClient
    place: Place
    run: str
    seq: int = 0

    def url(self, path: str = "") -> str:
        return f"/tb/{self.place.track_id}/{path}"

    @property
    def registry(self) -> Registry:
        return self.app.state.resources.registry

    async def child(self) -> Any:
        async with self.registry.use((self.place.track_id,)) as child:
            return child

    async def log(self, steps: list[float], **more: object) -> None:
        self.seq += 1
        series = [{"key": "train/loss", "values": [1 / (step + 1) for step in steps], "steps": steps}]
        body = {"writer": WRITER, "seq": self.seq, "series": series} | more
        answer = await self.ingest.post(self.place.batches, json=body)
        assert answer.json()["rejects"] == [], answer.text

    async def get(self, path: str, **params: str) -> Any:
        answer = await self.client.get(self.url(path), params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def scalars(self) -> list[list[float]]:
        answer = await self.client.get(
            self.url("data/plugin/scalars/scalars"), params={"tag": "train/loss", "run": self.run}
        )
        return answer.json() if answer.status_code == 200 else []

    async def scalars_until(self, count: int) -> list[list[float]]:
        for _ in range(600):
            if len(found := await self.scalars()) >= count:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(found)

    async def upload(self, database: Database, key: str, content: bytes) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        blobs = BlobStore(TbProxySettings().blob_url)
        await put_file(database, blobs, self.place.track_id, key, pieces(), clock=SystemClock())


@asynccontextmanager
async def opened_board(database: Database, **settings: Any) -> AsyncIterator[Board]:
    place = await make_place(database)
    async with database.read() as session:
        name = (await get_track(session, place.track_id)).name
    app = create_app(TbProxySettings(tb_proxy_refresh_s=0.2, **settings))
    headers = {"authorization": f"Bearer {place.token}"}
    async with (
        running_app(place.token) as ingest,
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://test", headers=headers, timeout=60
        ) as client,
    ):
        opened = Board(app, client, ingest, place, name)
        await opened.log(
            [0, 1, 2],
            configs=[
                {"key": "model/name", "value": "a|b <script>", "time": 1.0},
                {"key": "model/layer", "value": 4, "time": 1.0},
            ],
        )
        yield opened


@pytest.fixture
async def board(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Board]:
    async with opened_board(database) as opened:
        yield opened


async def test_the_page_is_one_for_all_and_names_nothing_outside(board: Board) -> None:
    page = await board.client.get(board.url())
    assert page.status_code == 200
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert not {"set-cookie", "server"} & set(page.headers)
    assert "url(/" not in page.text
    script = page.text.split('<script src="', 1)[1].split('"')[0]
    font = page.text.split("url(../static/", 1)[1].split(")")[0]
    for address, start in ((script, None), (f"../static/{font}", b"wOF2")):
        assert address.startswith("../static/")
        found = await board.client.get(str(httpx2.URL(f"http://test{board.url()}").join(address)))
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
        assert start is None or found.content[:4] == start
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


async def test_one_process_for_a_crowd_a_new_one_after_a_kill_none_after_the_end(board: Board) -> None:
    answers = await asyncio.gather(*(board.client.get(board.url("data/runs")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    first = await board.child()
    (zygote,) = [one for one in psutil.Process().children() if "tb_proxy.board.zygote" in one.cmdline()]
    assert [one.pid for one in zygote.children()] == [first.pid]
    # Killed while it is asked: the page's request is answered all the same, by another process.
    os.kill(first.pid, signal.SIGKILL)
    assert (await board.client.get(board.url("data/runs"))).status_code == 200
    second = await board.child()
    assert second.pid != first.pid
    # The parent of all: its children end with it, and the next request brings both back.
    zygote.kill()
    await asyncio.to_thread(psutil.wait_procs, [zygote, psutil.Process(second.pid)], 60)
    assert (await board.client.get(board.url("data/runs"))).status_code == 200
    third = await board.child()
    await board.registry.close()
    for _ in range(100):
        if not psutil.pid_exists(third.pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("a child outlived its end")


async def test_a_deleted_track_ends_its_child(board: Board, database: Database) -> None:
    await board.scalars_until(3)
    async with database.transaction() as session:
        await Database.fetch(session, "UPDATE tracks SET deleted_at = now() WHERE track_id = $1", board.place.track_id)
    await board.registry.end_gone()
    assert board.registry.state_of((board.place.track_id,)) is State.STOPPED


async def test_what_crashes_again_and_again_gets_a_readable_page(board: Board) -> None:
    for _ in range(3):
        os.kill((await board.child()).pid, signal.SIGKILL)
        await board.registry.replace((board.place.track_id,), await _dead(board))
    page = await board.client.get(board.url(), headers={"accept": "text/html", "accept-language": "zh-TW"})
    assert page.status_code == 503
    assert "目前無法使用" in page.text
    assert int(page.headers["retry-after"]) > 2
    assert (await board.client.get(board.url("data/runs"))).json()["error"] == "tensorboard_not_ready"


async def _dead(board: Board) -> Any:
    return board.registry._entries[(board.place.track_id,)].child


def event_file(folder: Path) -> bytes:
    """Return an event file as TensorBoard's own writer makes it: a histogram and a scalar."""
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(step=1, wall_time=1.0, summary=histogram_pb("weights", np.arange(100.0))))
    scalar = Summary(value=[Summary.Value(tag="own/scalar", simple_value=2.5)])
    writer.add_event(Event(step=1, wall_time=1.0, summary=scalar))
    writer.close()
    return next(folder.glob("*tfevents*")).read_bytes()


async def test_uploaded_event_files_are_merged_in_and_followed(
    board: Board, database: Database, tmp_path: Path
) -> None:
    content = await asyncio.to_thread(event_file, tmp_path)
    await board.upload(database, "tb/events.out.tfevents.1", content)
    await board.upload(database, "tb/projector_config.pbtxt", b'embeddings { tensor_path: "../../../../etc/passwd" }')
    run = f"{board.run}/tb"
    for _ in range(100):
        listing = await board.get("data/plugins_listing")
        if listing["histograms"]["enabled"]:
            break
        await asyncio.sleep(0.1)
    assert run in await board.get("data/runs")
    assert (await board.get("data/plugin/histograms/tags"))[run]
    tag = next(iter((await board.get("data/plugin/histograms/tags"))[run]))
    assert await board.get("data/plugin/histograms/histograms", tag=tag, run=run)
    assert await board.get("data/plugin/scalars/scalars", tag="own/scalar", run=run) == [[1.0, 1, 2.5]]
    assert len(await board.scalars()) == 3
    leak = await board.client.get(board.url("data/plugin/projector/tensors"), params={"run": run, "name": ""})
    assert leak.status_code >= 400
    assert b"root:" not in leak.content
    # The file grew: it is appended to, and the same process shows it.
    pid = (await board.child()).pid
    grown = content + content[len(content) // 2 :][:0]
    more = tmp_path / "more"
    more.mkdir()
    grown += (await asyncio.to_thread(event_file, more))[: len(content)]
    await board.upload(database, "tb/events.out.tfevents.1", grown)
    await asyncio.sleep(0.6)
    assert (await board.child()).pid == pid
    # It became another: the process is replaced.
    await board.upload(database, "tb/events.out.tfevents.1", content[:-20])
    for _ in range(100):
        if (await board.child()).pid != pid:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the old content is still shown")


async def test_the_stock_command_shows_the_same(database: Database, service_environment: dict[str, str]) -> None:
    async with opened_board(database, tb_mode=TbMode.PROCESS) as board:
        points = await board.scalars_until(3)
        assert [(step, value) for _, step, value in points] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
        await board.log([3])
        assert (await board.scalars_until(4))[-1][1:] == [3, 0.25]
        texts = await board.get("data/plugin/text/text", tag="config", run=board.run)
        assert "a|b &lt;script&gt;" in texts[0]["text"]
        page = await board.client.get(board.url())
        assert "../static/" in page.text
        assert not psutil.Process((await board.child()).pid).net_connections("inet")
