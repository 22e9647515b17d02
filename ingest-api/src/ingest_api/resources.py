"""What ingest-api holds open while it runs.

Shutdown order: uvicorn stops accepting and waits for requests in flight; the loops stop; the group writer answers what
it has taken in; the last changes are told to open pages; the pool closes.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ingest_api.body import Intake
from ingest_api.settings import IngestApiSettings
from services.core.clock import Clock, SystemClock
from services.core.supervise import Supervisor
from services.files.uploads import UploadCleaner
from services.ingest.forget import WriterForgetter
from services.ingest.group_writer import GroupWriter
from services.live.changes import ChangeNotes
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.tracks.trash import TrashCleaner


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything a route may use."""

    database: Database
    blobs: BlobStore
    writer: GroupWriter
    intake: Intake
    changes: ChangeNotes
    clock: Clock
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: IngestApiSettings) -> AsyncIterator[Resources]:
    """Open everything, run the loops, and close in reverse."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        blobs = BlobStore(settings.blob_url)
        changes = ChangeNotes(database)
        stack.push_async_callback(changes.close)
        writer = GroupWriter(
            database,
            changes=changes,
            max_queue_bytes=settings.max_queue_bytes,
            max_project_bytes=settings.max_project_queue_bytes,
        )
        stack.push_async_callback(writer.close)
        supervisor = await stack.enter_async_context(
            Supervisor().running(
                changes=changes.run,
                touches=writer.run,
                upload_cleaner=UploadCleaner(database, blobs).run,
                writer_forgetter=WriterForgetter(database).run,
                trash_cleaner=TrashCleaner(database, blobs, SystemClock(), days=settings.trash_days).run,
            )
        )
        yield Resources(database, blobs, writer, Intake(settings.max_queue_bytes), changes, SystemClock(), supervisor)
