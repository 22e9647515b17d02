"""Run track-api (`python -m track_api`), or print its OpenAPI document (`python -m track_api openapi`)."""

from services.core.memory import reuse_memory
from services.web.serve import serve
from track_api.main import create_app
from track_api.settings import TrackApiSettings

if __name__ == "__main__":
    reuse_memory()
    serve(TrackApiSettings, create_app, lambda settings: (settings.track_api_host, settings.track_api_port))
