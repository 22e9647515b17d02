"""`python -m track_api` serves; `python -m track_api openapi` prints the OpenAPI document."""

import json
import sys

import uvicorn

from services.core.settings import load_settings
from services.core.telemetry import configure_logs
from track_api.main import create_app
from track_api.settings import TrackApiSettings


def main() -> None:
    """Run from the command line."""
    if sys.argv[1:] == ["openapi"]:
        app = create_app(TrackApiSettings.model_construct())
        sys.stdout.write(json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n")
        return
    settings = load_settings(TrackApiSettings)
    configure_logs(settings.log_level, settings.log_format)
    uvicorn.run(
        create_app(settings),
        host=settings.track_api_host,
        port=settings.track_api_port,
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
