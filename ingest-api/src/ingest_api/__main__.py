"""Run ingest-api (`python -m ingest_api`), or print its OpenAPI document (`python -m ingest_api openapi`)."""

from ingest_api.main import create_app
from ingest_api.settings import IngestApiSettings
from services.web.serve import serve

if __name__ == "__main__":
    serve(IngestApiSettings, create_app, lambda settings: (settings.host, settings.port))
