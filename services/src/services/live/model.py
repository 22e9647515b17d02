"""What is told of a change, and a bounded collection of what has not been told yet. Pure.

Used on both sides: by the process that committed, and by each open page's listener. Guarantees that neither grows with
what is written: keys collapse to "many", tracks collapse to "load everything anew".
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from uuid import UUID

import msgspec

# More keys than this at once are a page's whole screen; it asks for all it shows anyway.
MAX_KEYS = 100


class ChangeKind(StrEnum):
    """What of a track changed."""

    DATA = "data"  # what was logged: points, values, lines, files
    TRACK = "track"  # the track itself: made, renamed, tagged, another status, deleted


class Change(msgspec.Struct, frozen=True):
    """One track that changed; `keys` is None when they are many or all, and empty when no data changed."""

    track_id: UUID
    project_id: UUID
    keys: list[str] | None
    kinds: list[ChangeKind]


class _Pending:
    __slots__ = ("keys", "kinds", "project_id")

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self.keys: set[str] | None = set()
        self.kinds: set[ChangeKind] = set()


class ChangeSet:
    """Changes until somebody takes them; past `max_tracks` they are only known to be too many."""

    def __init__(self, *, max_tracks: int, max_keys: int) -> None:
        self._max_tracks = max_tracks
        self._max_keys = max_keys
        self._tracks: dict[UUID, _Pending] = {}
        self._n_keys = 0
        self._is_flooded = False

    def __bool__(self) -> bool:
        return self._is_flooded or bool(self._tracks)

    def add(self, track_id: UUID, project_id: UUID, keys: Iterable[str] | None, kinds: Iterable[ChangeKind]) -> None:
        """Add a change; looks at no more than MAX_KEYS + 1 of its keys."""
        if self._is_flooded:
            return
        pending = self._tracks.get(track_id)
        if pending is None:
            if len(self._tracks) >= self._max_tracks:
                self.flood()
                return
            pending = self._tracks[track_id] = _Pending(project_id)
        pending.kinds.update(kinds)
        if pending.keys is None:
            return
        known = len(pending.keys)
        if keys is not None:
            pending.keys.update(islice(keys, MAX_KEYS + 1))
        self._n_keys += len(pending.keys) - known
        if keys is None or len(pending.keys) > MAX_KEYS or self._n_keys > self._max_keys:
            self._n_keys -= len(pending.keys)
            pending.keys = None

    def flood(self) -> None:
        """Forget which tracks changed: whoever takes next must load everything anew."""
        self._is_flooded = True
        self._tracks.clear()
        self._n_keys = 0

    def take(self) -> list[Change] | None:
        """Return the changes and forget them; None when there were too many."""
        is_flooded, tracks = self._is_flooded, self._tracks
        self._is_flooded, self._tracks, self._n_keys = False, {}, 0
        if is_flooded:
            return None
        return [
            Change(track_id, p.project_id, None if p.keys is None else sorted(p.keys), sorted(p.kinds))
            for track_id, p in tracks.items()
        ]
