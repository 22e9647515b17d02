"""Tracks: create, list, change, delete."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from services.accounts.access import Right, check_role
from services.core.errors import (
    BadCursor,
    BadQuery,
    BadValue,
    MissingRight,
    ProjectNotFound,
    TrackDeleted,
    TrackIdTaken,
    TrackNotFound,
    Unauthenticated,
)
from services.jobs.actions import ask_stop
from services.live.model import ChangeKind
from services.projects.store import get_project
from services.tracks import actions, store
from services.tracks.model import TrackStatus
from services.web.auth import CurrentPrincipal, ReadableTrack, WritableTrack
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentClock, CurrentResources, Reading
from track_api.routes.projects import Limit, Search
from track_api.schemas.tracks import TrackChange, TrackIn, TrackList, TrackOut

router = APIRouter(tags=["tracks"])

_TRACK_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted)
_CURSOR_TYPES: dict[str, type[Any]] = {"created_at": datetime, "last_seen_at": datetime, "number": int}


@router.get(
    "/projects/{project}/tracks",
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadCursor, BadQuery),
)
async def list_tracks(
    project: str,
    principal: CurrentPrincipal,
    session: Reading,
    clock: CurrentClock,
    q: Search = "",
    status: TrackStatus | None = None,
    tag: Annotated[str | None, Query(max_length=200, pattern="^[^\x00]*$")] = None,
    submission: UUID | None = None,
    sort: Annotated[str, Query(max_length=50)] = "-created_at",
    cursor: str | None = None,
    limit: Limit = 50,
) -> TrackList:
    """List tracks, or those of one submission; `q` searches names and tags; a minus before `sort` reverses."""
    principal.require_user()
    found = await get_project(session, principal, project)
    after = None
    if cursor:
        after = read_cursor(cursor, _CURSOR_TYPES.get(sort.removeprefix("-"), str), UUID)
    rows = await store.list_tracks(
        session,
        found.project_id,
        search=q,
        status=status,
        tag=tag,
        submission_id=submission,
        sort=sort,
        after=after,
        limit=limit + 1,
    )
    more = write_cursor(rows[limit - 1][1], rows[limit - 1][0].track_id) if len(rows) > limit else None
    now = clock.now()
    return TrackList(items=[TrackOut.of(track, now) for track, _ in rows[:limit]], next_cursor=more)


@router.post(
    "/projects/{project}/tracks",
    status_code=201,
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadValue, TrackIdTaken, TrackDeleted),
)
async def create_track(
    project: str, body: TrackIn, principal: CurrentPrincipal, resources: CurrentResources, clock: CurrentClock
) -> TrackOut:
    """Make a track; without a name it gets a readable one."""
    principal.require_user()
    async with resources.database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        track = await actions.create_track(
            session,
            found.project_id,
            created_by=principal.name,
            name=body.name,
            tags=body.tags,
            notes=body.notes,
            track_id=body.track_id,
        )
    resources.changes.note_track(track.track_id, track.project_id)
    return TrackOut.of(track, clock.now())


@router.get("/tracks/{track_id}", responses=_TRACK_ERRORS)
async def get_track(access: ReadableTrack, session: Reading, clock: CurrentClock) -> TrackOut:
    """Answer with a track, without what was logged."""
    return TrackOut.of(await store.get_track(session, access.track_id), clock.now())


@router.patch("/tracks/{track_id}", responses=_TRACK_ERRORS | responses(BadValue))
async def change_track(
    access: WritableTrack, body: TrackChange, resources: CurrentResources, clock: CurrentClock
) -> TrackOut:
    """Rename, tag or annotate a track."""
    async with resources.database.transaction() as session:
        track = await actions.change_track(session, access.track_id, name=body.name, tags=body.tags, notes=body.notes)
    resources.changes.note_track(access.track_id, access.project_id)
    return TrackOut.of(track, clock.now())


@router.delete("/tracks/{track_id}", status_code=204, responses=_TRACK_ERRORS)
async def delete_track(access: WritableTrack, principal: CurrentPrincipal, resources: CurrentResources) -> None:
    """Delete a track with everything it holds; its job is stopped."""
    async with resources.database.transaction() as session:
        await ask_stop(session, access.track_id, principal.name)
        blobs = await actions.delete_track(session, access.track_id)
    resources.changes.note(access.track_id, access.project_id, None, ChangeKind.DATA, ChangeKind.TRACK)
    # After the commit: a blob without a row is waste, a row without its blob would be a loss.
    await resources.blobs.delete(blobs)
