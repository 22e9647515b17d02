"""Pass one HTTP request on and stream the answer back, without looking into either.

Called by the local gateway and by peers.py. Guarantees that bodies are never held in memory as a whole, that a
caller who leaves ends the request behind it, and that an answer that breaks off is not taken for a complete one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2
import structlog
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from tb_proxy.forward.headers import RawHeaders

log = structlog.get_logger()

_MAY_REPEAT = frozenset({"GET", "HEAD"})
# A connection that the server has just closed for being idle fails like this although the server is well.
_STALE = (httpx2.ConnectError, httpx2.RemoteProtocolError, httpx2.ReadError)


class AnswerBrokeOffError(Exception):
    """The server ended in the middle of its answer; raised so that the web server ends the caller's connection too."""


class UnreachableError(Exception):
    """The server could not be asked, or ended before it answered; raised only where the caller wants to do without."""


def target_of(scope: Scope, base: str) -> httpx2.URL:
    """Return the address of a request on another server: the raw path and query, so that %2F stays %2F."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return httpx2.URL(base).copy_with(raw_path=path + (b"?" + query if query else b""))


class Forward(Response):
    """An answer that is fetched from another server while it is sent."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        url: httpx2.URL,
        headers: RawHeaders,
        *,
        answer_headers: Callable[[RawHeaders], RawHeaders],
        is_told_of_loss: bool = False,
    ) -> None:
        super().__init__()
        self._client = client
        self._url = url
        self._sent = headers
        self._answer_headers = answer_headers
        self._is_told_of_loss = is_told_of_loss

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Raises: AnswerBrokeOffError; UnreachableError where it was asked for."""
        body_ended = asyncio.Event()
        relay = asyncio.create_task(self._relay(scope, receive, send, body_ended))
        watch = asyncio.create_task(_until_caller_left(receive, body_ended))
        try:
            await asyncio.wait({relay, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (relay, watch):
                if not task.done():
                    task.cancel()
            results = await asyncio.gather(relay, watch, return_exceptions=True)
        failure = results[0]
        if isinstance(failure, Exception):
            raise failure

    async def _relay(self, scope: Scope, receive: Receive, send: Send, body_ended: asyncio.Event) -> None:
        names = {name.lower() for name, _ in self._sent}
        has_body = b"content-length" in names or any(
            name.lower() == b"transfer-encoding" for name, _ in scope["headers"]
        )
        if not has_body:
            body_ended.set()
        try:
            answer = await self._ask(scope["method"], _body(receive, body_ended) if has_body else None)
        except (httpx2.ConnectTimeout, httpx2.NetworkError, httpx2.ProtocolError) as error:
            if self._is_told_of_loss:
                raise UnreachableError(type(error).__name__) from error
            log.warning("upstream_unreachable", upstream=self._url.host, error=type(error).__name__)
            await _refuse(503, "upstream_unreachable", "The service behind this address does not answer; try again.")(
                scope, receive, send
            )
            return
        except httpx2.TimeoutException:
            await _refuse(504, "upstream_timeout", "The service behind this address did not answer in time.")(
                scope, receive, send
            )
            return
        try:
            await self._send_answer(answer, send)
        finally:
            await answer.aclose()

    async def _ask(self, method: str, body: AsyncIterator[bytes] | None) -> httpx2.Response:
        # A Request of our own making, because the client's would add headers that the caller did not send.
        def request() -> httpx2.Request:
            return httpx2.Request(method, self._url, headers=self._sent, content=body)

        try:
            return await self._client.send(request(), stream=True)
        except _STALE:
            if method not in _MAY_REPEAT or body is not None:
                raise
            return await self._client.send(request(), stream=True)

    async def _send_answer(self, answer: httpx2.Response, send: Send) -> None:
        headers = [(name.lower(), value) for name, value in self._answer_headers(answer.headers.raw)]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        try:
            async for chunk in answer.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except httpx2.TransportError as error:
            raise AnswerBrokeOffError(type(error).__name__) from error
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(receive: Receive, ended: asyncio.Event) -> AsyncIterator[bytes]:
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            # Ending the iteration here would make half a body look whole.
            raise httpx2.WriteError("the caller left")
        if chunk := message.get("body", b""):
            yield chunk
        if not message.get("more_body", False):
            ended.set()
            return


async def _until_caller_left(receive: Receive, body_ended: asyncio.Event) -> None:
    await body_ended.wait()
    while (await receive())["type"] != "http.disconnect":
        pass


def _refuse(status: int, code: str, detail: str) -> JSONResponse:
    # The one form of all error answers, written here because the gateway has no app of ours around it.
    body = {"error": code, "detail": detail, "context": {}, "request_id": ""}
    return JSONResponse(body, status_code=status, headers={"Retry-After": "1"})
