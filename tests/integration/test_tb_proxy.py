"""tb-proxy with a real PostgreSQL and a real TensorBoard process: what a browser on the page would get."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest
from fastapi import FastAPI
from support.ingest import WRITER, Place, make_place, running_app

from services.accounts.actions import ensure_administrator
from services.accounts.store import insert_session
from services.storage.database import Database
from tb_proxy.main import create_app
from tb_proxy.processes.local import LocalChild
from tb_proxy.processes.registry import Registry, State
from tb_proxy.settings import TbProxySettings


@dataclass
class Board:
    """tb-proxy in this process, a track with data, and somebody who may read it."""

    app: FastAPI
    client: httpx2.AsyncClient
    ingest: httpx2.AsyncClient
    place: Place
    seq: int = 0

    def url(self, path: str = "") -> str:
        return f"/tb/{self.place.track_id}/{path}"

    @property
    def registry(self) -> Registry:
        return self.app.state.resources.registry

    async def child(self) -> LocalChild:
        async with self.registry.use(self.place.track_id) as child:
            assert isinstance(child, LocalChild)
            return child

    async def log(self, steps: list[float], **more: object) -> None:
        self.seq += 1
        series = [{"key": "train/loss", "values": [1 / (step + 1) for step in steps], "steps": steps}]
        body = {"writer": WRITER, "seq": self.seq, "series": series} | more
        answer = await self.ingest.post(self.place.batches, json=body)
        assert answer.json()["rejects"] == [], answer.text

    async def scalars(self) -> list[list[float]]:
        answer = await self.client.get(
            self.url("data/plugin/scalars/scalars"), params={"tag": "train/loss", "run": "track"}
        )
        return answer.json() if answer.status_code == 200 else []

    async def scalars_until(self, count: int) -> list[list[float]]:
        for _ in range(600):
            if len(found := await self.scalars()) >= count:
                return found
            await asyncio.sleep(0.1)
        raise AssertionError(found)


@pytest.fixture
async def board(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Board]:
    place = await make_place(database)
    app = create_app(TbProxySettings(tb_proxy_refresh_s=0.2))
    transport = httpx2.ASGITransport(app)
    headers = {"authorization": f"Bearer {place.token}"}
    async with (
        running_app(place.token) as ingest,
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers, timeout=60) as client,
    ):
        opened = Board(app, client, ingest, place)
        await opened.log(
            [0, 1, 2],
            configs=[{"key": "model/name", "value": "a|b <script>", "time": 1.0}],
        )
        yield opened


async def test_a_track_shows_and_goes_on_showing_while_it_grows(board: Board) -> None:
    page = await board.client.get(board.url())
    assert page.status_code == 200
    assert page.headers["content-security-policy"].endswith("frame-ancestors 'self'")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert not {"set-cookie", "server", "content-encoding"} & set(page.headers)
    assert "url(/font-roboto" not in page.text
    font = page.text.split("url(font-roboto/", 1)[1].split(")")[0]
    assert (await board.client.get(board.url(f"font-roboto/{font}"))).content[:4] == b"wOF2"

    points = await board.scalars_until(3)
    assert [(step, value) for _, step, value in points] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]  # 64 bits, not 32
    await board.log([3])
    assert (await board.scalars_until(4))[-1][1:] == [3, 0.25]

    texts = await board.client.get(board.url("data/plugin/text/text"), params={"tag": "config", "run": "track"})
    assert "a|b &lt;script&gt;" in texts.json()[0]["text"]


async def test_nothing_of_this_machine_is_told(board: Board) -> None:
    await board.scalars_until(3)
    answers = [await board.client.get(board.url(f"data/{name}")) for name in ("environment", "logdir", "runs")]
    child = psutil.Process((await board.child()).pid)
    assert not any("/tmp" in answer.text or str(Path.cwd()) in answer.text for answer in answers)
    assert not [name for name in child.environ() if name.startswith("MLSTEAM")]
    assert not child.net_connections("inet")


async def test_posts_of_the_page_pass_with_the_cookie_only(board: Board, database: Database) -> None:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        secret = await insert_session(session, principal.user_id, datetime.now(UTC), timedelta(minutes=5))
    headers = {"cookie": f"mlsteam_session={secret}", "authorization": ""}
    form = {"requests": '[{"plugin":"scalars","tag":"train/loss","run":"track"}]'}
    await board.scalars_until(3)
    url = board.url("data/plugin/timeseries/timeSeries")
    answer = await board.client.post(url, files={"requests": (None, form["requests"])}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()[0]["runToSeries"]["track"]) == 3
    assert (await board.client.post(url, headers=headers | {"sec-fetch-site": "cross-site"})).status_code == 403


async def test_every_address_asks_who_it_is(board: Board) -> None:
    nobody = {"authorization": ""}
    for path in ("", "index.js", "data/runs"):
        assert (await board.client.get(board.url(path), headers=nobody)).status_code == 401
    other = UUID(int=7)
    assert (await board.client.get(f"/tb/{other}/")).status_code == 404
    assert board.registry.state_of(other) is State.STOPPED
    to_slash = await board.client.get(board.url().rstrip("/"))
    assert (to_slash.status_code, to_slash.headers["location"]) == (308, board.url())
    capitals = await board.client.head(board.url().upper().replace("/TB/", "/tb/"))
    assert capitals.status_code == 200


async def test_one_process_for_a_crowd_a_new_one_after_a_kill_none_after_the_end(board: Board) -> None:
    answers = await asyncio.gather(*(board.client.get(board.url("data/runs")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    first = await board.child()
    ours = [child.pid for child in psutil.Process().children() if "tb_proxy.processes.child" in child.cmdline()]
    assert ours == [first.pid]
    os.kill(first.pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, [psutil.Process(first.pid)], 60)
    assert await board.scalars_until(3)
    second = await board.child()
    assert second.pid != first.pid
    await board.registry.close()
    assert not psutil.pid_exists(second.pid)
