"""/tb/{tracks}/...: TensorBoard's page, its files, and what shortcut.py does not take.

`tracks` is one id, or several with commas between: they are runs of one TensorBoard.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.errors import ServiceError
from services.web.auth import REQUEST_HEADER, current_principal
from tb_proxy.page.bundle import PAGE_POLICY, Bundle
from tb_proxy.page.trouble import trouble_page, wants_page
from tb_proxy.processes.spawner import BoardId, prefix_of
from tb_proxy.routes.board import FromTensorboard, readable_board
from tb_proxy.routes.static import asset_response, kept_for_ever

router = APIRouter()

_PAGE_NAMES = frozenset({"", "index.html"})
_CACHE = "no-cache, private"
_PROJECTOR_PAGE = "data/plugin/projector/projector_binary.html"
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


ReadableBoard = Annotated[BoardId, Depends(readable_board)]


@router.api_route("/tb/{tracks}", methods=["GET", "HEAD"], include_in_schema=False)
async def add_slash(board_id: ReadableBoard) -> RedirectResponse:
    """Send a browser to the address with a slash: without it every relative address of the page is wrong."""
    return RedirectResponse(f"{prefix_of(board_id)}/", status_code=308)


@router.get("/tb/{tracks}/room", include_in_schema=False)
async def get_room(request: Request, board_id: ReadableBoard) -> Response:
    """Say whether the page of a track may load its TensorBoard before it is asked for."""
    has_room = request.app.state.resources.registry.has_room(board_id)
    return JSONResponse({"has_room": has_room}, headers={"cache-control": "no-store"})


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
    return asset_response(request, bundle.page, _CACHE, content_security_policy=PAGE_POLICY)


@router.api_route("/tb/{tracks}/{path:path}", methods=["GET", "HEAD", "POST"], include_in_schema=False)
async def pass_on(request: Request, board_id: ReadableBoard, path: str) -> Response:
    """Serve the page and its files, and pass everything else on."""
    resources = request.app.state.resources
    is_read = request.method != "POST"
    if is_read and path in _PAGE_NAMES:
        return await _page(request, board_id)
    if is_read and path == _PROJECTOR_PAGE:
        page = resources.bundle.projector_page
        return asset_response(request, page, _CACHE, content_security_policy=PAGE_POLICY)
    if is_read and (asset := resources.bundle.find(path)) is not None:
        # Workers are named relative to the page.
        return kept_for_ever(request, asset)
    if path.rstrip("/") in _LEGACY:
        return RedirectResponse(f"{prefix_of(board_id)}/", status_code=308)
    # Held, so that it can be sent once more; what is too large was refused before.
    body = await request.body() if not is_read else b""
    return FromTensorboard(request, board_id, body)
