"""Loss marks: what clients had to give up before it could be sent, shown at the gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from services.storage.database import AnySession
from services.storage.tables import loss_marks


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
    columns = [loss_marks.c[name] for name in ("key", "count", "first_at", "last_at", "reason")]
    query = select(*columns).where(
        loss_marks.c.track_id == track_id, loss_marks.c.key == any_(cast(list(keys), ARRAY(Text)))
    )
    return [Loss(*row) for row in await session.execute(query.order_by(loss_marks.c.first_at))]
