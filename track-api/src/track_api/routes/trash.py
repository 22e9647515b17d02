"""The trash of a project: many tracks into it at once, back out of it, and gone for good."""

from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter

from services.accounts.access import Right, check_role
from services.core.errors import BadCursor, MissingRight, ProjectNotFound, Unauthenticated
from services.jobs.actions import ask_stop
from services.jobs.store import list_tracks_with_unfinished_jobs
from services.live.model import ChangeKind
from services.projects.model import Project
from services.projects.store import get_project
from services.tracks import store
from services.tracks.trash import purge_tracks
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentResources, Reading
from track_api.resources import Resources
from track_api.routes.projects import Limit
from track_api.schemas.tracks import PurgedOut, PurgeIn, TrackIds, TrackIdsOut, TrashedOut, TrashList

router = APIRouter(prefix="/projects/{project}", tags=["tracks"])

_ERRORS = responses(Unauthenticated, MissingRight, ProjectNotFound)


def _note(resources: Resources, found: Project, track_ids: list[UUID]) -> None:
    for track_id in track_ids:
        resources.changes.note(track_id, found.project_id, None, ChangeKind.DATA, ChangeKind.TRACK)


@router.post("/tracks/delete", responses=_ERRORS)
async def delete_tracks(
    project: str, body: TrackIds, principal: CurrentPrincipal, resources: CurrentResources
) -> TrackIdsOut:
    """Put tracks into the trash and stop their jobs; answer with those that were not there before."""
    principal.require_user()
    async with resources.database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        gone = await store.trash_tracks(session, found.project_id, body.track_ids, principal.name)
        busy = await list_tracks_with_unfinished_jobs(session, found.project_id)
        for track_id in set(gone).intersection(busy):
            await ask_stop(session, track_id, principal.name)
    _note(resources, found, gone)
    return TrackIdsOut(track_ids=gone, total=len(gone))


@router.get("/trash", responses=_ERRORS | responses(BadCursor))
async def list_trash(
    project: str,
    principal: CurrentPrincipal,
    session: Reading,
    resources: CurrentResources,
    cursor: str | None = None,
    limit: Limit = 100,
) -> TrashList:
    """List deleted tracks that can be restored, the last deleted first."""
    principal.require_user()
    found = await get_project(session, principal, project)
    after = read_cursor(cursor, datetime, UUID) if cursor else None
    rows = await store.list_trash(
        session, found.project_id, after=(after[0], after[1]) if after else None, limit=limit + 1
    )
    keep = timedelta(days=resources.settings.trash_days)
    items = [
        TrashedOut(
            track_id=track.track_id,
            number=track.number,
            name=track.name,
            created_at=track.created_at,
            deleted_at=track.deleted_at,
            deleted_by=track.deleted_by,
            purge_at=track.deleted_at + keep,
        )
        for track in rows[:limit]
        if track.deleted_at is not None
    ]
    more = write_cursor(items[-1].deleted_at, items[-1].track_id) if len(rows) > limit else None
    return TrashList(items=items, next_cursor=more)


@router.post("/trash/restore", responses=_ERRORS)
async def restore_tracks(
    project: str, body: TrackIds, principal: CurrentPrincipal, resources: CurrentResources
) -> TrackIdsOut:
    """Take tracks out of the trash, with everything they hold; answer with those that were in it."""
    principal.require_user()
    async with resources.database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        back = await store.restore_tracks(session, found.project_id, body.track_ids)
    _note(resources, found, back)
    return TrackIdsOut(track_ids=back, total=len(back))


@router.post("/trash/purge", responses=_ERRORS)
async def purge_trash(
    project: str, body: PurgeIn, principal: CurrentPrincipal, resources: CurrentResources
) -> PurgedOut:
    """Delete tracks of the trash for good; only who owns the project may."""
    principal.require_user()
    async with resources.database.read() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.MANAGE)
        in_trash = await store.find_trash(session, project_id=found.project_id, limit=100_000)
    wanted = in_trash if body.track_ids is None else sorted(set(in_trash) & set(body.track_ids))
    return PurgedOut(n_purged=await purge_tracks(resources.database, resources.blobs, wanted))
