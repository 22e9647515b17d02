"""The reverse proxy in process: raw bytes, broken answers, callers who leave."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tb_proxy.forward.headers import end_to_end
from tb_proxy.forward.http import AnswerBrokeOffError, Forward, target_of


class Chunks(httpx2.AsyncByteStream):
    """A body that comes in pieces, and may end too early or never."""

    def __init__(self, *pieces: bytes, then: Exception | asyncio.Event | None = None) -> None:
        self._pieces, self._then = pieces, then
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if isinstance(self._then, asyncio.Event):
            await self._then.wait()
        elif self._then is not None:
            raise self._then

    async def aclose(self) -> None:
        self.is_closed = True


async def call(handler: Any, *, method: str = "GET", messages: list[Any] | None = None, **scope: Any) -> list[Any]:
    """Send one request through a Forward and return what it sent back."""
    incoming, sent = list(messages or []), []
    full = {"type": "http", "method": method, "path": "/a", "query_string": b"", "headers": [], **scope}

    async def receive() -> Any:
        if not incoming:
            await asyncio.Event().wait()
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(handler)) as client:
        target = target_of(full, "http://upstream")
        forward = Forward(client, target, end_to_end(full["headers"]), answer_headers=end_to_end)
        try:
            await forward(full, receive, send)
        except AnswerBrokeOffError:
            sent.append("broke off")
    return sent


async def test_bytes_and_addresses_pass_as_they_are() -> None:
    packed = gzip.compress(b"hello")
    seen: list[bytes] = []

    async def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path)
        assert "accept-encoding" not in request.headers
        return httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=Chunks(packed[:5], packed[5:]))

    sent = await call(answer, raw_path=b"/a%2Fb%20c", query_string=b"x=%2F&y")
    assert seen == [b"/a%2Fb%20c?x=%2F&y"]
    assert b"".join(message.get("body", b"") for message in sent[1:]) == packed
    assert sent[-1]["more_body"] is False


async def test_a_body_streams_and_keeps_its_length() -> None:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["content-length"] == "6"
        assert await request.aread() == b"abcdef"
        return httpx2.Response(201, stream=Chunks())

    pieces = [
        {"type": "http.request", "body": b"abc", "more_body": True},
        {"type": "http.request", "body": b"def", "more_body": False},
    ]
    sent = await call(answer, method="PUT", messages=pieces, headers=[(b"content-length", b"6")])
    assert sent[0]["status"] == 201


async def test_an_answer_that_breaks_off_does_not_look_whole() -> None:
    body = Chunks(b"half", then=httpx2.ReadError("gone"))
    sent = await call(lambda _: httpx2.Response(200, stream=body))
    assert sent[-1] == "broke off"
    assert all(message["more_body"] for message in sent[1:-1])


async def test_a_caller_who_leaves_ends_the_request_behind() -> None:
    body = Chunks(b"first", then=asyncio.Event())
    left = [{"type": "http.disconnect"}]
    async with asyncio.timeout(30):
        await call(lambda _: httpx2.Response(200, stream=body), messages=left)


@pytest.mark.parametrize(
    ("failure", "status", "tries"),
    [
        (httpx2.ConnectError("refused"), 503, 2),
        (httpx2.RemoteProtocolError("closed"), 503, 2),
        (httpx2.ReadTimeout("slow"), 504, 1),
    ],
)
async def test_a_service_that_is_away_is_said_so(failure: Exception, status: int, tries: int) -> None:
    asked = 0

    def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        raise failure

    sent = await call(answer)
    assert (sent[0]["status"], asked) == (status, tries)
    asked = 0
    await call(answer, method="POST")
    assert asked == 1  # whether it was done cannot be known, so it is not done twice
