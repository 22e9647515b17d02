"""Code that somebody uploads for labs: kept as it came, looked into only where a job unpacks it.

Called by routes and the runner. Guarantees that what is stored has the size and sum that its row says.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select

from services.core.errors import ArchiveNotFound, BadValue
from services.core.ids import new_id
from services.files.actions import MeasuredStream, new_blob
from services.storage.blobs import BlobStore
from services.storage.database import AnySession, Database, Session
from services.storage.tables import archives

MAX_ARCHIVE_BYTES = 1 << 30
MAX_NAME_CHARS = 200
# The first bytes of what a job can unpack: zip, gzip, xz, bzip2; a plain tar has its word further in.
_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh")
_TAR = slice(257, 262)
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Archive:
    """One uploaded archive."""

    archive_id: UUID
    project_id: UUID
    name: str
    blob_id: UUID
    size_bytes: int
    sha256: bytes
    created_by: str
    created_at: datetime


async def _checked(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    head, is_checked = b"", False
    async for piece in content:
        head = head + piece if len(head) < _HEAD_BYTES else head
        if not is_checked and len(head) >= _HEAD_BYTES:
            _check(head)
            is_checked = True
        yield piece
    if not is_checked:
        _check(head)


def _check(head: bytes) -> None:
    if not head.startswith(_MAGICS) and head[_TAR] != b"ustar":
        raise BadValue("The body is not a zip, or a tar (plain, gzip, xz or bzip2).", field="body")


async def put_archive(
    database: Database, blobs: BlobStore, project_id: UUID, *, name: str, created_by: str, content: AsyncIterator[bytes]
) -> Archive:
    """Store an archive. Raises: BadValue, FileTooLarge, BlobStoreDown."""
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise BadValue(f"An archive's name has 1 to {MAX_NAME_CHARS} printable characters.", field="name")
    archive_id = new_id()
    measured = MeasuredStream(_checked(content), MAX_ARCHIVE_BYTES)
    async with new_blob(blobs, measured) as blob_id, database.transaction() as session:
        await session.execute(
            insert(archives).values(
                archive_id=archive_id,
                project_id=project_id,
                name=name,
                blob_id=blob_id,
                size_bytes=measured.size_bytes,
                sha256=bytes.fromhex(measured.sha256),
                created_by=created_by,
            )
        )
        return await get_archive(session, project_id, archive_id)


async def get_archive(session: AnySession, project_id: UUID, archive_id: UUID) -> Archive:
    """Return an archive of a project. Raises: ArchiveNotFound."""
    query = select(archives).where(archives.c.archive_id == archive_id, archives.c.project_id == project_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise ArchiveNotFound(archive_id=str(archive_id))
    return Archive(**row._mapping)  # noqa: SLF001 (the documented way to a mapping)


async def list_archives(session: AnySession, project_id: UUID) -> list[Archive]:
    """Return the archives of a project, newest first."""
    query = select(archives).where(archives.c.project_id == project_id).order_by(archives.c.archive_id.desc())
    return [Archive(**row._mapping) for row in await session.execute(query)]  # noqa: SLF001 (as above)


async def delete_archive(session: Session, archive: Archive) -> None:
    """Forget an archive; its blob is to be deleted once this is committed."""
    await session.execute(delete(archives).where(archives.c.archive_id == archive.archive_id))
