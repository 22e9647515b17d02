"""What can be done to a track: create, change, report its status, delete."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from services.core.clock import Clock
from services.core.errors import BadValue, TrackDeleted, TrackIdTaken, TrackNotFound
from services.core.ids import new_id
from services.storage.database import Session
from services.storage.tables import tracks
from services.tracks import store
from services.tracks.model import ENDED, MAX_NAME_CHARS, MAX_NOTES_CHARS, MAX_TAG_CHARS, MAX_TAGS, Track, TrackStatus
from services.tracks.names import readable_name


def _has_control(text: str) -> bool:
    return any(not char.isprintable() for char in text)


def _clean_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or _has_control(name):
        raise BadValue(f"A name has 1 to {MAX_NAME_CHARS} characters and no control characters.", field="name")
    return name


def _clean_tags(tags: Sequence[str]) -> list[str]:
    cleaned = list(dict.fromkeys(tag.strip() for tag in tags))
    if len(cleaned) > MAX_TAGS:
        raise BadValue(f"A track has at most {MAX_TAGS} tags.", field="tags")
    for tag in cleaned:
        if not tag or len(tag) > MAX_TAG_CHARS or _has_control(tag):
            raise BadValue(f"A tag has 1 to {MAX_TAG_CHARS} characters and no control characters.", field="tags")
    return cleaned


def _clean_notes(notes: str) -> str:
    if len(notes) > MAX_NOTES_CHARS or "\x00" in notes:
        raise BadValue(f"Notes have at most {MAX_NOTES_CHARS} characters and no NUL.", field="notes")
    return notes


async def create_track(
    session: Session,
    project_id: UUID,
    *,
    created_by: str,
    name: str | None = None,
    tags: Sequence[str] = (),
    notes: str = "",
    origin: str = "client",
    track_id: UUID | None = None,
    is_listed: bool = True,
) -> Track:
    """Make a track with the next number of its project, and a readable name if it was given none.

    A client that could not reach us brings the id it has made; asked again with it, the track is returned as it is.

    Raises: BadValue, TrackIdTaken, TrackDeleted.
    """
    wanted = _clean_name(name) if name is not None else None
    cleaned, text = _clean_tags(tags), _clean_notes(notes)
    # Creators of one project wait for each other here, so that the second of two with one id sees the first's track.
    number = await store.take_number(session, project_id)
    if track_id is not None and (made := await store.find_project(session, track_id)) is not None:
        if made != project_id:
            raise TrackIdTaken(track_id=str(track_id))
        await store.give_back_number(session, project_id)
        return await store.get_track(session, track_id)
    track_id = track_id or new_id()
    is_made = await store.insert_track(
        session,
        {
            "track_id": track_id,
            "project_id": project_id,
            "number": number,
            "name": wanted or readable_name(number),
            "tags": cleaned,
            "notes": text,
            "origin": origin,
            "created_by": created_by,
            "is_listed": is_listed,
        },
    )
    if not is_made:
        # Somebody made it in another project at the same moment.
        raise TrackIdTaken(track_id=str(track_id))
    return await store.get_track(session, track_id)


async def change_track(
    session: Session,
    track_id: UUID,
    *,
    name: str | None = None,
    tags: Sequence[str] | None = None,
    notes: str | None = None,
) -> Track:
    """Rename, tag or annotate a track; None leaves a field as it is. Raises: BadValue, TrackNotFound, TrackDeleted."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = _clean_name(name)
    if tags is not None:
        values["tags"] = _clean_tags(tags)
    if notes is not None:
        values["notes"] = _clean_notes(notes)
    if values:
        await store.update_track(session, track_id, values)
    return await store.get_track(session, track_id)


async def report_status(session: Session, track_id: UUID, status: TrackStatus, clock: Clock) -> None:
    """Note what a writer says of its training; `running` again after an end resumes the track.

    Raises: TrackNotFound, TrackDeleted.
    """
    track = await store.get_track(session, track_id)
    now = clock.now()
    values: dict[str, Any] = {"last_seen_at": now}
    if status is not track.status:
        values["status"] = status.value
        values["ended_at"] = now if status in ENDED else None
        if status is TrackStatus.RUNNING and track.started_at is None:
            values["started_at"] = now
    await store.update_track(session, track_id, values)


async def delete_track(session: Session, track_id: UUID) -> list[UUID]:
    """Delete everything that a track holds, for good; return the blobs to delete once this is committed.

    A tombstone stays, so that a writer that still logs learns that the track is gone. A track in the trash is deleted
    like any other.

    Raises: TrackNotFound, TrackDeleted when its content is gone already.
    """
    # Locked first: a batch that is being committed either lands before and is deleted, or is refused after.
    found = select(tracks.c.name, tracks.c.purged_at).where(tracks.c.track_id == track_id).with_for_update()
    row = (await session.execute(found)).one_or_none()
    if row is None:
        raise TrackNotFound(track_id=str(track_id))
    if row.purged_at is not None:
        raise TrackDeleted(track_id=str(track_id), name=row.name)
    blobs = await store.delete_content(session, track_id)
    deleted_at = func.coalesce(tracks.c.deleted_at, func.now())
    await store.update_track(
        session, track_id, {"deleted_at": deleted_at, "purged_at": func.now(), "notes": "", "tags": []}
    )
    return blobs
