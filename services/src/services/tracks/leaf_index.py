"""All keys of a track in memory, in order: what lies below a folder is found without asking the database again.

Called by readers. Guarantees that an index is used only as long as the track has the leaves that it was made of.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.cache import ByteLru
from services.core.values import LeafKind
from services.storage.database import AnySession, Database

_LEAF_BYTES = 250
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Place:
    """One name in a folder: where its leaf stands in the index (None: it is only a folder), and how many lie below."""

    name: str
    key: str
    at: int | None
    n_below: int


def natural(name: str) -> list[str | int]:
    """Return what names sort by as people read them: without regard to case, numbers by their size."""
    # Texts and numbers take turns, so that two lists never compare one with the other.
    return [int(part) if at % 2 else part for at, part in enumerate(_NUMBER.split(name.casefold()))]


class LeafIndex:
    """Keys in bytewise order, each with its number and kind."""

    def __init__(self, rows: list[tuple[str, int, int]]) -> None:
        self.keys = [key for key, _, _ in rows]
        self.leaf_ids = [leaf_id for _, leaf_id, _ in rows]
        self.kinds = [LeafKind(kind) for _, _, kind in rows]
        self.series_ids = {key: leaf_id for key, leaf_id, kind in rows if kind == LeafKind.SERIES}
        self._levels: dict[str, list[Place]] = {}
        self._shown_levels: dict[str, list[Place]] = {}
        self._folded: list[str] | None = None

    def span(self, path: str) -> range:
        """Return where the keys below a folder path stand; the key that is the path itself is not among them."""
        if not path:
            return range(len(self.keys))
        # "0" is the character after "/".
        return range(bisect_left(self.keys, path + "/"), bisect_left(self.keys, path + "0"))

    def find(self, key: str) -> int | None:
        """Return where a key stands."""
        at = bisect_left(self.keys, key)
        return at if at < len(self.keys) and self.keys[at] == key else None

    def search(self, path: str, words: str, without: Sequence[str] = ()) -> list[int]:
        """Return where keys below a folder path, but not below the folders `without`, stand that hold all words.

        Upper and lower case are alike.
        """
        if self._folded is None:
            self._folded = [key.casefold() for key in self.keys]
        folded = self._folded
        places = list(self.span(path))
        for left_out in map(self.span, without):
            places = [at for at in places if at not in left_out]
        for word in words.casefold().split():
            places = [at for at in places if word in folded[at]]
        return places

    def level(self, path: str) -> list[Place]:
        """Return the names in a folder, in order."""
        found = self._levels.get(path)
        if found is None:
            found = self._levels[path] = self._make_level(path)
        return found

    def shown_level(self, path: str) -> list[Place]:
        """Return the names in a folder as a page shows them: folders first, then by name with numbers by their size."""
        found = self._shown_levels.get(path)
        if found is None:
            found = sorted(self.level(path), key=lambda place: (place.n_below == 0, natural(place.name), place.name))
            self._shown_levels[path] = found
        return found

    def _make_level(self, path: str) -> list[Place]:
        span = self.span(path)
        start = len(path) + 1 if path else 0
        leaves: dict[str, int] = {}
        below: dict[str, int] = {}
        at = span.start
        while at < span.stop:
            name, slash, _ = self.keys[at][start:].partition("/")
            if slash:
                # All that lies below this folder is passed over at once.
                end = bisect_left(self.keys, self.keys[at][: start + len(name)] + "0", at, span.stop)
                below[name] = end - at
                at = end
            else:
                leaves[name] = at
                at += 1
        prefix = path + "/" if path else ""
        names = sorted(leaves.keys() | below.keys())
        return [Place(name, prefix + name, leaves.get(name), below.get(name, 0)) for name in names]


async def read_leaf_index(session: AnySession, cache: ByteLru[LeafIndex], track_id: UUID) -> LeafIndex:
    """Return the index of a track, made anew only when leaves were added or deleted."""
    rows = await Database.fetch(
        session, "SELECT next_leaf_id, leaves_version FROM tracks WHERE track_id = $1", track_id
    )
    name = ("leaves", track_id, *(tuple(row) for row in rows))
    index = cache.get(name)
    if index is None:
        found = await Database.fetch(
            session, "SELECT key, leaf_id, kind FROM leaves WHERE track_id = $1 ORDER BY key", track_id
        )
        index = LeafIndex([(row["key"], row["leaf_id"], row["kind"]) for row in found])
        cache.put(name, index, _LEAF_BYTES * len(found) + 2 * sum(len(key) for key in index.keys) + 500)
    return index
