"""The one address of the embedded stack: passes each request to the service it is for.

Started by stack.py. Knows no product rule: who may do what is asked by the services behind it.
"""

import asyncio
import os
import re
from collections.abc import Callable

import httpx2
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from services.web.server import KEEP_ALIVE_S, Server
from tb_proxy.forward.headers import end_to_end, to_service
from tb_proxy.forward.http import Forward, UnreachableError, target_of

# The published client drops what a call that fails held. Its calls may be repeated: an append is known by its lines.
_PATIENT = "/api/v2/objects"
# Held before anybody has asked whose it is, so not more than a round of appends takes.
_MAX_HELD_BYTES = 1 << 20
_PATIENCE_S, _PAUSE_S = 60.0, 0.25
_FILES = re.compile(r"/api/v3/tracks/[^/]+/files/")


def service_for(method: str, path: str) -> str:
    """Name the service that answers a request."""
    if path.startswith(("/api/v3/ingest/", "/api/v2/objects")) or (method == "PUT" and _FILES.match(path)):
        return "ingest-api"
    if path == "/tb" or path.startswith("/tb/"):
        return "tb-proxy"
    return "track-api"


class Gateway:
    """The ASGI application."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._streams: set[asyncio.Timeout] = set()
        # No read time-out: an upload or a long export ends when either side ends it. Idle connections end here before
        # the services end them.
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=5),
            # No upper limit: each open page holds one for its events.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=60),
            trust_env=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] == "websocket":
            # No service speaks it.
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        port = self._ports[service_for(scope["method"], scope["path"])]
        caller = scope["client"][0] if scope.get("client") else "unknown"
        headers = to_service(scope["headers"], client=caller, scheme=scope["scheme"])
        url = target_of(scope, f"http://127.0.0.1:{port}")

        def forward(*, is_told_of_loss: bool = False) -> Forward:
            return Forward(self._client, url, headers, answer_headers=end_to_end, is_told_of_loss=is_told_of_loss)

        if scope["path"] == _PATIENT and (size := _announced_bytes(scope)) is not None and size <= _MAX_HELD_BYTES:
            await self._until_taken(forward, scope, receive, send)
        else:
            await self._pass_on(forward(), scope, receive, send)

    async def _until_taken(self, forward: Callable[..., Forward], scope: Scope, receive: Receive, send: Send) -> None:
        """Hold a request while the service behind it starts anew, and ask again."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        else:
            return
        ends_at = asyncio.get_running_loop().time() + _PATIENCE_S
        while asyncio.get_running_loop().time() < ends_at:
            try:
                await self._pass_on(forward(is_told_of_loss=True), scope, _again(body, receive), send)
            except UnreachableError:
                await asyncio.sleep(_PAUSE_S)
            else:
                return
        await self._pass_on(forward(), scope, _again(body, receive), send)

    async def _pass_on(self, forward: Forward, scope: Scope, receive: Receive, send: Send) -> None:
        # An event stream never ends by itself: it has to be cut when the gateway stops.
        limit = asyncio.timeout(None)

        async def send_watched(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_event_stream(message):
                self._streams.add(limit)
            await send(message)

        try:
            async with limit:
                await forward(scope, receive, send_watched)
        except TimeoutError:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._streams.discard(limit)

    def end_streams(self) -> None:
        """End every event stream; the pages connect again when there is somebody to connect to."""
        for limit in self._streams:
            limit.reschedule(0)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await self._client.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def _announced_bytes(scope: Scope) -> int | None:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(text) if text.isdigit() else None


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a whole body, then whether the caller has left."""
    given = [body]

    async def next_message() -> Message:
        return {"type": "http.request", "body": given.pop(), "more_body": False} if given else await receive()

    return next_message


def _is_event_stream(start: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in start["headers"])


def main() -> None:
    """Serve until a signal."""
    names = ("gateway", "ingest-api", "track-api", "tb-proxy")
    ports = {name: int(os.environ[f"MLSTEAM_GATEWAY_{name.replace('-', '_').upper()}_PORT"]) for name in names}
    gateway = Gateway(ports)
    config = uvicorn.Config(
        gateway,
        host=os.environ.get("MLSTEAM_GATEWAY_HOST", "127.0.0.1"),
        port=ports["gateway"],
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )
    Server(config, gateway.end_streams).run()


if __name__ == "__main__":
    main()
