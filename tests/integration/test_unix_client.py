"""The way to a TensorBoard, on servers that stream, hang up, lie and rest; on both event loops."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tb_proxy.forward.exchange import LostError
from tb_proxy.forward.unix import UnixClient, encode

Speak = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Play = Callable[[Awaitable[None]], None]
SMALL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Run a coroutine on a loop of its own, for half a minute at most."""

    def run(coroutine: Awaitable[None]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(30):
                await coroutine

        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(bounded())

    return run


@asynccontextmanager
async def served(speak: Speak, **options: Any) -> AsyncIterator[tuple[UnixClient, list[int]]]:
    """Run a server that answers each request by `speak`; give a client and how many connections were made."""
    made: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(1)
        try:
            while True:
                await speak(await reader.readuntil(b"\r\n\r\n"), reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    with tempfile.TemporaryDirectory(prefix="u-") as folder:
        path = Path(folder) / "socket"
        server = await asyncio.start_unix_server(serve, str(path))
        client = UnixClient(path, **options)
        try:
            yield client, made
        finally:
            client.close()
            server.close()


async def fetch(client: UnixClient, method: str = "GET", body: bytes = b"") -> tuple[int, bytes]:
    async with client.ask(method, b"/a", [(b"host", b"x")], body) as answer:
        return answer.status, b"".join([piece async for piece in answer.pieces()])


def test_requests_share_a_connection(play: Play) -> None:
    seen = []

    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(head.split(b"\r\n")[0] + (await reader.readexactly(3) if head.startswith(b"POST") else b""))
        writer.write(SMALL)

    async def all_of_it() -> None:
        async with served(speak) as (client, made):
            assert await fetch(client) == (200, b"ok")
            assert await fetch(client, "POST", b"a=b") == (200, b"ok")
            assert (seen, len(made)) == ([b"GET /a HTTP/1.1", b"POST /a HTTP/1.1a=b"], 1)
            await asyncio.gather(*(fetch(client) for _ in range(5)))
            assert len(made) == 5

    play(all_of_it())


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_way_to_end_an_answer(play: Play, sent: bytes, body: bytes) -> None:
    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        if b"close" in sent or b"1.0" in sent:
            writer.close()

    async def all_of_it() -> None:
        async with served(speak) as (client, _):
            for _ in range(3):
                assert (await fetch(client))[1] == body

    play(all_of_it())


def test_a_head_has_no_body_and_the_next_answer_is_the_next(play: Play) -> None:
    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" if head.startswith(b"HEAD") else SMALL)

    async def all_of_it() -> None:
        async with served(speak) as (client, _):
            assert await fetch(client, "HEAD") == (200, b"")
            assert await fetch(client) == (200, b"ok")

    play(all_of_it())


def test_what_nobody_takes_stays_with_the_server(play: Play) -> None:
    size = 64 << 20
    written = 0

    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while written < size:
            writer.write(b"x" * (1 << 16))
            written += 1 << 16
            await writer.drain()

    async def all_of_it() -> None:
        async with served(speak) as (client, _), client.ask("GET", b"/", []) as answer:
            await asyncio.sleep(0.3)
            assert written < 8 << 20
            assert sum([len(piece) async for piece in answer.pieces()]) == size

    play(all_of_it())


def test_a_caller_who_leaves_frees_the_connection(play: Play) -> None:
    ended = asyncio.Event()

    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""
        ended.set()
        raise ConnectionError

    async def all_of_it() -> None:
        async with served(speak, max_connections=1) as (client, _):
            for _ in range(3):
                ended.clear()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await fetch(client)
                await ended.wait()

    play(all_of_it())


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nConte", b"SSH-2.0-nothing\r\n\r\n"])
def test_no_answer_is_a_loss_and_is_not_asked_for_again(play: Play, sent: bytes) -> None:
    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        raise ConnectionError

    async def all_of_it() -> None:
        async with served(speak) as (client, made):
            with pytest.raises(LostError):
                await fetch(client)
            assert len(made) == 1

    play(all_of_it())


def test_half_an_answer_is_a_loss(play: Play) -> None:
    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        raise ConnectionError

    async def all_of_it() -> None:
        async with served(speak) as (client, _):
            with pytest.raises(LostError):
                await fetch(client)

    play(all_of_it())


@pytest.mark.parametrize(
    ("sent", "whole"),
    [
        (b"Content-Length: 4\r\n\r\nokay", b"okay"),
        (b"Content-Length: 4\r\n\r\nok", LostError),
        (b"Content-Length: 9999999\r\n\r\nok", None),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", None),
    ],
)
def test_a_small_answer_is_whole_before_it_is_passed_on(
    play: Play, sent: bytes, whole: bytes | type[LostError] | None
) -> None:
    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start, _, body = sent.partition(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + start + b"\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(body)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()

    async def all_of_it() -> None:
        async with served(speak) as (client, _), client.ask("GET", b"/a", [(b"host", b"x")], b"") as answer:
            if whole is LostError:
                with pytest.raises(LostError):
                    await answer.take_whole()
            else:
                assert await answer.take_whole() == whole

    play(all_of_it())


def test_a_connection_that_rested_too_long_is_replaced(play: Play) -> None:
    n_asked = 0

    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal n_asked
        n_asked += 1
        if n_asked % 2 == 0:
            raise ConnectionError
        writer.write(SMALL)

    async def all_of_it() -> None:
        async with served(speak) as (client, _):
            for _ in range(3):
                assert await fetch(client) == (200, b"ok")
        with pytest.raises(LostError):
            await fetch(client)

    play(all_of_it())


def test_no_more_connections_than_allowed(play: Play) -> None:
    now, most = 0, 0

    async def speak(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        writer.write(SMALL)

    async def all_of_it() -> None:
        async with served(speak, max_connections=3) as (client, made):
            await asyncio.gather(*(fetch(client) for _ in range(20)))
            assert (most, len(made)) == (3, 3)

    play(all_of_it())


def test_no_header_can_begin_another_request() -> None:
    assert encode("GET", b"/", [], b"") == b"GET / HTTP/1.1\r\n\r\n"
    assert encode("POST", b"/", [(b"content-length", b"9")], b"ab") == b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nab"
    for headers in ([(b"a", b"b\r\n\r\nGET /c HTTP/1.1")], [(b"a", b"b\nc")], [(b"a", b"b\rc")]):
        with pytest.raises(ValueError, match="line break"):
            encode("GET", b"/", headers, b"")
