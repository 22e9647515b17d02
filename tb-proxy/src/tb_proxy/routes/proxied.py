"""/tb/{track_id}/...: every request of TensorBoard's page, passed to the TensorBoard of the track.

Guarantees that each single request was authorised for its track, and that the process is told of no other.
"""

from uuid import UUID

import httpx2
from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.errors import ServiceError
from services.web.auth import REQUEST_HEADER, ReadableTrack
from services.web.problem import problem_response
from tb_proxy.forward.headers import from_tensorboard, to_tensorboard
from tb_proxy.forward.http import Forward
from tb_proxy.processes.registry import Registry

router = APIRouter()


class ReadsByPost:
    """The ASGI layer that vouches for TensorBoard's POSTs, which only read and cannot carry our header.

    A page of another site can send such a request, but neither change anything by it nor see the answer; what a browser
    marks as coming from another site is refused all the same.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the header that authentication asks for."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/tb/"):
            scope = {**scope, "headers": [*scope["headers"], (REQUEST_HEADER.encode(), b"1")]}
        await self._app(scope, receive, send)


class FromTensorboard(Response):
    """The answer of a track's TensorBoard, which is kept from being reaped until it has answered."""

    def __init__(self, registry: Registry, track_id: UUID, request_id: str) -> None:
        super().__init__()
        self._registry = registry
        self._track_id = track_id
        self._request_id = request_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fetch the answer while it is sent."""
        try:
            async with self._registry.use(self._track_id) as child:
                forward = Forward(
                    child.client,
                    self._target(scope),
                    to_tensorboard(scope["headers"]),
                    answer_headers=from_tensorboard,
                )
                await forward(scope, receive, send)
        except ServiceError as error:
            # Raised by use() only, so before anything was answered.
            await problem_response(error, self._request_id)(scope, receive, send)

    def _target(self, scope: Scope) -> httpx2.URL:
        # The id as the process knows it: the caller may have written it in capitals or without hyphens.
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        rest = raw.split(b"/", 3)[3]
        query: bytes = scope["query_string"]
        path = f"/tb/{self._track_id}/".encode() + rest + (b"?" + query if query else b"")
        return httpx2.URL("http://tensorboard").copy_with(raw_path=path)


@router.get("/tb/{track_id}", include_in_schema=False)
async def add_slash(access: ReadableTrack) -> RedirectResponse:
    """Send a browser to the address with a slash: without it every relative address of the page is wrong."""
    return RedirectResponse(f"/tb/{access.track_id}/", status_code=308)


@router.api_route("/tb/{track_id}/{path:path}", methods=["GET", "HEAD", "POST"], include_in_schema=False)
async def pass_on(request: Request, access: ReadableTrack) -> FromTensorboard:
    """Pass a request on."""
    registry: Registry = request.app.state.resources.registry
    return FromTensorboard(registry, access.track_id, request.state.request_id)
