"""Run a service from the command line: settings, logs, server; or print its OpenAPI document.

Called by `__main__` of each app. Guarantees that all services start, log and drain alike.
"""

import json
import sys
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from services.core.settings import ServiceSettings, load_settings
from services.core.telemetry import configure_logs
from services.web.server import KEEP_ALIVE_S, Server

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def serve(
    settings_class: type[SettingsT],
    create_app: Callable[[SettingsT], FastAPI],
    listen_on: Callable[[SettingsT], tuple[str, int]],
    *,
    drain_s: int = 25,
) -> None:
    """Serve until a signal comes, then let requests finish for `drain_s`; the argument `openapi` prints and ends."""
    if sys.argv[1:] == ["openapi"]:
        document = create_app(settings_class.model_construct()).openapi()
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if sys.argv[1:]:
        sys.exit(f"usage: python -m {settings_class.__module__.partition('.')[0]} [openapi]")
    settings = load_settings(settings_class)
    configure_logs(settings.log_level, settings.log_format)
    host, port = listen_on(settings)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=drain_s,
    )

    def end_streams() -> None:
        # Looked up when it is needed: what it ends is opened when the app starts.
        app.state.end_streams()

    Server(config, end_streams).run()
