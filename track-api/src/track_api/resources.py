"""What track-api holds while it runs.

Shutdown order: event streams end; uvicorn waits for requests in flight; the loops stop; the last changes are told; the
database's pool closes.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from services.core.supervise import Supervisor
from services.listing.tables import ProjectTables
from services.live.changes import ChangeNotes
from services.live.hearing import Hearing
from services.live.hub import Hub
from services.live.model import Change
from services.runner.silence import Silence
from services.series.source import SourceCache
from services.storage.blobs import BlobStore
from services.storage.database import Database
from track_api.settings import TrackApiSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything a route may use."""

    settings: TrackApiSettings
    database: Database
    blobs: BlobStore
    sources: SourceCache
    tables: ProjectTables
    changes: ChangeNotes
    hub: Hub
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TrackApiSettings) -> AsyncIterator[Resources]:
    """Open everything, run the loops, and close in reverse."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        sources = SourceCache(settings.track_api_cache_bytes)
        tables, hub = ProjectTables(database, sources.tails), Hub()
        stack.push_async_callback(tables.close)
        changes = ChangeNotes(database, on_note=tables.outdate)
        stack.push_async_callback(changes.close)

        def tell(change: Change | None) -> None:
            # Before the pages, which ask at once.
            tables.outdate(change.project_id if change else None)
            hub.tell(change)

        supervisor = await stack.enter_async_context(
            Supervisor().running(
                changes=changes.run, hearing=Hearing(database, tell).run, silence=Silence(database, changes).run
            )
        )
        stack.callback(hub.close)
        yield Resources(settings, database, BlobStore(settings.blob_url), sources, tables, changes, hub, supervisor)
