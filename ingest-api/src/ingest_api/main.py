"""Put ingest-api together."""

from functools import partial

from fastapi import FastAPI

from ingest_api.body import SmallBodies
from ingest_api.resources import open_resources
from ingest_api.routes import batches, files, published, tracks
from ingest_api.settings import IngestApiSettings
from ingest_api.shortcut import shortcuts
from services.web.app import Edge, create_base_app


def create_app(settings: IngestApiSettings) -> FastAPI:
    """Make the app; what it needs is opened when it starts."""
    edge = Edge("ingest-api", "MLSteam Track: ingest", access_cache_s=settings.access_cache_s, max_body_bytes=None)
    app = create_base_app(edge, partial(open_resources, settings), innermost=shortcuts)
    for routes in (batches, tracks, files, published):
        app.include_router(routes.router)
    app.add_middleware(SmallBodies)
    return app
