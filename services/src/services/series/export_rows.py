"""The points of a series in the order of a file, whatever types its parts have.

Called by export.py. Guarantees order of time, and order of arrival for points of one time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from services.core.points import Floats, Points, join_points
from services.core.values import ValueType
from services.series.export_text import merge, value_strings

# Strings can be long, and all of a piece are in memory twice.
_MOST_WITH_STRINGS = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one type, and which rows of the file they fill."""

    points: Points
    rows: NDArray[np.intp]

    def between(self, start: int, stop: int) -> tuple[NDArray[np.intp], Points]:
        """Return the values in some rows, and their places counted from the first of these."""
        first, last = np.searchsorted(self.rows, (start, stop)).tolist()
        return self.rows[first:last] - start, self.points.slice(first, last)


@dataclass(frozen=True, slots=True)
class Rows:
    """All points of a series in order of time; one column for each type of value."""

    times: Floats
    steps: Floats
    columns: list[Column]

    @property
    def has_strings(self) -> bool:
        """Say whether any value is a string."""
        return any(column.points.type is ValueType.STR for column in self.columns)

    def spans(self, most: int) -> Iterator[tuple[int, int]]:
        """Cut the rows in pieces of at most so many."""
        length = min(most, _MOST_WITH_STRINGS) if self.has_strings else most
        for start in range(0, len(self.times), length):
            yield start, min(start + length, len(self.times))

    def strings(self, start: int, stop: int, *, is_csv: bool) -> Any:
        """Return the values of some rows as text."""
        parts = [column.between(start, stop) for column in self.columns]
        return merge([(rows, value_strings(points, is_csv=is_csv)) for rows, points in parts if len(rows)])

    def types(self, start: int, stop: int) -> Any:
        """Return the names of the types of some rows' values."""
        parts = [(column.points.type, column.between(start, stop)[0]) for column in self.columns]
        return merge([(rows, pa.repeat(pa.scalar(kind.name.lower()), len(rows))) for kind, rows in parts if len(rows)])


def in_order(parts: Sequence[Points]) -> Rows:
    """Put parts, given in order of arrival, in order of time."""
    times = np.concatenate([part.times for part in parts])
    steps = np.concatenate([part.steps for part in parts])
    of_type: dict[ValueType, list[Points]] = {}
    for part in parts:
        of_type.setdefault(part.type, []).append(part)
    order = None if np.all(times[:-1] <= times[1:]) else np.argsort(times, kind="stable")
    types = np.repeat([part.type for part in parts], [len(part) for part in parts])
    place = np.arange(len(times))
    if len(of_type) > 1:
        for value_type in of_type:
            place[types == value_type] = np.arange(np.count_nonzero(types == value_type))
    if order is not None:
        times, steps, types, place = times[order], steps[order], types[order], place[order]
    columns = []
    for value_type, some in of_type.items():
        rows = np.flatnonzero(types == value_type)
        points = join_points(some)
        columns.append(Column(points if order is None else points.take(place[rows]), rows))
    return Rows(times, steps, columns)
