"""Short names for what routes ask for."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from services.core.clock import Clock, SystemClock
from services.jobs.definition import Allowed
from services.storage.database import Database, ReadSession
from services.tracks.version import data_version
from track_api.resources import Resources


async def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


CurrentResources = Annotated[Resources, Depends(_resources)]


async def _database(resources: CurrentResources) -> Database:
    return resources.database


CurrentDatabase = Annotated[Database, Depends(_database)]


async def _read(database: CurrentDatabase) -> AsyncIterator[ReadSession]:
    async with database.read() as session:
        yield session


Reading = Annotated[ReadSession, Depends(_read)]


async def _clock() -> Clock:
    return SystemClock()


async def _allowed(resources: CurrentResources) -> Allowed:
    return Allowed.from_settings(resources.settings)


CurrentAllowed = Annotated[Allowed, Depends(_allowed)]


CurrentClock = Annotated[Clock, Depends(_clock)]


async def etag_of(request: Request, session: ReadSession, track_ids: list[UUID]) -> str:
    """Return the mark of an answer: the data of its tracks and the question itself."""
    versions = [await data_version(session, track_id) for track_id in track_ids]
    question = f"{request.url.path}?{request.url.query} {request.headers.get('accept', '')}"
    return f'"{hashlib.sha256("|".join([*versions, question]).encode()).hexdigest()[:32]}"'


def not_modified(request: Request, etag: str) -> Response | None:
    """Return an empty 304 when the caller already has this answer."""
    known = {mark.strip().removeprefix("W/") for mark in request.headers.get("if-none-match", "").split(",")}
    if etag in known or "*" in known:
        return Response(status_code=304, headers={"etag": etag, "cache-control": "private, no-cache"})
    return None


def marked(response: Response, etag: str) -> None:
    """Let the browser keep an answer and ask each time whether it still holds."""
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, no-cache"
