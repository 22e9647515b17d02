"""How new the data of a track is: one cheap question instead of reading it, for answers that may be unchanged."""

import hashlib
from uuid import UUID

from services.storage.database import AnySession, Database


async def data_version(session: AnySession, track_id: UUID) -> str:
    """Return a short text that changes whenever anything that was logged to the track, or said of it, changes.

    Transposing moves data and changes no answer, so it does not change the version.
    """
    rows = await Database.fetch(
        session,
        "SELECT updated_at, next_leaf_id, leaves_version,"
        " (SELECT sum(acked_through) FROM writers WHERE track_id = $1),"
        " (SELECT max(uploaded_at) FROM files WHERE track_id = $1),"
        " (SELECT count(*) FROM files WHERE track_id = $1)"
        " FROM tracks WHERE track_id = $1",
        track_id,
    )
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:24]
