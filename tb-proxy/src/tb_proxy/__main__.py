"""Run tb-proxy: `python -m tb_proxy`."""

import uvicorn

from services.core.settings import load_settings
from services.core.telemetry import configure_logs
from tb_proxy.main import create_app
from tb_proxy.settings import TbProxySettings


def main() -> None:
    """Run from the command line."""
    settings = load_settings(TbProxySettings)
    configure_logs(settings.log_level, settings.log_format)
    uvicorn.run(
        create_app(settings),
        host=settings.tb_proxy_host,
        port=settings.tb_proxy_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
