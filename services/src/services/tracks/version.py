"""How new the data of a track is: one cheap question instead of reading it, for answers that may be unchanged."""

import hashlib
from uuid import UUID

from sqlalchemy import func, select

from services.storage.database import AnySession
from services.storage.tables import files, tracks, writers


async def data_version(session: AnySession, track_id: UUID) -> str:
    """Return a short text that changes whenever anything that was logged to the track, or said of it, changes.

    Transposing moves data and changes no answer, so it does not change the version.
    """
    acked = select(func.coalesce(func.sum(writers.c.acked_through), 0)).where(writers.c.track_id == track_id)
    uploaded = select(func.max(files.c.uploaded_at)).where(files.c.track_id == track_id)
    counted = select(func.count()).select_from(files).where(files.c.track_id == track_id)
    query = select(
        tracks.c.updated_at,
        tracks.c.next_leaf_id,
        acked.scalar_subquery(),
        uploaded.scalar_subquery(),
        counted.scalar_subquery(),
    ).where(tracks.c.track_id == track_id)
    row = (await session.execute(query)).one_or_none()
    return hashlib.sha256(repr(tuple(row or ())).encode()).hexdigest()[:24]
