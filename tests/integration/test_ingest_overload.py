"""More than can be written: who is refused is told so at once, memory stays bounded, what was acknowledged is there."""

import asyncio
import time
from collections import Counter

import httpx2
import numpy as np
import psutil
import pytest
from support.batches import new_writer, wire
from support.ingest import MSGPACK, Place, make_place
from support.servers import ServerProcess

from services.core.values import WireType
from services.series.load import load_points
from services.storage.batch_body import encode_series
from services.storage.database import Database

_SENDERS = 24
_SECONDS = 4.0
_POINTS = 50_000
# Of the two queues together; a sender has one batch of 0.8 MB in flight, so the senders hold several times as much.
_QUEUE_BYTES = 4 << 20


class _Sender:
    def __init__(self, place: Place, url: str, number: int) -> None:
        self._place, self._url, self._number = place, url, number
        self.acked: list[float] = []
        self.answers: Counter[int] = Counter()
        self.slowest_refusal_s = 0.0

    async def run(self, until: float) -> None:
        headers = {"authorization": f"Bearer {self._place.token}", **MSGPACK}
        who, seq = new_writer(), 1
        async with httpx2.AsyncClient(base_url=self._url, headers=headers, timeout=60) as client:
            while time.monotonic() < until:
                mark = self._number * 1e6 + seq
                values = np.full(_POINTS, mark)
                series = [encode_series(["loss"], WireType.F64, values, np.arange(float(_POINTS)), counts=[_POINTS])]
                began = time.monotonic()
                answer = await client.post(self._place.batches, content=wire(who, seq, series=series))
                self.answers[answer.status_code] += 1
                if answer.status_code == 200:
                    self.acked.append(mark)
                    seq += 1
                else:
                    assert answer.status_code in {429, 503}, answer.text
                    assert "retry-after" in answer.headers
                    self.slowest_refusal_s = max(self.slowest_refusal_s, time.monotonic() - began)


@pytest.mark.slow
async def test_overload_is_refused_and_loses_nothing(database: Database, service_environment: dict[str, str]) -> None:
    place = await make_place(database)
    server = ServerProcess(
        "ingest_api",
        MLSTEAM_INGEST_API_MAX_QUEUE_BYTES=str(_QUEUE_BYTES),
        MLSTEAM_INGEST_API_MAX_PROJECT_QUEUE_BYTES=str(_QUEUE_BYTES),
    )
    try:
        await server.wait_ready()
        before = psutil.Process(server.pid).memory_info().rss
        senders = [_Sender(place, server.url, number) for number in range(1, _SENDERS + 1)]
        most = before

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, psutil.Process(server.pid).memory_info().rss)
                await asyncio.sleep(0.05)

        watching = asyncio.create_task(watch())
        until = time.monotonic() + _SECONDS
        await asyncio.gather(*(sender.run(until) for sender in senders))
        watching.cancel()
    finally:
        server.stop()
    answers = sum((sender.answers for sender in senders), Counter[int]())
    assert answers[200] > 0
    assert answers[429] + answers[503] > 0, "the senders were not too many"
    assert max(sender.slowest_refusal_s for sender in senders) < 10
    # Bodies on their way in, as they came and decoded, and what Python keeps of them; not what all senders sent.
    assert most - before < 40 * _QUEUE_BYTES
    async with database.read() as session:
        parts = (await load_points(session, place.track_id, ["loss"]))["loss"]
    stored = Counter(value for part in parts for value in np.asarray(part.values).tolist())
    assert stored == dict.fromkeys((mark for sender in senders for mark in sender.acked), _POINTS)
