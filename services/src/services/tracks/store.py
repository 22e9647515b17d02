"""The SQL of tracks."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.core.errors import BadQuery, TrackDeleted, TrackNotFound
from services.storage.database import AnySession, Session
from services.storage.tables import TABLES_OF_A_TRACK, files, jobs, projects, tracks, upload_parts
from services.tracks.model import Track, TrackStatus

_COLUMNS = [column for column in tracks.c if column.name not in {"next_leaf_id", "leaves_version", "is_listed"}]
SORTS: Mapping[str, ColumnElement[Any]] = {
    "created_at": tracks.c.created_at,
    "name": tracks.c.name,
    "number": tracks.c.number,
    "status": tracks.c.status,
    # A track that was never heard of sorts by when it was made, so that the order is total.
    "last_seen_at": func.coalesce(tracks.c.last_seen_at, tracks.c.created_at),
}


def _select() -> Select[Any]:
    # A track is made with its job and has one at most; should there ever be more, the newest counts.
    job_state = (
        select(jobs.c.state)
        .where(jobs.c.track_id == tracks.c.track_id)
        .order_by(jobs.c.queued_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(*_COLUMNS, projects.c.name.label("project_name"), job_state.label("job_state")).join(
        projects, projects.c.project_id == tracks.c.project_id
    )


def _track(row: Row[Any]) -> Track:
    fields = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented way to a row as a mapping)
    return Track(**{**fields, "status": TrackStatus(row.status), "tags": tuple(row.tags)})


async def get_track(session: AnySession, track_id: UUID) -> Track:
    """Return a track. Raises: TrackNotFound, TrackDeleted."""
    row = (await session.execute(_select().where(tracks.c.track_id == track_id))).one_or_none()
    if row is None:
        raise TrackNotFound(track_id=str(track_id))
    if row.deleted_at is not None:
        raise TrackDeleted(track_id=str(track_id), name=row.name)
    return _track(row)


async def get_tracks(session: AnySession, track_ids: Collection[UUID]) -> dict[UUID, Track]:
    """Return those of the tracks that exist and were not deleted."""
    query = _select().where(tracks.c.track_id.in_(track_ids), tracks.c.deleted_at.is_(None))
    return {row.track_id: _track(row) for row in await session.execute(query)}


async def list_tracks(
    session: AnySession,
    project_id: UUID,
    *,
    search: str = "",
    status: TrackStatus | None = None,
    tag: str | None = None,
    submission_id: UUID | None = None,
    sort: str = "-created_at",
    after: tuple[Any, UUID] | None = None,
    limit: int = 50,
) -> list[tuple[Track, Any]]:
    """Return tracks of a project with the value each is sorted by, which is what a cursor continues from.

    Raises: BadQuery for an unknown sort.
    """
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise BadQuery(f"Sort by one of {', '.join(SORTS)}; a minus before it reverses.", sort=sort)
    descending = sort.startswith("-")
    query = _select().add_columns(column.label("sort_value"))
    query = query.where(tracks.c.project_id == project_id, tracks.c.deleted_at.is_(None), tracks.c.is_listed)
    if search:
        tags = func.array_to_string(tracks.c.tags, "\n")
        query = query.where(
            or_(tracks.c.name.icontains(search, autoescape=True), tags.icontains(search, autoescape=True))
        )
    if status is not None:
        query = query.where(tracks.c.status == status.value)
    if submission_id is not None:
        query = query.where(tracks.c.track_id.in_(select(jobs.c.track_id).where(jobs.c.submission_id == submission_id)))
    if tag is not None:
        query = query.where(tracks.c.tags.contains([tag]))
    if after is not None:
        here, there = tuple_(column, tracks.c.track_id), tuple_(*after)
        query = query.where(here < there if descending else here > there)
    order = [column.desc(), tracks.c.track_id.desc()] if descending else [column, tracks.c.track_id]
    rows = await session.execute(query.order_by(*order).limit(limit))
    found = []
    for row in rows:
        fields = dict(row._mapping)  # noqa: SLF001 (as above)
        value = fields.pop("sort_value")
        found.append((Track(**{**fields, "status": TrackStatus(row.status), "tags": tuple(row.tags)}), value))
    return found


async def take_number(session: Session, project_id: UUID) -> int:
    """Return the next number of a track in its project; waits for another creator's transaction."""
    after = await session.scalar(
        update(projects)
        .where(projects.c.project_id == project_id)
        .values(next_track_number=projects.c.next_track_number + 1)
        .returning(projects.c.next_track_number)
    )
    if after is None:
        raise TrackNotFound("The project is gone.")
    return int(after) - 1


async def give_back_number(session: Session, project_id: UUID) -> None:
    """Undo `take_number` in the same transaction, which holds the counter."""
    await session.execute(
        update(projects)
        .where(projects.c.project_id == project_id)
        .values(next_track_number=projects.c.next_track_number - 1)
    )


async def find_project(session: AnySession, track_id: UUID) -> UUID | None:
    """Return the project of a track, also of a deleted one."""
    found: UUID | None = await session.scalar(select(tracks.c.project_id).where(tracks.c.track_id == track_id))
    return found


async def insert_track(session: Session, values: Mapping[str, Any]) -> bool:
    """Store a new track; False when its id is taken."""
    made = await session.scalar(insert(tracks).values(**values).on_conflict_do_nothing().returning(tracks.c.track_id))
    return made is not None


async def update_track(session: Session, track_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a track and note the time."""
    await session.execute(
        update(tracks).where(tracks.c.track_id == track_id).values(**values, updated_at=func.clock_timestamp())
    )


async def delete_content(session: Session, track_id: UUID) -> list[UUID]:
    """Delete everything a track holds; return the blobs that nobody refers to any more."""
    blobs: list[UUID] = []
    for table in (files, upload_parts):
        blobs += (await session.scalars(select(table.c.blob_id).where(table.c.track_id == track_id))).all()
    for table in TABLES_OF_A_TRACK:
        await session.execute(delete(table).where(table.c.track_id == track_id))
    return blobs
