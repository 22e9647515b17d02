"""Events: which keys of which tracks changed, told while it happens."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.accounts.access import Right, check_project, check_track
from services.core.errors import (
    BadQuery,
    DatabaseDown,
    MissingRight,
    ProjectNotFound,
    ServiceError,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
)
from services.projects.store import get_project
from services.storage.database import Database
from services.web.auth import CurrentPrincipal, check_access, prove_again
from services.web.problem import responses
from track_api.deps import CurrentResources
from track_api.event_stream import EventStream, EventStreamResponse
from track_api.schemas.events import ChangedOut

router = APIRouter(tags=["events"])


def _errors(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    # Without this, the errors of a route that streams would be documented as streams.
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": said["description"], "content": content} for status, said in responses(*errors).items()
    }


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `hello` first, then `changed` with this data, or `resync`; in silence a "
        "comment. Nothing is replayed: a page loads its data anew at every `hello` and `resync`.",
        "model": ChangedOut,
    }
}


@dataclass(frozen=True, slots=True)
class _Target:
    """What to listen to, and how to ask whether that is still allowed."""

    target_id: UUID
    check_right: Callable[[], Awaitable[None]]


async def _target(
    request: Request,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    project: Annotated[str | None, Query(max_length=200, description="Name or uuid")] = None,
    track: UUID | None = None,
) -> _Target:
    if track is not None and project is None:
        access = await check_access(request, track, Right.READ)
        return _Target(track, partial(_check_again, request, resources.database, track_id=access.track_id))
    if project is not None and track is None:
        principal.require_user()
        async with resources.database.read() as session:
            found = await get_project(session, principal, project)
        return _Target(
            found.project_id, partial(_check_again, request, resources.database, project_id=found.project_id)
        )
    raise BadQuery("Name one of project and track.")


async def _check_again(
    request: Request, database: Database, *, track_id: UUID | None = None, project_id: UUID | None = None
) -> None:
    principal = await prove_again(request)
    async with database.read() as session:
        if track_id is not None:
            await check_track(session, principal, track_id, Right.READ)
        if project_id is not None:
            await check_project(session, principal, project_id, Right.READ)


@router.get(
    "/events",
    response_class=EventStreamResponse,
    responses=_STREAM
    | _errors(Unauthenticated, MissingRight, TrackNotFound, ProjectNotFound, TrackDeleted, BadQuery, DatabaseDown),
)
async def get_events(target: Annotated[_Target, Depends(_target)], resources: CurrentResources) -> EventStream:
    """Stream what changes in a track, or in all tracks of a project."""
    return EventStream(
        resources.hub,
        target.target_id,
        check_right=target.check_right,
        heartbeat_s=resources.settings.track_api_heartbeat_s,
    )
