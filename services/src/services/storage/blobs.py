"""Where the bytes of files rest: a local folder, or any S3, behind one small class over obstore.

A blob is named by a random id, never by a key, so that nothing a user types ever becomes a path.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from services.core.errors import BlobStoreDown

# Large enough to keep the disk busy, small enough that a slow reader holds little memory.
_READ_BYTES = 1 << 20


def _open_store(url: str) -> ObjectStore:
    if urlsplit(url).scheme == "file":
        folder = Path(unquote(urlsplit(url).path))
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(folder)
    return from_url(url)


def _path(blob_id: UUID) -> str:
    name = blob_id.hex
    # The last digits are the random ones of our ids: 256 folders of equal size.
    return f"{name[-2:]}/{name}"


class BlobStore:
    """Bytes under random ids."""

    def __init__(self, url: str) -> None:
        self._store = _open_store(url)

    async def put(self, blob_id: UUID, content: AsyncIterator[bytes]) -> None:
        """Store a stream; nothing is visible under the id before all of it is there. Raises: BlobStoreDown."""
        try:
            await obstore.put_async(self._store, _path(blob_id), content, use_multipart=True)
        except (BaseError, OSError) as error:
            raise BlobStoreDown from error

    async def read(self, blob_id: UUID, start: int, end: int) -> AsyncIterator[bytes]:
        """Stream the bytes from start up to, not including, end. Raises: BlobStoreDown."""
        try:
            while start < end:
                stop = min(end, start + _READ_BYTES)
                yield bytes(await obstore.get_range_async(self._store, _path(blob_id), start=start, end=stop))
                start = stop
        except (BaseError, OSError) as error:
            raise BlobStoreDown from error

    async def delete(self, blob_ids: list[UUID]) -> None:
        """Forget blobs; ids that are not there are fine. Raises: BlobStoreDown."""
        for blob_id in blob_ids:
            try:
                await obstore.delete_async(self._store, _path(blob_id))
            except (NotFoundError, FileNotFoundError):
                continue
            except (BaseError, OSError) as error:
                raise BlobStoreDown from error
