"""Every address of every service refuses a stranger, except those on a list that somebody has read."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from support.apps import Apps

from ingest_api.main import create_app as create_ingest_api
from ingest_api.settings import IngestApiSettings
from tb_proxy.main import create_app as create_tb_proxy
from tb_proxy.settings import TbProxySettings
from track_api.main import create_app as create_track_api
from track_api.settings import TrackApiSettings

PROBES = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
PUBLIC = {
    "track_api": PROBES
    | {
        ("GET", "/api/v3/config"),  # what a client must know before it can sign in
        ("POST", "/api/v3/session"),  # signing in
        ("POST", "/api/v3/session/link"),
        ("GET", "/api/openapi.json"),  # describes the API, holds no data
        ("GET", "/{path:path}"),  # the page's own files; what they load asks for the cookie
    },
    "ingest_api": PROBES,
    "tb_proxy": PROBES,
}
_UUID = "00000000-0000-7000-8000-000000000000"


def _routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(app.routes):
        assert route.methods, f"{route.path} is not a plain route: extend this test before adding it"
        for method in set(route.methods) - {"HEAD", "OPTIONS"}:
            yield method, str(route.path)


def _address(path: str) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: _UUID if m[1].endswith("_id") else "x", path)


@pytest.mark.parametrize("name", PUBLIC)
async def test_strangers_are_refused(name: str, service_environment: dict[str, str], apps: Apps) -> None:
    app: FastAPI = {
        "track_api": lambda: create_track_api(TrackApiSettings()),
        "ingest_api": lambda: create_ingest_api(IngestApiSettings()),
        "tb_proxy": lambda: create_tb_proxy(TbProxySettings()),
    }[name]()
    app.state.database = apps.database
    routes = set(_routes(app))
    assert routes >= PUBLIC[name], "the list names an address that is gone"
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as stranger:
        for method, path in sorted(routes - PUBLIC[name]):
            for headers in ({}, {"authorization": "Bearer a.b.c"}, {"cookie": "mlsteam_session=guess"}):
                if "cookie" in headers:
                    headers["x-mlsteam-request"] = "1"
                answer = await stranger.request(method, _address(path), headers=headers, content=b"garbage")
                assert answer.status_code == 401, (method, path, headers, answer.status_code)
