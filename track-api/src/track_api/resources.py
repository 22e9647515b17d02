"""What track-api holds while it runs. On shutdown: no more requests, then the database's pool is closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.core.supervise import Supervisor
from services.series.source import SourceCache
from services.storage.blobs import BlobStore
from services.storage.database import Database
from track_api.settings import TrackApiSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """The database, the blob store, and what was read of series; track-api runs no loops."""

    settings: TrackApiSettings
    database: Database
    blobs: BlobStore
    sources: SourceCache
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TrackApiSettings) -> AsyncIterator[Resources]:
    """Open everything, and close it in reverse."""
    database = Database.from_settings(settings)
    try:
        yield Resources(
            settings, database, BlobStore(settings.blob_url), SourceCache(settings.track_api_cache_bytes), None
        )
    finally:
        await database.close()
