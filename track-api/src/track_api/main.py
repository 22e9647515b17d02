"""create_app: track-api from its settings. The only way to get the app, also in tests."""

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse

from services.web.app import Edge, create_base_app
from services.web.auth import is_probe
from track_api.attempts import Attempts
from track_api.resources import open_resources
from track_api.routes import (
    archives,
    config,
    console,
    events,
    files,
    folders,
    jobs,
    labs,
    members,
    overlay,
    page,
    pipelines,
    projects,
    published,
    runs,
    secrets,
    series,
    sessions,
    submissions,
    tokens,
    tracks,
    trash,
    users,
    views,
    writers,
)
from track_api.settings import TrackApiSettings

_MODULES = (
    config, sessions, tokens, users, projects, members, views, trash, tracks, folders, series, overlay, console, files,
    events, writers, jobs, labs, submissions, archives, pipelines, runs, secrets,
)  # fmt: skip
# Everything else asks who you are. The page itself holds no data; what it loads asks for the cookie.
PUBLIC = frozenset(
    {
        ("GET", "/api/v3/config"),
        ("POST", "/api/v3/session"),
        ("POST", "/api/v3/session/link"),
        ("GET", "/api/openapi.json"),
    }
)


def is_public(method: str, path: str) -> bool:
    """Say whether a stranger may call an address."""
    is_page = method in {"GET", "HEAD"} and not path.startswith(("/api", "/tb"))
    return is_page or (method, path) in PUBLIC or is_probe(method, path)


def is_streamed(method: str, path: str) -> bool:
    """Say whether a body is read while it arrives."""
    return method == "POST" and path.startswith("/api/v3/projects/") and path.endswith("/archives")


def create_app(settings: TrackApiSettings) -> FastAPI:
    """Make the app."""
    edge = Edge(
        "track-api",
        "MLSteam Track: reading and control",
        is_public=is_public,
        is_streamed=is_streamed,
        access_cache_s=settings.track_api_access_cache_s,
    )
    app = create_base_app(edge, lambda: open_resources(settings))
    app.state.attempts = Attempts()

    def end_streams() -> None:
        app.state.resources.hub.close()

    app.state.end_streams = end_streams
    api = APIRouter(prefix="/api/v3")
    for module in _MODULES:
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(published.router)

    @app.get("/api/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        """Answer with the OpenAPI document of this service."""
        return JSONResponse(app.openapi())

    app.include_router(page.router)
    return app
