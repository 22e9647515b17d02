"""Put tb-proxy together."""

from functools import partial

from fastapi import FastAPI

from services.web.app import Edge, create_base_app
from tb_proxy.forward.peers import Peers
from tb_proxy.resources import open_resources
from tb_proxy.routes import proxied, static
from tb_proxy.settings import TbProxySettings
from tb_proxy.shortcut import data_shortcut


def create_app(settings: TbProxySettings) -> FastAPI:
    """Make the app; what it needs is opened when it starts."""
    edge = Edge("tb-proxy", "MLSteam Track: TensorBoard", access_cache_s=settings.tb_proxy_access_cache_s)
    app = create_base_app(edge, partial(open_resources, settings), innermost=data_shortcut)
    app.include_router(static.router)
    app.include_router(proxied.router)
    app.add_middleware(proxied.ReadsByPost)
    if settings.tb_proxy_peers:
        app.add_middleware(
            Peers, name=settings.tb_proxy_peers, own=settings.tb_proxy_address, port=settings.tb_proxy_port
        )
    return app
