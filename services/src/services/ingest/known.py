"""Which lists of keys are known to exist in a track, so that a stream of batches does not ask the database each time.

Called by write_batches. Guarantees nothing by itself: what it says holds for one version of the track's leaves, and the
statement that stores a batch compares that version.
"""

from dataclasses import dataclass, field
from uuid import UUID

from services.core.cache import ByteLru
from services.ingest.batch import Batch
from services.storage.batch_body import KeyList

_MAX_BYTES = 64 << 20
# Lists of keys that one track may have here; a training has a handful.
_LISTS_OF_A_TRACK = 64
_KEY_BYTES = 100


@dataclass(slots=True)
class _Known:
    version: int
    # The objects themselves: the decoder gives the same one for the same bytes.
    lists: set[KeyList] = field(default_factory=set)


class KnownKeys:
    """Lists of keys by track, all of which are series there."""

    def __init__(self) -> None:
        self._tracks: ByteLru[_Known] = ByteLru(_MAX_BYTES)

    def version_of(self, batch: Batch) -> int | None:
        """Return the version of the track's leaves at which all keys of a batch were series; None: not known."""
        known = self._tracks.get(batch.track_id)
        if known is None or not all(keys in known.lists for keys, _ in batch.series):
            return None
        return known.version

    def learn(self, batch: Batch, version: int) -> None:
        """Remember that all keys of a batch are series at a version of the track's leaves."""
        known = self._tracks.get(batch.track_id)
        if known is None or known.version != version or len(known.lists) >= _LISTS_OF_A_TRACK:
            known = _Known(version)
        known.lists.update(keys for keys, _ in batch.series)
        self._tracks.put(batch.track_id, known, 500 + _KEY_BYTES * sum(len(keys) for keys in known.lists))

    def forget(self, track_id: UUID) -> None:
        """Forget a track, because what was known of it did not hold."""
        self._tracks.drop(track_id)
