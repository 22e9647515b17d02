"""Put a file whole: streamed to the blob store while it is measured, then made visible in one transaction.

Called by ingest-api and by finish_upload. Guarantees that a key shows either the whole old file or the whole new one.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from services.core.clock import Clock
from services.core.errors import ChecksumMismatch, DatabaseDown, FileTooLarge, ServiceError
from services.core.ids import new_id
from services.core.keys import check_key
from services.files import store
from services.files.model import MAX_FILE_BYTES, TrackFile, clean_content_type, clean_sha256
from services.storage.blobs import BlobStore
from services.storage.database import Database


class MeasuredStream:
    """Passes bytes on while it counts and hashes them; ends with FileTooLarge past its limit."""

    def __init__(self, content: AsyncIterator[bytes], max_bytes: int) -> None:
        self._content = content
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self.error: ServiceError | None = None

    @property
    def sha256(self) -> str:
        """Return the checksum of what has passed."""
        return self._hash.hexdigest()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the bytes."""
        try:
            async for piece in self._content:
                self.size_bytes += len(piece)
                if self.size_bytes > self._max_bytes:
                    raise FileTooLarge(f"At most {self._max_bytes} bytes are taken here.", limit_bytes=self._max_bytes)
                self._hash.update(piece)
                if piece:
                    yield piece
        except ServiceError as error:
            # The blob store's library wraps whatever a stream raises; this is what really happened.
            self.error = error
            raise


@asynccontextmanager
async def new_blob(blobs: BlobStore, content: MeasuredStream) -> AsyncIterator[UUID]:
    """Store a stream under a new id for the block that makes it visible; forget it when the block fails."""
    blob_id = new_id()
    is_kept = False
    try:
        try:
            await blobs.put(blob_id, aiter(content))
        finally:
            if content.error is not None:
                raise content.error
        yield blob_id
        is_kept = True
    except DatabaseDown:
        # Nobody knows whether the commit came through: a blob too many is better than a file without one.
        is_kept = True
        raise
    finally:
        if not is_kept:
            await blobs.delete([blob_id])


async def put_file(
    database: Database,
    blobs: BlobStore,
    track_id: UUID,
    key: str,
    content: AsyncIterator[bytes],
    *,
    clock: Clock,
    content_type: str | None = None,
    sha256: str | None = None,
    max_bytes: int = MAX_FILE_BYTES,
) -> TrackFile:
    """Store a file under a key in place of the one before it.

    Raises: BadKey, BadValue, KindMismatch, FileTooLarge, ChecksumMismatch, TrackNotFound, TrackDeleted, BlobStoreDown.
    """
    check_key(key)
    content_type, sha256 = clean_content_type(content_type), clean_sha256(sha256)
    async with database.read() as session:
        # Asked before gigabytes are taken in; asked again when it counts.
        await store.check_kind(session, track_id, key)
    measured = MeasuredStream(content, max_bytes)
    async with new_blob(blobs, measured) as blob_id:
        if sha256 is not None and measured.sha256 != sha256:
            raise ChecksumMismatch(expected=sha256, received=measured.sha256)
        file = TrackFile(key, blob_id, measured.size_bytes, content_type, measured.sha256, clock.now())
        async with database.transaction() as session:
            await store.lock_track(session, track_id)
            old = await store.replace_file(session, track_id, file)
    if old is not None:
        await blobs.delete([old])
    return file
