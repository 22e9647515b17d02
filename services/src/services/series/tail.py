"""What of a track is still in the batch log, decoded; a batch that was decoded once is remembered.

Called by readers. Guarantees the order in which batches were committed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.cache import ByteLru
from services.core.points import Points
from services.storage.batch_body import BatchBody
from services.storage.batch_log import Names, list_tails, read_batches
from services.storage.database import AnySession


@dataclass(frozen=True, slots=True)
class Tail:
    """Batches of a track in order, each with the running index of what was refused in it.

    `mark` is one for the same batches and another for others.
    """

    mark: bytes
    names: list[tuple[UUID, int]]
    bodies: list[tuple[BatchBody, frozenset[int]]]

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

    def __init__(self, batches: ByteLru[BatchBody]) -> None:
        self._batches = batches

    async def read(self, session: AnySession, track_id: UUID) -> Tail:
        """Return what is in the batch log of a track; only what was not seen before is read and decoded."""
        return (await self.read_many(session, [track_id]))[track_id]

    async def read_many(self, session: AnySession, track_ids: Sequence[UUID]) -> dict[UUID, Tail]:
        """Return the same of several tracks."""
        names = await list_tails(session, track_ids)
        return {track_id: await self._read(session, track_id, refused) for track_id, refused in names.items()}

    async def _read(self, session: AnySession, track_id: UUID, refused: Names) -> Tail:
        held: dict[tuple[UUID, int], BatchBody | None]
        held = {name: self._batches.get(("batch", track_id, *name)) for name in refused}
        missing = [name for name in refused if held[name] is None]
        for batch in await read_batches(session, track_id, missing) if missing else []:
            body = batch.decode()
            held[batch.writer, batch.seq] = body
            size = 1_000 + sum(8 * len(one.values) + one.times.nbytes * 2 for one in body.series)
            self._batches.put(("batch", track_id, batch.writer, batch.seq), body, size)
        mark = hashlib.blake2b()
        for (writer, seq), indexes in refused.items():
            mark.update(writer.bytes + seq.to_bytes(8) + len(indexes).to_bytes(4))
        bodies = [(body, refused[name]) for name, body in held.items() if body is not None]
        return Tail(mark.digest(), list(refused), bodies)


async def read_whole_tail(session: AnySession, track_id: UUID) -> Tail:
    """Return what is in the batch log of a track, remembering nothing."""
    return await TailCache(ByteLru(0)).read(session, track_id)
