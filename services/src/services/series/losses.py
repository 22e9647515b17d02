"""Loss marks: what clients had to give up before it could be sent, shown at the gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.storage.database import AnySession, Database


@dataclass(frozen=True, slots=True)
class Loss:
    """Points of one key that are known to be lost."""

    key: str
    count: int
    first_at: float
    last_at: float
    reason: str


async def read_losses(session: AnySession, track_id: UUID, keys: Sequence[str]) -> list[Loss]:
    """Return the loss marks of keys, by time."""
    rows = await Database.fetch(
        session,
        "SELECT key, count, first_at, last_at, reason FROM loss_marks WHERE track_id = $1 AND key = ANY($2::text[])"
        " ORDER BY first_at",
        track_id,
        list(keys),
    )
    return [Loss(*row) for row in rows]
