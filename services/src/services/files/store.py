"""The SQL of files and of uploads in parts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.errors import KindMismatch, LeafNotFound, TrackDeleted, TrackNotFound, UploadNotFound
from services.core.values import LeafKind
from services.files.model import TrackFile, Upload
from services.storage.database import AnySession, Session
from services.storage.tables import files, leaves, tracks, upload_parts, uploads
from services.tracks.leaves import ensure_leaves, find_leaves


async def lock_track(session: Session, track_id: UUID) -> None:
    """Hold the track's row, so that two files under one key, or a deletion, come one after the other.

    Raises: TrackNotFound, TrackDeleted.
    """
    query = select(tracks.c.deleted_at).where(tracks.c.track_id == track_id).with_for_update(key_share=True)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise TrackNotFound(track_id=str(track_id))
    if row.deleted_at is not None:
        raise TrackDeleted(track_id=str(track_id))


async def check_kind(session: AnySession, track_id: UUID, key: str) -> None:
    """Refuse a key that holds something else than a file. Raises: KindMismatch."""
    leaf = (await find_leaves(session, track_id, [key])).get(key)
    if leaf is not None and leaf.kind is not LeafKind.FILE:
        raise KindMismatch(f"The key already holds a {leaf.kind.name.lower()}.", key=key)


async def replace_file(session: Session, track_id: UUID, file: TrackFile) -> UUID | None:
    """Store a file under its key and return the blob of the one before it. Raises: KindMismatch."""
    await check_kind(session, track_id, file.key)
    leaf = (await ensure_leaves(session, track_id, {file.key: LeafKind.FILE}))[file.key]
    old: UUID | None = await session.scalar(
        select(files.c.blob_id).where(files.c.track_id == track_id, files.c.leaf_id == leaf.leaf_id)
    )
    values = {
        "blob_id": file.blob_id,
        "size_bytes": file.size_bytes,
        "content_type": file.content_type,
        "sha256": bytes.fromhex(file.sha256),
        "uploaded_at": file.uploaded_at,
    }
    made = upsert(files).values(track_id=track_id, leaf_id=leaf.leaf_id, **values)
    await session.execute(made.on_conflict_do_update(index_elements=["track_id", "leaf_id"], set_=values))
    return old


async def list_files(session: AnySession, track_id: UUID, key: str | None = None) -> list[TrackFile]:
    """Return the files of a track by key, or the one of a key."""
    query = (
        select(files, leaves.c.key)
        .join(leaves, (leaves.c.track_id == files.c.track_id) & (leaves.c.leaf_id == files.c.leaf_id))
        .where(files.c.track_id == track_id)
        .order_by(leaves.c.key)
    )
    if key is not None:
        query = query.where(leaves.c.key == key)
    return [
        TrackFile(row.key, row.blob_id, row.size_bytes, row.content_type, row.sha256.hex(), row.uploaded_at)
        for row in await session.execute(query)
    ]


async def get_file(session: AnySession, track_id: UUID, key: str) -> TrackFile:
    """Return the file of a key. Raises: LeafNotFound."""
    found = await list_files(session, track_id, key)
    if not found:
        raise LeafNotFound(f"There is no file under {key[:200]!r}.", key=key[:200])
    return found[0]


async def insert_upload(session: Session, upload: Upload) -> None:
    """Store a new upload."""
    await session.execute(
        insert(uploads).values(
            track_id=upload.track_id,
            upload_id=upload.upload_id,
            key=upload.key,
            size_bytes=upload.size_bytes,
            part_bytes=upload.part_bytes,
            content_type=upload.content_type,
            sha256=bytes.fromhex(upload.sha256) if upload.sha256 else None,
        )
    )


async def get_upload(session: AnySession, track_id: UUID, upload_id: UUID, *, is_locked: bool = False) -> Upload:
    """Return an upload, held against others when it is to be changed. Raises: UploadNotFound."""
    query = select(uploads).where(uploads.c.track_id == track_id, uploads.c.upload_id == upload_id)
    row = (await session.execute(query.with_for_update() if is_locked else query)).one_or_none()
    if row is None:
        raise UploadNotFound(upload_id=str(upload_id))
    return Upload(
        row.track_id, row.upload_id, row.key, row.size_bytes, row.part_bytes, row.content_type,
        row.sha256.hex() if row.sha256 else None,
    )  # fmt: skip


async def read_parts(session: AnySession, track_id: UUID, upload_id: UUID) -> dict[int, tuple[UUID, int]]:
    """Return the blob and the size of each part that has arrived, by number."""
    query = (
        select(upload_parts)
        .where(upload_parts.c.track_id == track_id, upload_parts.c.upload_id == upload_id)
        .order_by(upload_parts.c.part_number)
    )
    return {row.part_number: (row.blob_id, row.size_bytes) for row in await session.execute(query)}


async def replace_part(session: Session, upload: Upload, number: int, blob_id: UUID) -> UUID | None:
    """Store a part and return the blob of the one before it. The caller holds the upload."""
    mark = (
        upload_parts.c.track_id == upload.track_id,
        upload_parts.c.upload_id == upload.upload_id,
        upload_parts.c.part_number == number,
    )
    old: UUID | None = await session.scalar(select(upload_parts.c.blob_id).where(*mark))
    values = {"blob_id": blob_id, "size_bytes": upload.size_of_part(number)}
    made = upsert(upload_parts).values(
        track_id=upload.track_id, upload_id=upload.upload_id, part_number=number, **values
    )
    await session.execute(
        made.on_conflict_do_update(index_elements=["track_id", "upload_id", "part_number"], set_=values)
    )
    return old


async def delete_upload(session: Session, track_id: UUID, upload_id: UUID) -> list[UUID]:
    """Forget an upload; return the blobs of its parts."""
    mark = (upload_parts.c.track_id == track_id, upload_parts.c.upload_id == upload_id)
    blobs = await session.scalars(delete(upload_parts).where(*mark).returning(upload_parts.c.blob_id))
    found = list(blobs.all())
    await session.execute(delete(uploads).where(uploads.c.track_id == track_id, uploads.c.upload_id == upload_id))
    return found


async def find_stale_uploads(session: AnySession, older_than: timedelta) -> Sequence[tuple[UUID, UUID]]:
    """Return track and id of uploads that nobody has finished in time."""
    query = select(uploads.c.track_id, uploads.c.upload_id).where(uploads.c.created_at < func.now() - older_than)
    return [(row.track_id, row.upload_id) for row in await session.execute(query.limit(1000))]
