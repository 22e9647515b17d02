"""The apps in this process over ASGI, with a signed-in caller, on one database and one blob store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2
from fastapi import FastAPI

from ingest_api.main import create_app as create_ingest_api
from ingest_api.settings import IngestApiSettings
from services.accounts.access import Principal
from services.accounts.actions import ensure_administrator
from services.accounts.store import insert_link
from services.accounts.tokens import issue_token
from services.storage.database import Database
from track_api.main import create_app as create_track_api
from track_api.settings import TrackApiSettings

ADDRESS = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Apps:
    """Both apps, opened, and ways to call them."""

    database: Database
    principal: Principal
    token: str
    track_api: FastAPI
    ingest_api: FastAPI
    reader: httpx2.AsyncClient
    writer: httpx2.AsyncClient

    def stranger(self, app: FastAPI | None = None, **options: object) -> httpx2.AsyncClient:
        """Return a caller whom nobody knows."""
        return caller(app or self.track_api, **options)


def caller(app: FastAPI, token: str | None = None, **options: object) -> httpx2.AsyncClient:
    """Return a client of an app in this process."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers, **options)  # type: ignore[arg-type]


async def token_of(database: Database, principal: Principal) -> str:
    """Make an API token."""
    async with database.transaction() as session:
        return (await issue_token(session, principal, name="t", api_address=ADDRESS, now=datetime.now(UTC)))[1]


async def link_of(database: Database, principal: Principal) -> str:
    """Make the secret of a sign-in link."""
    async with database.transaction() as session:
        return await insert_link(session, principal.user_id, datetime.now(UTC) + timedelta(minutes=5))


@asynccontextmanager
async def running_apps(database: Database) -> AsyncIterator[Apps]:
    """Open both apps with settings from the environment."""
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
    token = await token_of(database, principal)
    track_api, ingest_api = create_track_api(TrackApiSettings()), create_ingest_api(IngestApiSettings())
    async with (
        track_api.router.lifespan_context(track_api),
        ingest_api.router.lifespan_context(ingest_api),
        caller(track_api, token) as reader,
        caller(ingest_api, token) as writer,
    ):
        yield Apps(database, principal, token, track_api, ingest_api, reader, writer)
