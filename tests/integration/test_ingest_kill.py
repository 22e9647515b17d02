"""SIGKILL of a real ingest-api while writers log: no acknowledged point is missing, none is there twice."""

import asyncio
import random
import signal
from collections import Counter

import httpx2
import numpy as np
import pytest
from support.ingest import MSGPACK, Place, batch, make_place
from support.servers import ServerProcess

from services.ingest.transposer import Transposer
from services.series.load import load_points
from services.storage.database import Database

_WRITERS = 4
_KILLS = 3


class _Writer:
    """Sends one batch after the other, each until it is acknowledged, and keeps a ledger of its own."""

    def __init__(self, place: Place, url: str, number: int) -> None:
        self._place = place
        self._url = url + place.batches
        self._name = f"{number:032x}"
        self._base = number * 1_000_000.0
        self.acked: list[float] = []
        self.sent: set[float] = set()
        self.n_duplicates = 0

    async def run(self, is_over: asyncio.Event) -> None:
        seq = 0
        async with httpx2.AsyncClient(headers={"authorization": f"Bearer {self._place.token}"}, timeout=20) as client:
            while not is_over.is_set():
                seq += 1
                values = [self._base + seq * 10 + i for i in range(3)]
                body = batch(seq, writer=self._name, values=values)
                self.sent.update(values)
                await self._send(client, body)
                self.acked += values

    async def _send(self, client: httpx2.AsyncClient, body: bytes) -> None:
        while True:
            try:
                answer = await client.post(self._url, content=body, headers=MSGPACK)
            except httpx2.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.n_duplicates += answer.json()["is_duplicate"]
                return
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.05)


async def _until_written(writers: list[_Writer], n_more: int) -> None:
    wanted = sum(len(writer.acked) for writer in writers) + n_more
    async with asyncio.timeout(120):
        while sum(len(writer.acked) for writer in writers) < wanted:  # noqa: ASYNC110 (the writers go on meanwhile)
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_a_killed_server_loses_and_doubles_nothing(
    database: Database, service_environment: dict[str, str]
) -> None:
    place = await make_place(database)
    chance = random.Random(20)
    server = ServerProcess("ingest_api")
    transposer = ServerProcess("ingest_api.transposer", MLSTEAM_TRANSPOSER_RESTED_S="0")
    try:
        await server.wait_ready()
        writers = [_Writer(place, server.url, number) for number in range(1, _WRITERS + 1)]
        is_over = asyncio.Event()
        running = [asyncio.create_task(writer.run(is_over)) for writer in writers]
        for _ in range(_KILLS):
            await _until_written(writers, 50)
            await asyncio.sleep(chance.random())
            for process in (server, transposer):
                process.stop(signal.SIGKILL)
                process.start()
            await server.wait_ready()
        await _until_written(writers, 50)
        is_over.set()
        await asyncio.gather(*running)
    finally:
        assert server.stop(signal.SIGTERM) in {0, -signal.SIGTERM}
        assert transposer.stop(signal.SIGTERM) in {0, -signal.SIGTERM}
    await Transposer(database, rested_s=0).run_once()
    async with database.read() as session:
        parts = (await load_points(session, place.track_id, ["loss"]))["loss"]
    stored = Counter(value for part in parts for value in np.asarray(part.values).tolist())
    acked = {value for writer in writers for value in writer.acked}
    assert len(acked) > 100, "the writers hardly wrote"
    assert max(stored.values()) == 1
    assert acked <= set(stored)
    assert set(stored) <= set().union(*(writer.sent for writer in writers))
