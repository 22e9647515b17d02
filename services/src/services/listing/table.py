"""The tracks of one project with their parameters and last metric values, column by column, in memory. Pure.

Filled by tables.py, asked by match.py. Guarantees that a cell is found without looking at others, and that a project
with ever more keys takes no more than MAX_COLUMNS columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import Value, ValueType, to_json, type_of
from services.listing.conditions import Field
from services.tracks.model import Track

# A table of 10,000 tracks takes 100 kB a column.
MAX_COLUMNS = 1_000
# Longer texts are shown, filtered and sorted by their beginning.
MAX_TEXT_CHARS = 500
_EXACT = 2**53


@dataclass(slots=True)
class Column:
    """One parameter or metric of all tracks: a number and a type by row (type 0: the track has none)."""

    numbers: Floats
    types: NDArray[np.uint8]
    texts: dict[int, str] = field(default_factory=dict)
    # Integers that a float does not hold exactly.
    large: dict[int, int] = field(default_factory=dict)
    version: int = 0

    def put(self, row: int, value: Value) -> None:
        """Set a cell."""
        kind = type_of(value)
        self.types[row] = kind
        if self.texts:
            self.texts.pop(row, None)
        if self.large:
            self.large.pop(row, None)
        if isinstance(value, str):
            self.texts[row], self.numbers[row] = value[:MAX_TEXT_CHARS], np.nan
            return
        self.numbers[row] = value
        if kind is ValueType.INT and abs(value) > _EXACT:
            self.large[row] = int(value)

    def clear(self, row: int) -> None:
        """Empty a cell."""
        self.types[row], self.numbers[row] = 0, np.nan
        self.texts.pop(row, None)
        self.large.pop(row, None)

    def cell(self, row: int) -> Value | None:
        """Return a value as JSON has it, None where there is none."""
        match int(self.types[row]):
            case 0:
                return None
            case ValueType.STR:
                return self.texts[row]
            case ValueType.BOOL:
                return bool(self.numbers[row])
            case ValueType.INT:
                return self.large.get(row, int(self.numbers[row]))
            case _:
                return to_json(float(self.numbers[row]))


class Table:
    """Rows are tracks in no particular order; a row of a track that is gone is dead and is used again."""

    def __init__(self) -> None:
        self.tracks: list[Track | None] = []
        self.row_of: dict[UUID, int] = {}
        # What words are looked for in.
        self.words: list[str] = []
        self.created: Floats = np.empty(0)
        self.is_alive: NDArray[np.bool_] = np.empty(0, np.bool_)
        self.columns: dict[Field, Column] = {}
        self.n_left_out = 0
        # Grows with each change; of an unchanged table every answer can be used again.
        self.version = 0
        self._keys_of: list[frozenset[Field]] = []
        self._last_keys: frozenset[Field] = frozenset()
        self._dead: list[int] = []

    @property
    def n_rows(self) -> int:
        """Return how many rows there are, dead ones included."""
        return len(self.tracks)

    @property
    def size_bytes(self) -> int:
        """Return about how much memory it takes."""
        texts = sum(len(column.texts) for column in self.columns.values())
        return 1_500 * self.n_rows + 9 * len(self.created) * len(self.columns) + 150 * texts

    def put_track(self, track: Track) -> None:
        """Add a track, or set what is known of it."""
        row = self.row_of.get(track.track_id)
        if row is None:
            row = self._dead.pop() if self._dead else self._append()
            self.row_of[track.track_id] = row
            self.is_alive[row] = True
        elif self.tracks[row] == track:
            return
        self.tracks[row] = track
        self.words[row] = "\n".join([track.name, *track.tags]).casefold()
        self.created[row] = track.created_at.timestamp()
        self.version += 1

    def _append(self) -> int:
        row = len(self.tracks)
        self.tracks.append(None)
        self.words.append("")
        self._keys_of.append(frozenset())
        if row >= len(self.created):
            more = max(64, len(self.created))
            self.created = np.append(self.created, np.full(more, np.nan))
            self.is_alive = np.append(self.is_alive, np.zeros(more, np.bool_))
            for column in self.columns.values():
                column.numbers = np.append(column.numbers, np.full(more, np.nan))
                column.types = np.append(column.types, np.zeros(more, np.uint8))
        return row

    def drop_track(self, track_id: UUID) -> None:
        """Forget a track."""
        row = self.row_of.pop(track_id, None)
        if row is None:
            return
        self.put_values_at(row, ())
        self.tracks[row], self.words[row], self.is_alive[row] = None, "", False
        self._dead.append(row)
        self.version += 1

    def put_values(self, track_id: UUID, values: Iterable[tuple[Field, Value]]) -> None:
        """Replace the parameters and metrics of a track."""
        if (row := self.row_of.get(track_id)) is not None:
            self.put_values_at(row, values)

    def put_values_at(self, row: int, values: Iterable[tuple[Field, Value]]) -> None:
        """Replace those of a row."""
        kept: list[Field] = []
        self.version += 1
        for name, value in values:
            column = self.columns.get(name)
            if column is None:
                if len(self.columns) >= MAX_COLUMNS:
                    self.n_left_out += 1
                    continue
                size = len(self.created)
                column = Column(np.full(size, np.nan), np.zeros(size, np.uint8))
                self.columns[name] = column
            column.put(row, value)
            column.version = self.version
            kept.append(name)
        keys = frozenset(kept)
        for name in self._keys_of[row] - keys:
            column = self.columns[name]
            column.clear(row)
            column.version = self.version
        # Most tracks of a project have the same keys: they share one set, which takes kilobytes.
        if keys != self._last_keys:
            self._last_keys = keys
        self._keys_of[row] = self._last_keys

    def find_column(self, name: Field) -> Column | None:
        """Return a column; `p.lr` is also what a job was given as `parameters/lr`."""
        found = self.columns.get(name)
        if found is None and name.name == "p":
            found = self.columns.get(Field("p", f"parameters/{name.key}"))
        return found
