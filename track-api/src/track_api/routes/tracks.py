"""Tracks: create, list, change, delete."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

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
from services.jobs.store import find_tracks_of_submission
from services.listing.conditions import Compare, Field, Node, OneOf, Word
from services.listing.match import parse_sorts
from services.listing.query import parse_column
from services.listing.question import Question
from services.listing.tables import ProjectTable
from services.live.model import ChangeKind
from services.projects.model import Project
from services.projects.store import get_project
from services.tracks import actions, store
from services.tracks.model import TrackStatus
from services.web.auth import CurrentPrincipal, ReadableTrack, WritableTrack
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentClock, CurrentResources, Reading
from track_api.routes.projects import Limit, Search
from track_api.schemas.tracks import (
    ColumnList,
    ColumnOut,
    GroupList,
    GroupOut,
    RowOut,
    TrackChange,
    TrackIdsOut,
    TrackIn,
    TrackList,
    TrackOut,
)

router = APIRouter(tags=["tracks"])

_TRACK_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted)

Filter = Annotated[str, Query(max_length=5000, description="The query language: `status:running m.val/loss<0.3`")]
_LIST_ERRORS = responses(Unauthenticated, MissingRight, ProjectNotFound, BadQuery)
_MOST_IDS = 10_000
_MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class _Asked:
    """The tracks of a project that a request means."""

    project: Project
    table: ProjectTable
    question: Question
    now: datetime


async def _asked(
    project: str,
    principal: CurrentPrincipal,
    session: Reading,
    resources: CurrentResources,
    clock: CurrentClock,
    query: Filter = "",
    q: Search = "",
    status: TrackStatus | None = None,
    tag: Annotated[str | None, Query(max_length=200, pattern="^[^\x00]*$")] = None,
    submission: UUID | None = None,
    track_id: Annotated[list[UUID], Query(max_length=500, description="Only these tracks")] = [],  # noqa: B006 (as below)
    sort: Annotated[str, Query(max_length=2000, description="Columns parted by commas; a minus reverses one")] = "",
) -> _Asked:
    principal.require_user()
    found = await get_project(session, principal, project)
    more: list[Node] = [Word(q.casefold())] if q else []
    if status is not None:
        more.append(Compare(Field("status"), "=", status.value))
    if tag is not None:
        more.append(Compare(Field("tag"), "=", tag))
    if submission is not None:
        more.append(OneOf(frozenset(await find_tracks_of_submission(session, submission))))
    if track_id:
        more.append(OneOf(frozenset(track_id)))
    now = clock.now()
    question = Question.of(query, parse_sorts(sort or "-created"), now, *more)
    return _Asked(found, resources.tables.of(found.project_id), question, now)


Asked = Annotated[_Asked, Depends(_asked)]


@router.get("/projects/{project}/tracks", responses=_LIST_ERRORS | responses(BadCursor))
async def list_tracks(
    asked: Asked,
    column: Annotated[list[str], Query(max_length=_MOST_COLUMNS, description="`p.KEY` or `m.KEY`")] = [],  # noqa: B006 (the framework copies it)
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    cursor: str | None = None,
    limit: Limit = 50,
) -> TrackList:
    """List tracks: those that match `query`, in the order of `sort`, with the values of the columns asked for.

    `q` is looked for in names and tags. A page starts at `offset`, or where `cursor` says: behind the last track of the
    page before, also when others came or went meanwhile.
    """
    after = None
    if cursor:
        after, offset = read_cursor(cursor, UUID, int)
    columns = [parse_column(name) for name in column]
    page = await asked.table.page(
        asked.question, asked.now, start=max(0, offset), limit=limit, columns=columns, after=after
    )
    end = page.start + len(page.rows)
    name = asked.project.name
    return TrackList(
        items=[RowOut.of(row.track, asked.now, project_name=name, values=row.values) for row in page.rows],
        start=page.start,
        total=page.total,
        next_cursor=write_cursor(page.rows[-1].track.track_id, end) if page.rows and end < page.total else None,
    )


@router.get("/projects/{project}/tracks/ids", responses=_LIST_ERRORS)
async def list_track_ids(
    asked: Asked,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_IDS)] = _MOST_IDS,
) -> TrackIdsOut:
    """Name the tracks that match, in order: for a selection that is larger than what is shown."""
    order = await asked.table.order(asked.question, asked.now)
    rows = await asked.table.rows(order[offset : offset + limit], ())
    return TrackIdsOut(track_ids=[row.track.track_id for row in rows], total=len(order))


@router.get("/projects/{project}/tracks/groups", responses=_LIST_ERRORS)
async def list_groups(asked: Asked, by: Annotated[str, Query(max_length=2000)]) -> GroupList:
    """Count the tracks that match by their value of one column, by which they must be sorted first."""
    found = await asked.table.groups(asked.question, parse_column(by), asked.now)
    return GroupList(items=[GroupOut(value=group.value, n_tracks=group.n_tracks) for group in found])


@router.get("/projects/{project}/columns", responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def list_columns(
    project: str, principal: CurrentPrincipal, session: Reading, resources: CurrentResources
) -> ColumnList:
    """Say which parameters and metrics the tracks of a project have."""
    principal.require_user()
    found = await get_project(session, principal, project)
    table = resources.tables.of(found.project_id)
    items = [
        ColumnOut(
            name=str(facts.field),
            kind="param" if facts.field.name == "p" else "metric",
            key=facts.field.key,
            n_tracks=facts.n_tracks,
            n_distinct=facts.n_distinct,
            is_number=facts.is_number,
            examples=facts.examples,
        )
        for facts in await table.column_facts()
    ]
    return ColumnList(items=items, n_tracks=len(table.table.row_of))


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
async def delete_track(
    access: WritableTrack,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    permanent: Annotated[bool, Query(description="At once and for good, instead of into the trash")] = False,
) -> None:
    """Delete a track: into the trash, from which it can be restored for some time, or at once. Its job is stopped."""
    blobs: list[UUID] = []
    async with resources.database.transaction() as session:
        await ask_stop(session, access.track_id, principal.name)
        if permanent:
            blobs = await actions.delete_track(session, access.track_id)
        else:
            await store.trash_tracks(session, access.project_id, [access.track_id], principal.name)
    resources.changes.note(access.track_id, access.project_id, None, ChangeKind.DATA, ChangeKind.TRACK)
    # After the commit: a blob without a row is waste, a row without its blob would be a loss.
    await resources.blobs.delete(blobs)
