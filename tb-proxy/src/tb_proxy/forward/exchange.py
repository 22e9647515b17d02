"""One connection to a server on a unix socket, and the one answer that comes over it at a time.

Called by unix.py. Guarantees that an answer holds little memory however slowly it is taken: the socket is not read
while much waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import cast

import httptools

from tb_proxy.forward.headers import RawHeaders

_HIGH_BYTES, _LOW_BYTES = 512 << 10, 128 << 10
# Up to here an answer is waited for as a whole, so that one which breaks off can be asked for again.
_SMALL_BYTES = 256 << 10
# Nothing for this long is a server that hangs: a large series takes it seconds.
SILENT_S = 60.0


class LostError(Exception):
    """The connection ended, or what came was no HTTP, before the answer was whole."""


class Answer:
    """What comes back: the head, then pieces of the body as they were sent, still encoded."""

    def __init__(self, *, is_head: bool) -> None:
        self.status = 0
        self.headers: RawHeaders = []
        self.has_head = self.is_whole = False
        self.is_head = is_head
        self._failure: Exception | None = None
        self._pieces: deque[bytes] = deque()
        self._n_waiting = 0
        self._is_paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header."""
        self.headers.append((name.lower(), value))

    def begin(self, status: int, transport: asyncio.Transport) -> None:
        """Note that the head is whole."""
        if status < HTTPStatus.OK:
            # "Continue" and the like: the answer itself is still to come.
            self.headers.clear()
            return
        self.status, self.has_head, self._transport = status, True, transport
        # The parser cannot know that an answer to HEAD announces a body that it does not have.
        self.is_whole = self.is_head
        self._wake()

    def add(self, piece: bytes) -> None:
        """Note a piece of the body; the socket rests while nobody takes them."""
        self._pieces.append(piece)
        self._n_waiting += len(piece)
        if self._n_waiting > _HIGH_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def end(self, failure: Exception | None = None) -> None:
        """Note that all has come, or will not come."""
        if not self.is_whole:
            self.is_whole, self._failure = failure is None, failure
        self._wake()

    # What the caller calls.

    async def head(self) -> None:
        """Wait for status and headers. Raises: LostError, TimeoutError."""
        while not self.has_head:
            await self._change()

    async def take_whole(self) -> bytes | None:
        """Return the body where all of it is there, or says that it is small; None for one to be streamed.

        Raises: LostError, TimeoutError.
        """
        while not self.is_whole:
            if not self._is_small():
                return None
            await self._change()
        self.resume()
        return b"".join(self._pieces)

    def _is_small(self) -> bool:
        size = dict(self.headers).get(b"content-length", b"")
        return size.isdigit() and int(size) <= _SMALL_BYTES

    def resume(self) -> None:
        """Let the socket be read again."""
        if self._is_paused and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
        self._is_paused = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the body as it comes. Raises: LostError, TimeoutError."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._n_waiting -= len(piece)
                if self._is_paused and self._n_waiting < _LOW_BYTES:
                    self.resume()
                yield piece
            if self.is_whole:
                return
            await self._change()

    async def _change(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(SILENT_S):
            await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Connection(asyncio.Protocol):
    """One connection, with at most one answer under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._ends_with_connection = False
        self._may_stay = False
        self.times_used = 0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the way to the server."""
        # uvloop's is of the same form, but of no common class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._answer is None:
            # Nobody asked.
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._lose("what came is no HTTP")

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 (the event loop's signature)
        """Note the end."""
        self._transport = None
        if self._answer is not None and self._answer.has_head and self._ends_with_connection:
            self._answer.end()
        self._lose("the connection ended")

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Pass a header on."""
        if self._answer is not None:
            self._answer.on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass the head on."""
        answer, transport = self._answer, self._transport
        if answer is None or transport is None:
            return
        names = {name for name, _ in answer.headers}
        self._ends_with_connection = not names & {b"content-length", b"transfer-encoding"}
        self._may_stay = self._parser.should_keep_alive()
        answer.begin(self._parser.get_status_code(), transport)

    def on_body(self, body: bytes) -> None:
        """Pass a piece on."""
        if self._answer is not None:
            self._answer.add(body)

    def on_message_complete(self) -> None:
        """Pass the end on."""
        if self._answer is not None and self._answer.has_head:
            self._answer.end()

    # What the pool calls.

    @property
    def is_open(self) -> bool:
        """Say whether another request can go over it."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, *, is_head: bool) -> Answer:
        """Send a request; its answer begins to come. Raises: LostError."""
        if self._transport is None:
            raise LostError("the connection ended")
        self.times_used += 1
        self._answer = Answer(is_head=is_head)
        self._may_stay = False
        self._transport.write(request)
        return self._answer

    def release(self) -> bool:
        """Take leave of the answer; say whether the connection can be used again."""
        answer, self._answer = self._answer, None
        # After a HEAD the parser waits for a body that does not come.
        is_clean = answer is not None and answer.is_whole and not answer.is_head
        if is_clean and self._may_stay and self.is_open:
            return True
        self.abort()
        return False

    def abort(self) -> None:
        """End it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _lose(self, why: str) -> None:
        if self._answer is not None:
            self._answer.end(LostError(why))
        self.abort()
