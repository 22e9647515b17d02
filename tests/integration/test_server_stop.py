"""A server that stops: endless answers are told, and one who reads nothing does not keep it waiting."""

import asyncio
import socket
import time

import uvicorn
from starlette.types import Receive, Scope, Send

from services.web.server import Server


async def test_a_server_stops_although_somebody_reads_nothing() -> None:
    is_stopping = asyncio.Event()
    has_begun = asyncio.Event()

    async def pour(send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
            has_begun.set()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        pouring = asyncio.create_task(pour(send))
        await is_stopping.wait()
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)

    config = uvicorn.Config(
        endless, host="127.0.0.1", port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=100
    )
    server = Server(config, is_stopping.set)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
    with socket.create_connection(server.servers[0].sockets[0].getsockname()) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await has_begun.wait()
        # Until no buffer between the two takes any more.
        await asyncio.sleep(1)
        started = time.perf_counter()
        server.should_exit = True
        await asyncio.wait_for(serving, 150)
        took = time.perf_counter() - started
    assert took < 50, "it waited for the one who reads nothing"
