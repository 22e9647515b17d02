"""HTTP to one server on a unix socket, over few connections that are kept: the way to a TensorBoard.

Called by the routes, through the spawners' children. A library's client costs more than all the rest of a small
request. Guarantees that a request goes out at most once over a fresh connection, and that connections are bounded.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tb_proxy.forward.exchange import Answer, Connection, LostError
from tb_proxy.forward.headers import RawHeaders

_CONNECT_S = 5.0
_FREE_S = 30.0


class UnixClient:
    """Connections to one server. Requests above `max_connections` wait for one to become free."""

    def __init__(self, path: Path, *, max_connections: int = 16) -> None:
        self._path = str(path)
        self._free = asyncio.Semaphore(max_connections)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    @asynccontextmanager
    async def ask(self, method: str, target: bytes, headers: RawHeaders, body: bytes = b"") -> AsyncIterator[Answer]:
        """Send a request and lend its answer, once its head is there.

        Raises: LostError when there was no answer, TimeoutError.
        """
        request = encode(method, target, headers, body)
        if self._free.locked():
            async with asyncio.timeout(_FREE_S):
                await self._free.acquire()
        else:
            await self._free.acquire()
        connection: Connection | None = None
        try:
            while True:
                connection = await self._connection()
                self._busy.add(connection)
                try:
                    answer = connection.send(request, is_head=method == "HEAD")
                    await answer.head()
                    break
                except LostError:
                    self._give_back(connection)
                    # A server may hang up on a connection that rested just when the request is on its way.
                    if connection.times_used <= 1:
                        raise
            yield answer
        finally:
            if connection is not None:
                self._give_back(connection)
            self._free.release()

    async def _connection(self) -> Connection:
        while self._idle:
            if (connection := self._idle.pop()).is_open:
                return connection
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_S):
                _, connection = await loop.create_unix_connection(Connection, self._path)
        except OSError as error:
            # A TimeoutError is an OSError too: who does not even accept is as good as gone.
            raise LostError(type(error).__name__) from error
        return connection

    def _give_back(self, connection: Connection) -> None:
        if connection in self._busy:
            self._busy.discard(connection)
            if connection.release():
                self._idle.append(connection)

    def close(self) -> None:
        """End all connections; what is under way is lost."""
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()


def encode(method: str, target: bytes, headers: RawHeaders, body: bytes) -> bytes:
    """Return a request as bytes. Raises: ValueError where a part of it holds a line break."""
    lines = [method.encode() + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in headers if name != b"content-length"]
    if body or method == "POST":
        lines.append(b"content-length: %d" % len(body))
    head = b"\r\n".join(lines)
    if head.count(b"\n") + head.count(b"\r") != 2 * (len(lines) - 1):
        # Servers in front of us refuse such requests already; here it would be a second request.
        raise ValueError("a header holds a line break")
    return head + b"\r\n\r\n" + body
