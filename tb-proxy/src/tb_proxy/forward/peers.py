"""One replica for each TensorBoard: a request that came to another one is passed on to it.

The outermost layer of tb-proxy. Guarantees that replicas which see the same addresses choose the same one, that a
request is passed on once at most, and that one whose replica is away is answered here.
"""

import asyncio
import hashlib
import re
import socket
import time
from collections.abc import Awaitable, Callable

import httpx2
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tb_proxy.forward.headers import end_to_end
from tb_proxy.forward.http import Forward, UnreachableError, target_of

log = structlog.get_logger()

_BOARD = re.compile(r"/tb/([0-9a-fA-F-]{32,36}(?:,[0-9a-fA-F-]{32,36})*)(?:/|$)")
# Whoever sends it is answered by the replica he has reached, and gains nothing.
_PASSED_ON = b"x-mlsteam-passed-on"
_LOOK_S = 5.0
_AWAY_S = 5.0
Resolve = Callable[[str, int], Awaitable[list[str]]]


def owner_of(board: str, replicas: list[str]) -> str:
    """Return the replica of a TensorBoard; only its own boards move when one comes or goes."""
    return max(replicas, key=lambda replica: hashlib.blake2b(f"{replica}|{board}".encode(), digest_size=8).digest())


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses behind a name, as host:port."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return sorted({_address(str(where[0]), port) for *_, where in found})


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _again(receive: Receive) -> Receive:
    """Give a request without a body once more: its message was taken while waiting for the caller to leave."""
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def give() -> Message:
        return messages.pop() if messages else await receive()

    return give


class Peers:
    """The ASGI layer."""

    def __init__(self, app: ASGIApp, *, name: str, own: str, port: int, looked_up: Resolve = resolve) -> None:
        """Take the name that stands for all replicas, and the address that this one has behind it."""
        self._app, self._name, self._port, self._resolve = app, name, port, looked_up
        self._own = _address(own, port)
        self._replicas, self._looked_at = [self._own], -_LOOK_S
        self._away_until: dict[str, float] = {}
        self._client = httpx2.AsyncClient(timeout=httpx2.Timeout(None, connect=2), trust_env=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await self._client.aclose()
            return
        found = _BOARD.match(scope["path"]) if scope["type"] == "http" else None
        if found is None or any(name == _PASSED_ON for name, _ in scope["headers"]):
            await self._app(scope, receive, send)
            return
        replica = owner_of(found[1].lower(), await self._present())
        has_body = scope["method"] not in {"GET", "HEAD"}
        if replica == self._own:
            await self._app(scope, receive, send)
            return
        headers = [*end_to_end(scope["headers"]), (_PASSED_ON, b"1")]
        url = target_of(scope, f"http://{replica}")
        # A body that went to nobody cannot be read again, so such a request is answered by 503 and asked again.
        forward = Forward(self._client, url, headers, answer_headers=end_to_end, is_told_of_loss=not has_body)
        try:
            await forward(scope, receive, send)
        except UnreachableError as error:
            log.warning("replica_away", replica=replica, error=str(error))
            self._away_until[replica] = time.monotonic() + _AWAY_S
            await self._app(scope, _again(receive), send)

    async def _present(self) -> list[str]:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_S:
            self._looked_at = now
            try:
                self._replicas = sorted({*await self._resolve(self._name, self._port), self._own})
            except OSError as error:
                log.warning("replicas_unknown", name=self._name, error=str(error))
        return [one for one in self._replicas if one == self._own or self._away_until.get(one, 0) <= now]
