"""A large file in parts, so that a broken line costs one part and not the file.

Called by ingest-api. Guarantees that a part sent twice is stored once and that a finished file is what was announced.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from services.core.clock import Clock
from services.core.errors import BadValue, ChecksumMismatch, FileTooLarge, UploadIncomplete
from services.core.ids import new_id
from services.core.keys import check_key
from services.files import store
from services.files.actions import MeasuredStream, new_blob
from services.files.model import MAX_FILE_BYTES, PART_BYTES, TrackFile, Upload, clean_content_type, clean_sha256
from services.storage.blobs import BlobStore
from services.storage.database import Database

_STALE_AFTER = timedelta(days=7)
_CLEAN_EVERY_S = 3600.0


async def begin_upload(
    database: Database,
    track_id: UUID,
    key: str,
    size_bytes: int,
    *,
    content_type: str | None = None,
    sha256: str | None = None,
    part_bytes: int = PART_BYTES,
) -> Upload:
    """Open an upload. Raises: BadKey, BadValue, FileTooLarge, KindMismatch, TrackNotFound, TrackDeleted."""
    check_key(key)
    if size_bytes < 0:
        raise BadValue("A file cannot have a negative size.", field="size_bytes")
    if size_bytes > MAX_FILE_BYTES:
        raise FileTooLarge(f"A file has at most {MAX_FILE_BYTES} bytes.", limit_bytes=MAX_FILE_BYTES)
    upload = Upload(
        track_id, new_id(), key, size_bytes, part_bytes, clean_content_type(content_type), clean_sha256(sha256)
    )
    async with database.transaction() as session:
        await store.lock_track(session, track_id)
        await store.check_kind(session, track_id, key)
        await store.insert_upload(session, upload)
    return upload


async def put_part(
    database: Database, blobs: BlobStore, track_id: UUID, upload_id: UUID, *, number: int, content: AsyncIterator[bytes]
) -> None:
    """Store one part; one sent again takes the place of the first.

    Raises: UploadNotFound, BadValue, FileTooLarge, BlobStoreDown.
    """
    async with database.read() as session:
        upload = await store.get_upload(session, track_id, upload_id)
    expected = upload.size_of_part(number)
    measured = MeasuredStream(content, expected)
    async with new_blob(blobs, measured) as blob_id:
        if measured.size_bytes != expected:
            raise BadValue(
                f"Part {number} must have {expected} bytes, not {measured.size_bytes}.", part=number, expected=expected
            )
        async with database.transaction() as session:
            await store.get_upload(session, track_id, upload_id, is_locked=True)
            old = await store.replace_part(session, upload, number, blob_id)
    if old is not None:
        await blobs.delete([old])


async def finish_upload(
    database: Database, blobs: BlobStore, track_id: UUID, upload_id: UUID, *, clock: Clock
) -> TrackFile:
    """Join the parts into the file and forget the upload.

    Raises: UploadNotFound, UploadIncomplete, ChecksumMismatch, KindMismatch, TrackNotFound, TrackDeleted,
    BlobStoreDown.
    """
    async with database.read() as session:
        upload = await store.get_upload(session, track_id, upload_id)
        parts = await store.read_parts(session, track_id, upload_id)
    missing = [number for number in range(upload.n_parts) if number not in parts]
    if missing:
        raise UploadIncomplete(missing=missing[:100])
    measured = MeasuredStream(_joined(blobs, list(parts.values())), upload.size_bytes)
    async with new_blob(blobs, measured) as blob_id:
        if upload.sha256 is not None and measured.sha256 != upload.sha256:
            raise ChecksumMismatch(expected=upload.sha256, received=measured.sha256)
        file = TrackFile(upload.key, blob_id, measured.size_bytes, upload.content_type, measured.sha256, clock.now())
        async with database.transaction() as session:
            await store.lock_track(session, track_id)
            await store.get_upload(session, track_id, upload_id, is_locked=True)
            unused = await store.delete_upload(session, track_id, upload_id)
            old = await store.replace_file(session, track_id, file)
    await blobs.delete([*unused, *([old] if old else [])])
    return file


async def _joined(blobs: BlobStore, parts: list[tuple[UUID, int]]) -> AsyncIterator[bytes]:
    for blob_id, size_bytes in parts:
        async for piece in blobs.read(blob_id, 0, size_bytes):
            yield piece


class UploadCleaner:
    """Forgets uploads that nobody came back to finish."""

    def __init__(self, database: Database, blobs: BlobStore, *, stale_after: timedelta = _STALE_AFTER) -> None:
        self._database = database
        self._blobs = blobs
        self._stale_after = stale_after

    async def run(self) -> None:
        """Clean now and then until cancelled."""
        while True:
            await self.run_once()
            await asyncio.sleep(_CLEAN_EVERY_S)

    async def run_once(self) -> int:
        """Forget what is stale now; return how many uploads that were."""
        async with self._database.read() as session:
            stale = await store.find_stale_uploads(session, self._stale_after)
        for track_id, upload_id in stale:
            async with self._database.transaction() as session:
                unused = await store.delete_upload(session, track_id, upload_id)
            await self._blobs.delete(unused)
        return len(stale)
