"""The SQL of tracks."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.accounts.access import track_deleted
from services.core.errors import TrackNotFound
from services.storage.database import AnySession, Session
from services.storage.tables import TABLES_OF_A_TRACK, files, jobs, projects, tracks, upload_parts
from services.tracks.model import Track, TrackStatus

_NOT_SHOWN = {"next_leaf_id", "leaves_version", "purged_at", "is_listed"}
_COLUMNS = [column for column in tracks.c if column.name not in _NOT_SHOWN]
_FIELDS = [column.name for column in _COLUMNS] + ["project_name", "job_state"]


def select_tracks() -> Select[Any]:
    """Return the statement for tracks as `track_of` reads them."""
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


def track_of(row: Row[Any]) -> Track:
    """Read a track; what else the statement asked for is left out."""
    found = row._mapping  # noqa: SLF001 (SQLAlchemy's documented way to a row as a mapping)
    fields = {name: found[name] for name in _FIELDS}
    return Track(**{**fields, "status": TrackStatus(row.status), "tags": tuple(row.tags)})


async def get_track(session: AnySession, track_id: UUID) -> Track:
    """Return a track. Raises: TrackNotFound, TrackDeleted."""
    query = select_tracks().add_columns(tracks.c.purged_at).where(tracks.c.track_id == track_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise TrackNotFound(track_id=str(track_id))
    if row.deleted_at is not None:
        # Not always found by access before: who deleted it just now is still allowed to read it, from memory.
        raise track_deleted(track_id, row)
    return track_of(row)


async def get_tracks(session: AnySession, track_ids: Collection[UUID]) -> dict[UUID, Track]:
    """Return those of the tracks that exist and were not deleted."""
    query = select_tracks().where(tracks.c.track_id.in_(track_ids), tracks.c.deleted_at.is_(None))
    return {row.track_id: track_of(row) for row in await session.execute(query)}


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


async def keep_live(session: AnySession, project_id: UUID, track_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the tracks that belong to a project and were not deleted, in the same order."""
    query = select(tracks.c.track_id).where(
        tracks.c.project_id == project_id, tracks.c.track_id.in_(track_ids), tracks.c.deleted_at.is_(None)
    )
    found = set((await session.scalars(query)).all())
    return [track_id for track_id in dict.fromkeys(track_ids) if track_id in found]


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


# --- trash ----------------------------------------------------------------------------------------------------------


async def trash_tracks(session: Session, project_id: UUID, track_ids: Sequence[UUID], deleted_by: str) -> list[UUID]:
    """Mark tracks of a project as deleted and keep what they hold; return those that were not deleted before."""
    values = {"deleted_at": func.now(), "deleted_by": deleted_by, "updated_at": func.clock_timestamp()}
    statement = (
        update(tracks)
        .where(tracks.c.project_id == project_id, tracks.c.track_id.in_(track_ids), tracks.c.deleted_at.is_(None))
        .values(**values)
        .returning(tracks.c.track_id)
    )
    return list((await session.scalars(statement)).all())


def _in_trash() -> Any:
    return tracks.c.deleted_at.is_not(None) & tracks.c.purged_at.is_(None)


async def restore_tracks(session: Session, project_id: UUID, track_ids: Sequence[UUID]) -> list[UUID]:
    """Take tracks out of the trash; return those that were in it."""
    statement = (
        update(tracks)
        .where(tracks.c.project_id == project_id, tracks.c.track_id.in_(track_ids), _in_trash())
        .values(deleted_at=None, deleted_by=None, updated_at=func.clock_timestamp())
        .returning(tracks.c.track_id)
    )
    return list((await session.scalars(statement)).all())


async def list_trash(
    session: AnySession, project_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[Track]:
    """Return the tracks of a project that can be restored, the last deleted first."""
    query = select_tracks().where(tracks.c.project_id == project_id, _in_trash())
    if after is not None:
        query = query.where(tuple_(tracks.c.deleted_at, tracks.c.track_id) < tuple_(*after))
    rows = await session.execute(query.order_by(tracks.c.deleted_at.desc(), tracks.c.track_id.desc()).limit(limit))
    return [track_of(row) for row in rows]


async def find_trash(
    session: AnySession, *, project_id: UUID | None = None, before: datetime | None = None, limit: int = 1000
) -> list[UUID]:
    """Return tracks in the trash, of a project or deleted before a moment, the first deleted first."""
    query = select(tracks.c.track_id).where(_in_trash())
    if project_id is not None:
        query = query.where(tracks.c.project_id == project_id)
    if before is not None:
        query = query.where(tracks.c.deleted_at < before)
    return list((await session.scalars(query.order_by(tracks.c.deleted_at).limit(limit))).all())


async def lock_trash(session: Session, track_id: UUID) -> bool:
    """Lock a track that is in the trash; False when it is not there (any more)."""
    query = select(tracks.c.track_id).where(tracks.c.track_id == track_id, _in_trash()).with_for_update()
    return await session.scalar(query) is not None
