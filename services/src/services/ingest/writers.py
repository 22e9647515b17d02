"""Who logged to a track, and what was lost on the way, for people who want to know whether all of it is there.

Called by track-api.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.series.losses import Loss
from services.storage.database import AnySession, Database

_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Writer:
    """One process that logged to a track: its batches, and when the newest one came."""

    writer: UUID
    n_batches: int
    last_at: datetime


async def list_writers(session: AnySession, track_id: UUID) -> list[Writer]:
    """Return the writers of a track, the one heard last first; the thousand newest."""
    rows = await Database.fetch(
        session,
        "SELECT writer, acked_through, updated_at FROM writers WHERE track_id = $1 ORDER BY updated_at DESC LIMIT $2",
        track_id,
        _MOST,
    )
    return [Writer(*row) for row in rows]


async def list_losses(session: AnySession, track_id: UUID) -> list[Loss]:
    """Return the loss marks of all keys of a track, by time; the first thousand."""
    rows = await Database.fetch(
        session,
        "SELECT key, count, first_at, last_at, reason FROM loss_marks WHERE track_id = $1 ORDER BY first_at LIMIT $2",
        track_id,
        _MOST,
    )
    return [Loss(*row) for row in rows]
