"""tb-proxy as a process, and callers who are slow, leave, ask for much, or ask in an odd form."""

import asyncio
import gzip
import json
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from support.ingest import WRITER, make_place, running_app
from support.servers import ServerProcess

from services.storage.database import Database
from services.tracks.store import get_track

LARGE = "data/plugin/text/text?tag=notes&run="


@dataclass
class Site:
    """A running tb-proxy and one track on it, with some megabytes of texts."""

    server: ServerProcess
    client: httpx2.AsyncClient
    token: str
    prefix: str
    run: str

    def raw(self, path: str, *, method: str = "GET", receive_bytes: int = 0) -> socket.socket:
        """Send a request on a socket of one's own."""
        opened = socket.socket()
        if receive_bytes:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        host, port = self.server.url.removeprefix("http://").split(":")
        opened.connect((host, int(port)))
        head = f"{method} {self.prefix}{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.token}\r\n\r\n"
        opened.sendall(head.encode())
        return opened


@pytest.fixture
async def site(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Site]:
    place = await make_place(database)
    async with database.read() as session:
        run = (await get_track(session, place.track_id)).name
    text = "x" * 8_000
    series = [{"key": "notes", "values": [text] * 100}, {"key": "loss", "values": [1.0, 2.0]}]
    async with running_app(place.token) as ingest:
        for seq, some in enumerate(series, 1):
            answer = await ingest.post(place.batches, json={"writer": WRITER, "seq": seq, "series": [some]})
            assert answer.json()["rejects"] == []
    server = ServerProcess("tb_proxy")
    headers = {"authorization": f"Bearer {place.token}"}
    try:
        await server.wait_ready()
        async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
            yield Site(server, client, place.token, f"/tb/{place.track_id}/", run)
    finally:
        assert server.stop() in {0, -signal.SIGTERM}


async def test_a_large_answer_is_whole_packed_or_not(site: Site) -> None:
    plain = await site.client.get(f"{site.prefix}{LARGE}{site.run}", headers={"accept-encoding": "identity"})
    assert plain.status_code == 200
    assert len(plain.content) > 1 << 19
    assert len(plain.json()) == 100
    async with site.client.stream(
        "GET", f"{site.prefix}{LARGE}{site.run}", headers={"accept-encoding": "gzip"}
    ) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        content = b"".join([piece async for piece in packed.aiter_raw()])
    assert len(content) == int(packed.headers["content-length"])
    assert gzip.decompress(content) == plain.content


async def test_a_head_is_the_answer_without_its_body(site: Site) -> None:
    for path in ("", "index.js", "data/runs", f"{LARGE}{site.run}"):
        head = await site.client.head(f"{site.prefix}{path}")
        full = await site.client.get(f"{site.prefix}{path}")
        assert (head.status_code, head.content) == (full.status_code, b"")
        assert head.headers.get("content-length") == full.headers.get("content-length")


async def test_slow_callers_get_all_and_keep_nobody_waiting(site: Site) -> None:
    slow = [site.raw(f"{LARGE}{site.run}", receive_bytes=4096) for _ in range(10)]
    await asyncio.sleep(1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(10):
        assert (await site.client.get(f"{site.prefix}data/runs")).status_code == 200
    # Who waited for the slow ones would wait until they are given up, after a minute.
    assert loop.time() - began < 30

    def take(opened: socket.socket) -> int:
        with opened, opened.makefile("rb") as stream:
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            return len(stream.read(length)) - length

    assert await asyncio.gather(*(asyncio.to_thread(take, opened) for opened in slow)) == [0] * 10


async def test_those_who_leave_leave_nothing(site: Site) -> None:
    for round_ in range(40):
        opened = site.raw(f"{LARGE}{site.run}", receive_bytes=4096)
        if round_ % 2:
            await asyncio.sleep(0.02)
        opened.close()
    answers = await asyncio.gather(*(site.client.get(f"{site.prefix}data/runs") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    metrics = (await site.client.get("/metrics")).text
    assert "mlsteam_tensorboard_open 1.0" in metrics
    assert 'mlsteam_tensorboard_starts_total{outcome="failed"}' not in metrics


async def test_a_form_in_pieces_and_what_is_too_large(site: Site) -> None:
    url = f"{site.prefix}data/plugin/timeseries/timeSeries"
    asked = json.dumps([{"plugin": "scalars", "tag": "loss", "run": site.run}])
    boundary = "x" * 8
    form = f'--{boundary}\r\ncontent-disposition: form-data; name="requests"\r\n\r\n{asked}\r\n--{boundary}--\r\n'

    async def pieces() -> AsyncIterator[bytes]:
        for character in form:
            yield character.encode()

    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = await site.client.post(url, content=pieces(), headers=kind)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()[0]["runToSeries"][site.run]) == 2

    async def much() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    for content in (b"x" * (2 << 20), much()):
        refused = await site.client.post(url, content=content, headers=kind)
        assert (refused.status_code, refused.json()["error"]) == (413, "too_large")
    assert (await site.client.put(f"{site.prefix}data/runs")).status_code == 405
    assert (await site.client.get(f"{site.prefix}data/no/such")).status_code == 404
