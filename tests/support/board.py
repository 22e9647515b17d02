"""tb-proxy in this process with a real zygote, a track with data, and somebody who may read it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI
from support.ingest import WRITER, Place, make_place, running_app

from services.core.clock import SystemClock
from services.files.actions import put_file
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.tracks.store import get_track
from tb_proxy.main import create_app
from tb_proxy.processes.registry import Registry
from tb_proxy.settings import TbProxySettings


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
                {"key": "source/git/commit", "value": "b0a7d", "time": 1.0},
            ],
        )
        yield opened
