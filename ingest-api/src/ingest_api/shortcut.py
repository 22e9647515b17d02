"""The way of a batch around the framework: its router and its dependencies cost more than the batch itself.

An ASGI layer behind authentication. Guarantees the same answers as the route of the same address, which stays for the
OpenAPI document: both run `post_batch`.
"""

import re
from types import SimpleNamespace
from uuid import UUID

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest_api.routes.batches import post_batch
from services.accounts.access import Right
from services.core.errors import ServiceError
from services.web.auth import check_access
from services.web.problem import problem_response

_PATH = re.compile(r"/api/v3/ingest/tracks/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/batches")
# What metrics call it.
_ROUTE = SimpleNamespace(path="/api/v3/ingest/tracks/{track_id}/batches")


class Shortcut:
    """Takes batches; everything else goes on to the framework."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a batch, or pass a request on."""
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        request = Request(scope, receive)
        try:
            access = await check_access(request, UUID(found[1]), Right.WRITE)
            response = await post_batch(request, access, request.app.state.resources)
        except ServiceError as error:
            response = problem_response(error, scope["state"].get("request_id", ""))
        await response(scope, receive, send)
