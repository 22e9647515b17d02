"""Empty the trash of tracks that have lain in it long enough.

Runs in ingest-api. Guarantees that a track that somebody restores at the same moment is either restored or purged.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog

from services.core.clock import Clock
from services.core.errors import TrackDeleted, TrackNotFound
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.tracks import store
from services.tracks.actions import delete_track

log = structlog.get_logger()

_EVERY_S = 600.0


async def purge_tracks(database: Database, blobs: BlobStore, track_ids: list[UUID]) -> int:
    """Delete what tracks in the trash hold, each in a transaction of its own; return how many that were."""
    n_purged = 0
    for track_id in track_ids:
        async with database.transaction() as session:
            # Locks the track, so whoever restores it waits, and then finds nothing to restore.
            if not await store.lock_trash(session, track_id):
                continue
            try:
                unused = await delete_track(session, track_id)
            except (TrackDeleted, TrackNotFound):
                continue
        await blobs.delete(unused)
        n_purged += 1
    return n_purged


class TrashCleaner:
    """Deletes for good what was deleted so many days ago."""

    def __init__(self, database: Database, blobs: BlobStore, clock: Clock, *, days: float) -> None:
        self._database, self._blobs, self._clock, self._after = database, blobs, clock, timedelta(days=days)

    async def run(self) -> None:
        """Clean now and then until cancelled."""
        while True:
            await self.run_once()
            await asyncio.sleep(_EVERY_S)

    async def run_once(self) -> int:
        """Purge what is due now; return how many tracks that were."""
        async with self._database.read() as session:
            due = await store.find_trash(session, before=self._clock.now() - self._after)
        n_purged = await purge_tracks(self._database, self._blobs, due)
        if n_purged:
            log.info("trash_purged", n=n_purged)
        return n_purged
