"""What track-api holds while it runs. On shutdown: no more requests, then the database's pool is closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.core.supervise import Supervisor
from services.storage.blobs import BlobStore
from services.storage.database import Database
from track_api.settings import TrackApiSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """The database and the blob store; track-api runs no loops."""

    settings: TrackApiSettings
    database: Database
    blobs: BlobStore
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TrackApiSettings) -> AsyncIterator[Resources]:
    """Open everything, and close it in reverse."""
    database = Database.from_settings(settings)
    try:
        yield Resources(settings, database, BlobStore(settings.blob_url), None)
    finally:
        await database.close()
