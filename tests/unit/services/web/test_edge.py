"""The edge of every service, in process: strangers, cross-site requests, request ids, errors, body limits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from prometheus_client import REGISTRY
from pydantic import BaseModel
from starlette.types import Message

from services.core.errors import TrackNotFound, WriteQueueFull
from services.web.app import Edge, create_base_app
from services.web.auth import CurrentPrincipal, is_probe

_EDGE = Edge("test", "Test", is_public=lambda m, p: is_probe(m, p) or p.startswith("/public"), max_body_bytes=100)


class _Body(BaseModel):
    number: int


@pytest.fixture
def app() -> FastAPI:
    @asynccontextmanager
    async def resources() -> AsyncIterator[Any]:
        yield SimpleNamespace(database=None, supervisor=None)

    app = create_base_app(_EDGE, resources)

    @app.get("/public/missing")
    async def missing() -> None:
        raise TrackNotFound(track_id="x")

    @app.get("/public/full")
    async def full() -> None:
        raise WriteQueueFull(retry_after_s=3)

    @app.get("/public/bug")
    async def bug() -> None:
        raise ZeroDivisionError

    @app.get("/public/me")
    async def me(principal: CurrentPrincipal) -> str:
        return principal.name

    @app.post("/public/body")
    async def body(body: _Body) -> int:
        return body.number

    @app.post("/public/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/private")
    async def private(body: _Body) -> int:
        return body.number

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as opened,
    ):
        yield opened


async def test_a_stranger_is_refused_before_anything_is_read(client: httpx2.AsyncClient) -> None:
    for path in ("/private", "/no/such", "/metrics/x", "/openapi.json", "/docs"):
        answer = await client.post(path, content=b"not json")
        assert answer.status_code == 401, path
        assert answer.json()["error"] == "unauthenticated"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await client.get("/public/me")).status_code == 401


async def test_a_cookie_alone_changes_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/private", json={"number": 1}, headers={"cookie": "mlsteam_session=x"})
    assert answer.status_code == 403
    assert answer.json()["error"] == "cross_site_request"
    evil = {"cookie": "mlsteam_session=x", "x-mlsteam-request": "1", "sec-fetch-site": "cross-site"}
    assert (await client.post("/private", json={"number": 1}, headers=evil)).status_code == 403


async def test_errors_have_one_form(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/public/missing", headers={"x-request-id": "abc-1"})
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "track_not_found",
        "detail": "There is no such track, or you may not see it.",
        "context": {"track_id": "x"},
        "request_id": "abc-1",
    }
    assert answer.headers["x-request-id"] == "abc-1"
    full = await client.get("/public/full")
    assert (full.status_code, full.headers["retry-after"]) == (429, "3")
    bug = await client.get("/public/bug")
    assert (bug.status_code, bug.json()["error"]) == (500, "internal_error")
    assert "ZeroDivision" not in bug.text
    nowhere = await client.get("/public/nowhere")
    assert (nowhere.status_code, nowhere.json()["error"]) == (404, "no_such_address")


async def test_a_forged_request_id_is_replaced(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/public/missing", headers={"x-request-id": "a b<script>"})
    assert answer.headers["x-request-id"] != "a b<script>"


async def test_bad_bodies_are_named(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/public/body", json={"number": "many"})
    assert answer.status_code == 422
    assert answer.json()["context"]["problems"][0]["field"] == "body.number"
    assert "many" not in answer.text


async def test_large_bodies_are_refused_also_without_a_length(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/public/body", content=b"x" * 101)).status_code == 413

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 10

    answer = await client.post("/public/body", content=stream(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_probes_are_open(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok", "loops": []}
    assert "mlsteam_requests_total" in (await client.get("/metrics")).text


async def test_a_caller_who_leaves_is_not_our_failure(app: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    labels = {"service": "test", "method": "POST", "status": "499"}
    before = REGISTRY.get_sample_value("mlsteam_requests_total", labels) or 0
    scope = {"type": "http", "method": "POST", "path": "/public/raw", "query_string": b"", "headers": []}
    await app(scope, receive, send)
    assert sent == []
    assert REGISTRY.get_sample_value("mlsteam_requests_total", labels) == before + 1
