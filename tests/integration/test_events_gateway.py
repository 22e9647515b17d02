"""Live events through the local gateway: unbuffered, noticed when the page leaves, ended when the gateway stops."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from support.events import listening, until_heard
from support.ingest import MSGPACK, batch, make_place
from support.site import Site

from services.storage.database import Database


@pytest.fixture
async def site(database: Database, service_environment: dict[str, str], tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(await make_place(database), tmp_path / "gateway.log")
    try:
        await made.wait_ready()
        await until_heard(database)
        yield made
    finally:
        made.stop()


async def test_events_pass_the_gateway_at_once_and_end_with_either_side(site: Site) -> None:
    headers = {"authorization": f"Bearer {site.place.token}"}
    async with (
        httpx2.AsyncClient(base_url=site.url, headers=headers, timeout=60) as writer,
        listening(site.url, site.place.token, track=str(site.place.track_id)) as events,
    ):
        waited = []
        for seq in range(1, 11):
            answer = await writer.post(site.place.batches, content=batch(seq), headers=MSGPACK)
            assert answer.status_code == 200, answer.text
            acked = time.perf_counter()
            assert (await events.changed())["keys"] == ["loss"]
            waited.append((time.perf_counter() - acked) * 1000)
            await asyncio.sleep(0.25)
        print(f"\nthrough the gateway: worst {max(waited):.1f} ms")  # noqa: T201 (a measure worth seeing)
        assert await site.listeners() == 1
    async with asyncio.timeout(60):
        while await site.listeners() != 0:  # noqa: ASYNC110 (another process has no event to wait for)
            await asyncio.sleep(0.05)
    async with listening(site.url, site.place.token, project="demo") as events:
        started = time.perf_counter()
        site.gateway.send_signal(signal.SIGTERM)
        assert await events.rest() == []
        assert await asyncio.to_thread(site.gateway.wait, 60) in {0, -signal.SIGTERM}
        took = time.perf_counter() - started
    print(f"\nthe gateway stopped with an open stream in {took * 1000:.0f} ms")  # noqa: T201 (as above)
    # What uvicorn says when it has waited as long as it may; how long the rest takes is the machine's affair.
    assert "graceful shutdown exceeded" not in site.log.read_text(), "it waited for the stream"
    assert took < 60


async def test_a_connection_may_rest_between_requests(site: Site) -> None:
    # At the gateway and at a service: proxies keep theirs for a minute.
    request = f"GET /api/v3/projects HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {site.place.token}\r\n\r\n"

    async def ask_twice(url: str) -> None:
        address = httpx2.URL(url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        for rest_s in (6, 0):
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
            await reader.readexactly(int(length.split(b":")[1]))
            await asyncio.sleep(rest_s)
        writer.close()

    await asyncio.gather(ask_twice(site.url), ask_twice(site.track_api.url))
