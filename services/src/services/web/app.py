"""The base of every service: request ids, error answers, probes, metrics, authentication, lifespan.

Called by create_app of each app. Guarantees that all services behave alike at their edges.
"""

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.core.errors import ServiceError, TooLarge
from services.core.ids import new_id
from services.core.supervise import Supervisor
from services.core.telemetry import REQUEST_SECONDS, REQUESTS
from services.storage.database import Database
from services.web.auth import AccessCache, Authentication, IsPublic, is_probe
from services.web.problem import add_error_answers, problem_response

log = structlog.get_logger()

# Of a caller who left before his request was whole; nobody gets it, but metrics would blame us otherwise.
_CALLER_LEFT = 499
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Resources(Protocol):
    """What every app's resources hold at least."""

    @property
    def database(self) -> Database:
        """The database."""
        ...

    @property
    def supervisor(self) -> Supervisor | None:
        """Its loops, if it runs any."""
        ...


@dataclass(frozen=True, slots=True)
class Edge:
    """How a service meets the outside; `name` labels its metrics."""

    name: str
    title: str
    is_public: IsPublic = is_probe
    access_cache_s: float = 0.0
    max_body_bytes: int | None = 1 << 20
    # Addresses whose bodies are streamed, and bounded by what reads them.
    is_streamed: IsPublic = lambda _method, _path: False


class RequestContext:
    """The outermost ASGI layer: gives a request its id, bounds its body, counts it, logs its failure."""

    def __init__(self, app: ASGIApp, *, edge: Edge) -> None:
        self._app = app
        self._edge = edge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with an id, and count how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        started = time.perf_counter()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                extra = [pair for pair in _SECURITY_HEADERS if pair[0] not in present]
                message["headers"] = [*message["headers"], *extra, (b"x-request-id", request_id.encode())]
            await send(message)

        is_streamed = self._edge.is_streamed(scope["method"], scope["path"])
        limit = None if is_streamed else self._edge.max_body_bytes
        try:
            # Never unbound: every request runs in a context of its own, which ends with it.
            structlog.contextvars.bind_contextvars(request_id=request_id)
            length = headers.get(b"content-length", b"0")
            if limit is not None and length.isdigit() and int(length) > limit:
                error: ServiceError = TooLarge(f"The body is larger than {limit} bytes.", limit_bytes=limit)
                await problem_response(error, request_id)(scope, receive, send_marked)
                return
            await self._app(scope, _bounded(receive, limit), send_marked)
        except ClientDisconnect:
            status = _CALLER_LEFT
        finally:
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(self._edge.name, scope["method"], str(status)).inc()
            REQUEST_SECONDS.labels(self._edge.name, route).observe(time.perf_counter() - started)


def _bounded(receive: Receive, limit: int | None) -> Receive:
    # Content-Length may be absent or a lie; what really arrives is what counts.
    if limit is None:
        return receive
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, f"The body is larger than {limit} bytes.")
        return message

    return receive_bounded


def _add_probes(app: FastAPI) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        """Say that the process is alive and its loops run."""
        supervisor: Supervisor | None = app.state.resources.supervisor
        broken = supervisor.unhealthy_loops() if supervisor else []
        return JSONResponse({"status": "failing" if broken else "ok", "loops": broken}, 503 if broken else 200)

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        """Say whether requests can be served: the database answers and has our tables."""
        async with app.state.database.read() as session:
            await session.execute(text("SELECT version_num FROM alembic_version"))
        return JSONResponse({"status": "ok"})

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Answer with the counters of this process in Prometheus' text form."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def create_base_app(
    edge: Edge,
    open_resources: Callable[[], AbstractAsyncContextManager[Resources]],
    *,
    version: str = "1.0.0",
    innermost: Callable[[ASGIApp], ASGIApp] | None = None,
    **fastapi_options: Any,
) -> FastAPI:
    """Make an app that has everything but its routes.

    `innermost` is an ASGI layer behind authentication. While the app runs, `app.state.resources` holds what
    `open_resources` yielded, `app.state.database` its database.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources() as resources:
            app.state.resources = resources
            app.state.database = resources.database
            log.info("service_started", service=edge.name)
            yield
        log.info("service_stopped", service=edge.name)

    app = FastAPI(
        title=edge.title,
        version=version,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # It would look for a collector in the environment with every request, an eighth of what a batch costs.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        **fastapi_options,
    )
    # An app with answers that never end by themselves puts in its own.
    app.state.end_streams = lambda: None
    app.state.access_cache = AccessCache(edge.access_cache_s)
    add_error_answers(app)
    _add_probes(app)
    if innermost is not None:
        app.add_middleware(innermost)
    app.add_middleware(
        Authentication,
        database=lambda: app.state.database,
        is_public=edge.is_public,
        cache=app.state.access_cache,
    )
    app.add_middleware(RequestContext, edge=edge)
    return app
