"""/tb/{tracks}/...: every request of TensorBoard's page, passed to the TensorBoard of these tracks.

`tracks` is one id, or several with commas between: they are runs of one TensorBoard. Guarantees that each single
request was authorised for each of its tracks, and that the process is told of no other.
"""

from typing import Annotated
from uuid import UUID

import httpx2
from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.accounts.access import Right
from services.core.errors import BadQuery, NotFound, ServiceError, TensorboardNotReady
from services.tensorboard.runs import MAX_RUNS
from services.web.auth import REQUEST_HEADER, check_access, current_principal
from services.web.problem import problem_response
from tb_proxy.forward.headers import from_tensorboard, to_tensorboard
from tb_proxy.forward.http import Forward, UnreachableError
from tb_proxy.page.bundle import PAGE_POLICY, Bundle
from tb_proxy.page.trouble import trouble_page, wants_page
from tb_proxy.processes.registry import Registry
from tb_proxy.processes.spawner import BoardId, prefix_of
from tb_proxy.routes.static import asset_response, kept_for_ever

router = APIRouter()

_PAGE_NAMES = frozenset({"", "index.html"})
# TensorBoard answers these by a redirect to the root, which is another page here.
_LEGACY = frozenset({"events", "graphs", "images", "audio", "histograms", "distributions", "projector", "text"})


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


async def _readable_board(request: Request, tracks: str) -> BoardId:
    words = tracks.split(",")
    if len(words) > MAX_RUNS:
        raise BadQuery(f"At most {MAX_RUNS} tracks fit in one TensorBoard; these are {len(words)}.")
    try:
        board_id = tuple(dict.fromkeys(UUID(word) for word in words))
    except ValueError:
        raise NotFound("There is no such TensorBoard: its address holds the ids of tracks.") from None
    registry: Registry = request.app.state.resources.registry
    for track_id in board_id:
        try:
            await check_access(request, track_id, Right.READ)
        except ServiceError:
            await registry.leave(board_id, current_principal(request).user_id)
            raise
    return board_id


ReadableBoard = Annotated[BoardId, Depends(_readable_board)]


class FromTensorboard(Response):
    """The answer of a TensorBoard, which is kept from being reaped until it has answered."""

    def __init__(self, registry: Registry, board_id: BoardId, request: Request, body: bytes) -> None:
        super().__init__()
        self._registry = registry
        self._board_id = board_id
        self._user_id = current_principal(request).user_id
        self._request_id = request.state.request_id
        self._body_sent = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fetch the answer while it is sent; where the process has ended, once more from another."""
        try:
            try:
                await self._pass_on(scope, receive, send)
            except UnreachableError:
                await self._pass_on(scope, receive, send)
        except UnreachableError:
            error = TensorboardNotReady("TensorBoard ended while it answered; try again.", retry_after_s=5)
            await problem_response(error, self._request_id)(scope, receive, send)
        except ServiceError as error:
            # Raised by use() only, so before anything was answered.
            await problem_response(error, self._request_id)(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._registry.use(self._board_id, self._user_id) as child:
            forward = Forward(
                child.client, self._target(scope), to_tensorboard(scope["headers"]), answer_headers=from_tensorboard,
                is_told_of_loss=True,
            )  # fmt: skip
            try:
                await forward(scope, _again(self._body_sent, receive), send)
            except UnreachableError:
                await self._registry.replace(self._board_id, child)
                raise

    def _target(self, scope: Scope) -> httpx2.URL:
        # The ids as the process knows them: the caller may have written them in capitals or without hyphens.
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        rest = raw.split(b"/", 3)[3]
        query: bytes = scope["query_string"]
        path = f"{prefix_of(self._board_id)}/".encode() + rest + (b"?" + query if query else b"")
        return httpx2.URL("http://tensorboard").copy_with(raw_path=path)


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a body that was read already, then whatever comes."""
    is_given = False

    async def give() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


@router.api_route("/tb/{tracks}", methods=["GET", "HEAD"], include_in_schema=False)
async def add_slash(board_id: ReadableBoard) -> RedirectResponse:
    """Send a browser to the address with a slash: without it every relative address of the page is wrong."""
    return RedirectResponse(f"{prefix_of(board_id)}/", status_code=308)


async def _page(request: Request, board_id: BoardId) -> Response:
    """Return the page, once its process can be asked: a fork takes less time than the page's scripts."""
    resources = request.app.state.resources
    try:
        async with resources.registry.use(board_id, current_principal(request).user_id):
            pass
    except ServiceError as error:
        if not wants_page(request.headers.get("accept", "")):
            raise
        return trouble_page(error, request.headers.get("accept-language", ""))
    bundle: Bundle = resources.bundle
    return asset_response(request, bundle.page, "no-cache, private", content_security_policy=PAGE_POLICY)


@router.api_route("/tb/{tracks}/{path:path}", methods=["GET", "HEAD", "POST"], include_in_schema=False)
async def pass_on(request: Request, board_id: ReadableBoard, path: str) -> Response:
    """Serve the page and its files, and pass everything else on."""
    resources = request.app.state.resources
    is_read = request.method != "POST"
    if is_read and path in _PAGE_NAMES:
        return await _page(request, board_id)
    if is_read and (asset := resources.bundle.find(path)) is not None:
        # Workers are named relative to the page.
        return kept_for_ever(request, asset)
    if path.rstrip("/") in _LEGACY:
        return RedirectResponse(f"{prefix_of(board_id)}/", status_code=308)
    # Held, so that it can be sent once more; what is too large was refused before.
    body = await request.body() if not is_read else b""
    return FromTensorboard(resources.registry, board_id, request, body)
