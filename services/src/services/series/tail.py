"""What of a track is still in the batch log, decoded; a batch that was decoded once is remembered.

Called by readers. Guarantees the order in which batches were committed.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from services.core.cache import ByteLru
from services.core.points import Points
from services.storage.batch_body import BatchBody
from services.storage.batch_log import list_tail, read_batches
from services.storage.database import ReadSession

_Decoded = tuple[BatchBody, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Tail:
    """Batches of a track in order, each with the running index of what was refused in it.

    `mark` is one for the same batches and another for others.
    """

    mark: bytes
    bodies: list[_Decoded]

    def points_of(self, key: str) -> list[Points]:
        """Return the points of one series."""
        found = []
        for body, refused in self.bodies:
            start = 0
            for columns in body.series:
                places = [place for place in columns.keys.places_of(key) if start + place not in refused]
                found += [points for place in places if len(points := columns.points_at(place))]
                start += len(columns.keys)
        return found


class TailCache:
    """Decoded batches by track, writer and number."""

    def __init__(self, batches: ByteLru[_Decoded]) -> None:
        self._batches = batches

    async def read(self, session: ReadSession, track_id: UUID) -> Tail:
        """Return what is in the batch log of a track; only what was not seen before is read and decoded."""
        names = await list_tail(session, track_id)
        held: dict[tuple[UUID, int], _Decoded | None] = {
            name: self._batches.get(("batch", track_id, *name)) for name in names
        }
        missing = [name for name in names if held[name] is None]
        for batch in await read_batches(session, track_id, missing) if missing else []:
            fresh = batch.decode(), batch.refused
            held[batch.writer, batch.seq] = fresh
            size = 1_000 + sum(8 * len(one.values) + one.times.nbytes * 2 for one in fresh[0].series)
            self._batches.put(("batch", track_id, batch.writer, batch.seq), fresh, size)
        mark = hashlib.blake2b(b"".join(writer.bytes + seq.to_bytes(8) for writer, seq in names)).digest()
        return Tail(mark, [decoded for name in names if (decoded := held[name]) is not None])


async def read_whole_tail(session: ReadSession, track_id: UUID) -> Tail:
    """Return what is in the batch log of a track, remembering nothing."""
    return await TailCache(ByteLru(0)).read(session, track_id)
