"""What the published client (`mlsteam-client` 0.5.0) asks before and beside logging, under /api/v2.

It learns paths and parameters from the Swagger document here, and reads the answers by name. Where it puts objects is
ingest-api's, as everything that writes what was logged.
"""

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from services.accounts.access import Right, check_role, check_track
from services.core.errors import ProjectNotFound, TrackNotFound
from services.projects.store import get_project
from services.tracks import actions, store
from services.tracks.model import Track, TrackStatus
from services.web.auth import CurrentPrincipal, TrackAccess, check_access
from track_api.deps import CurrentClock, CurrentResources, Reading
from track_api.swagger import SWAGGER

router = APIRouter(prefix="/api/v2", include_in_schema=False)

_STATUS = {"active": TrackStatus.RUNNING, "inactive": TrackStatus.FINISHED}
# The client makes a folder of the name, and empties it first.
_FOLDER = re.compile(r"\w[\w .-]{0,100}")


@router.get("/swagger.json")
async def get_swagger() -> JSONResponse:
    """Answer with the document that the client is driven by."""
    return JSONResponse(SWAGGER)


@router.get("/projects")
async def list_projects(
    name: Annotated[str, Query(max_length=500)], principal: CurrentPrincipal, session: Reading
) -> list[dict[str, str]]:
    """Answer with the project of a name (or uuid), or none. A token of one track sees that track's project."""
    try:
        project = await get_project(session, principal, name)
        if principal.only_track_id is not None:
            held = await check_track(session, principal, principal.only_track_id, Right.READ)
            if held != project.project_id:
                return []
    except ProjectNotFound:
        return []
    return [{"uuid": str(project.project_id), "name": project.name}]


@router.post("/projects/{puuid}/tracks")
async def create_track(puuid: UUID, principal: CurrentPrincipal, resources: CurrentResources) -> dict[str, str]:
    """Make a track."""
    principal.require_user()
    async with resources.database.transaction() as session:
        project = await get_project(session, principal, str(puuid))
        check_role(project.role, Right.WRITE)
        track = await actions.create_track(session, project.project_id, created_by=principal.name)
    resources.changes.note_track(track.track_id, track.project_id)
    return _answer(track)


@router.get("/projects/{puuid}/tracks/{tid}")
async def get_track(request: Request, puuid: UUID, tid: UUID, resources: CurrentResources) -> dict[str, str]:
    """Answer with a track that is to be logged to."""
    # Its rights before a connection is held: that question takes one of its own, and there are only so many.
    access = await _writable(request, puuid, tid)
    async with resources.database.read() as session:
        return _answer(await store.get_track(session, access.track_id))


@router.post("/projects/{puuid}/tracks/{tid}/status")
async def update_track(
    request: Request,
    puuid: UUID,
    tid: UUID,
    status: Literal["active", "inactive"],
    resources: CurrentResources,
    clock: CurrentClock,
) -> dict[str, str]:
    """Note that the training runs, or has ended."""
    access = await _writable(request, puuid, tid)
    async with resources.database.transaction() as session:
        await actions.report_status(session, access.track_id, _STATUS[status], clock)
        track = await store.get_track(session, access.track_id)
    resources.changes.note_track(access.track_id, access.project_id)
    return _answer(track)


@router.post("/projects/{puuid}/tracks/{tid}/tags")
async def add_tags(
    request: Request, puuid: UUID, tid: UUID, tags: Annotated[list[str], Query()], resources: CurrentResources
) -> dict[str, str]:
    """Add tags to those that the track has."""
    access = await _writable(request, puuid, tid)
    async with resources.database.transaction() as session:
        held = (await store.get_track(session, access.track_id)).tags
        track = await actions.change_track(session, access.track_id, tags=[*held, *tags])
    resources.changes.note_track(access.track_id, access.project_id)
    return _answer(track)


async def _writable(request: Request, project_id: UUID, track_id: UUID) -> TrackAccess:
    access = await check_access(request, track_id, Right.WRITE)
    if access.project_id != project_id:
        raise TrackNotFound(track_id=str(track_id))
    return access


def _answer(track: Track) -> dict[str, Any]:
    name = track.name if _FOLDER.fullmatch(track.name) else str(track.track_id)
    # An object is put into a bucket, with no other word of the track.
    return {"id": str(track.track_id), "name": name, "bucket_name": str(track.track_id)}
