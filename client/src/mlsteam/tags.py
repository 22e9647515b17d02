"""The tags of a track, read from the server each time they are looked at.

Called by facts.py. Guarantees the order in which tags were added, each once.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsteam.facts import TrackFacts


class Tags(AbstractSet[str]):
    """A set of tags; `add` and `remove` change those of the track at once. Raises: APIError."""

    def __init__(self, track: "TrackFacts") -> None:
        self._track = track

    @classmethod
    def _from_iterable(cls, it: Any) -> set[str]:  # type: ignore[override]  # `tags & other` is a plain set
        return set(it)

    def _now(self) -> list[str]:
        return [str(tag) for tag in self._track.facts()["tags"]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def __contains__(self, tag: object) -> bool:
        return tag in self._now()

    def __repr__(self) -> str:
        return f"<mlsteam tags {self._now()}>"

    def add(self, *tags: str) -> None:
        """Add tags."""
        self._track.change(tags=[*dict.fromkeys([*self._now(), *tags])])

    def remove(self, *tags: str) -> None:
        """Take tags away; those that are not there are no error."""
        self._track.change(tags=[tag for tag in self._now() if tag not in tags])
