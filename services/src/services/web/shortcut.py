"""The way of the busiest requests around the framework: its router and its dependencies cost more than they do.

An ASGI layer behind authentication, put in as `innermost`. Guarantees that an answer raised as ServiceError looks as
the framework's would; what else has to be as on the route of the same address is up to the `answer` that is given.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from types import SimpleNamespace

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.core.errors import ServiceError
from services.web.problem import problem_response


class Shortcut:
    """Answers requests whose path matches; everything else goes on to the framework.

    So does a request for which `answer` returns None; it must not have read any of the body then.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        methods: Collection[str],
        path: re.Pattern[str],
        route: str,
        answer: Callable[[Request, re.Match[str]], Awaitable[Response | None]],
    ) -> None:
        self._app, self._methods, self._path, self._answer = app, frozenset(methods), path, answer
        # What metrics call it.
        self._route = SimpleNamespace(path=route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        is_mine = scope["type"] == "http" and scope["method"] in self._methods
        found = self._path.fullmatch(scope["path"]) if is_mine else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = self._route
        try:
            response: Response | None = await self._answer(Request(scope, receive), found)
        except ServiceError as error:
            response = problem_response(error, scope["state"].get("request_id", ""))
        await (response or self._app)(scope, receive, send)
