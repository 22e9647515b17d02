"""The way of TensorBoard's data around the framework: its router and its dependencies cost more than passing on.

An ASGI layer behind authentication. Guarantees the same checks as the route of the same address: both call
`readable_board`, and both answer by `FromTensorboard`.
"""

import re
from types import SimpleNamespace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.errors import ServiceError, TooLarge
from services.web.problem import problem_response
from tb_proxy.routes.board import FromTensorboard, readable_board

_DATA = re.compile(r"/tb/([0-9A-Fa-f,-]+)/data/.*", re.DOTALL)
_METHODS = frozenset({"GET", "HEAD", "POST"})
# What metrics call it.
_ROUTE = SimpleNamespace(path="/tb/{tracks}/data")


class Shortcut:
    """Passes data on; everything else goes to the framework."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for data, or pass it to the framework."""
        is_mine = scope["type"] == "http" and scope["method"] in _METHODS
        found = _DATA.fullmatch(scope["path"]) if is_mine else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        response = await _answer(Request(scope, receive), found[1])
        await response(scope, receive, send)


async def _answer(request: Request, tracks: str) -> Response:
    try:
        board_id = await readable_board(request, tracks)
        # Held, so that it can be sent once more; its size is bounded by the layers around.
        body = await request.body() if request.method == "POST" else b""
    except HTTPException as error:
        # Only the layer that bounds bodies raises it here.
        return problem_response(TooLarge(str(error.detail)), request.scope["state"].get("request_id", ""))
    except ServiceError as error:
        return problem_response(error, request.scope["state"].get("request_id", ""))
    return FromTensorboard(request, board_id, body)
