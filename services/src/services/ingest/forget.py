"""Forget the writers of published clients, each of which is one put, once no resend of it can come any more.

Runs in ingest-api. Guarantees that the version of a track's data, a sum over its writers, never goes back.
"""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from services.ingest.published import writer_range
from services.storage.database import Database

# A time-out of the published client or of a proxy between is minutes.
_AFTER = timedelta(minutes=10)
_EVERY_S = 120.0
_FORGET = text(
    "WITH gone AS (DELETE FROM writers WHERE writer > :lowest AND writer <= :highest"
    " AND updated_at < now() - CAST(:after AS interval) RETURNING track_id, acked_through)"
    " INSERT INTO writers (track_id, writer, acked_through)"
    " SELECT track_id, :lowest, sum(acked_through) FROM gone GROUP BY track_id ORDER BY track_id"
    " ON CONFLICT (track_id, writer) DO UPDATE"
    " SET acked_through = writers.acked_through + excluded.acked_through, updated_at = now()"
)


class WriterForgetter:
    """Replaces the rows of old puts by one row a track that holds their sum."""

    def __init__(self, database: Database, *, after: timedelta = _AFTER) -> None:
        self._database = database
        self._after = after

    async def run(self) -> None:
        """Forget now and then until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.run_once()

    async def run_once(self) -> None:
        """Forget what is old now."""
        lowest, highest = writer_range()
        async with self._database.transaction() as session:
            await session.execute(_FORGET, {"lowest": lowest, "highest": highest, "after": self._after})
