"""Run ingest-api (`python -m ingest_api`), or print its OpenAPI document (`python -m ingest_api openapi`)."""

import json
import sys

import uvicorn
from pydantic import SecretStr

from ingest_api.main import create_app
from ingest_api.settings import IngestApiSettings
from services.core.settings import load_settings
from services.core.telemetry import configure_logs


def main() -> None:
    """Run from the command line."""
    if sys.argv[1:] == ["openapi"]:
        document = create_app(IngestApiSettings(database_url=SecretStr("postgresql://unused"))).openapi()
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if sys.argv[1:]:
        sys.exit("usage: python -m ingest_api [openapi]")
    settings = load_settings(IngestApiSettings)
    configure_logs(settings.log_level, settings.log_format)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=25,
    )


if __name__ == "__main__":
    main()
