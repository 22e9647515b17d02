"""How long the series of 256 neighbouring leaves are and where each stands: one row, read and written as columns.

Called by the transposer (which changes it) and by readers (which add what is still in the batch log). Guarantees that
the newest point is the newest by time, and of equal times the one that arrived last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import Value, ValueType
from services.series.grouping import PAGE, Arranged, Grouped


@dataclass(slots=True)
class SeriesPage:
    """Columns by the place of a leaf in its page (leaf_id % 256). A series with n_points 0 is not there."""

    n_points: NDArray[np.int64]
    # Points of it that rest in chunks, and the version of the page up to which its segments were emptied for that.
    n_chunked: NDArray[np.int64]
    chunked_through: NDArray[np.int64]
    last_type: NDArray[np.uint8]
    last_time: Floats
    last_step: Floats
    # The eight bytes of the newest value; a string stands in `texts`.
    last_bits: NDArray[np.uint64]
    texts: dict[int, str] = field(default_factory=dict)

    def last_value(self, place: int) -> Value:
        """Return the newest value of a series."""
        bits = self.last_bits[place]
        match ValueType(int(self.last_type[place])):
            case ValueType.STR:
                return self.texts[place]
            case ValueType.BOOL:
                return bool(bits)
            case ValueType.INT:
                return int(bits.view(np.int64))
            case ValueType.FLOAT:
                return float(bits.view(np.float64))

    def last_values(self, places: NDArray[np.int64]) -> list[Value]:
        """Return the newest values of series at these places; of a place without a series, anything."""
        values: list[Value] = self.last_bits[places].view(np.float64).tolist()
        types = self.last_type[places]
        for at in np.flatnonzero((types != int(ValueType.FLOAT)) & (types != 0)).tolist():
            values[at] = self.last_value(int(places[at]))
        return values

    def clear(self, place: int) -> None:
        """Forget a series."""
        for column in _COLUMNS:
            getattr(self, column)[place] = 0
        self.texts.pop(place, None)


_COLUMNS = {
    "n_points": np.int64, "n_chunked": np.int64, "chunked_through": np.int64, "last_type": np.uint8,
    "last_time": np.float64, "last_step": np.float64, "last_bits": np.uint64,
}  # fmt: skip


def empty_page() -> SeriesPage:
    """Return a page without a series."""
    return SeriesPage(**{name: np.zeros(PAGE, dtype) for name, dtype in _COLUMNS.items()})  # type: ignore[arg-type]


class _Stored(msgspec.Struct, array_like=True):
    n: int
    columns: list[bytes]
    texts: dict[int, str]


def encode_page(page: SeriesPage) -> bytes:
    """Write a page; the unused places at its end are left out."""
    used = np.flatnonzero(page.n_points)
    n = int(used[-1]) + 1 if len(used) else 0
    columns = [getattr(page, name)[:n].tobytes() for name in _COLUMNS]
    return zstd.compress(msgspec.msgpack.encode(_Stored(n, columns, page.texts)), 1)


def decode_page(data: bytes) -> SeriesPage:
    """Read what encode_page wrote."""
    stored = msgspec.msgpack.decode(zstd.decompress(data), type=_Stored)
    page = empty_page()
    for (name, dtype), raw in zip(_COLUMNS.items(), stored.columns, strict=True):
        getattr(page, name)[: stored.n] = np.frombuffer(raw, dtype)
    page.texts = stored.texts
    return page


def pages_of(arranged: Arranged) -> Iterator[tuple[int, Grouped]]:
    """Give points page by page; the runs of a series in order of arrival."""
    parts = [part for grouped in arranged.grouped for part in grouped.pages()]
    parts += [Grouped.of([(leaf_id, points)]) for leaf_id, runs in arranged.runs.items() for points in runs]
    for part in parts:
        yield int(part.leaf_ids[0]) // PAGE, part


def add_points(page: SeriesPage, first_leaf: int, grouped: Grouped) -> None:
    """Add points of series of one page: how many, and the newest of each where it is newer than what was there."""
    places = grouped.leaf_ids - first_leaf
    page.n_points[places] += np.diff(grouped.bounds)
    newest = grouped.newest()
    # A series that was not there has the time 0, which need not be the oldest.
    is_newer = (page.last_type[places] == 0) | (grouped.times[newest] >= page.last_time[places])
    places, newest = places[is_newer], newest[is_newer]
    page.last_type[places] = int(grouped.type)
    page.last_time[places] = grouped.times[newest]
    page.last_step[places] = grouped.steps[newest]
    for place in places.tolist() if page.texts else ():
        page.texts.pop(place, None)
    if grouped.type is ValueType.STR:
        page.texts.update(
            (place, grouped.values[at]) for place, at in zip(places.tolist(), newest.tolist(), strict=True)
        )
    else:
        page.last_bits[places] = bits_of(grouped.type, np.asarray(grouped.values)[newest])


def bits_of(value_type: ValueType, values: NDArray[np.generic]) -> NDArray[np.uint64]:
    """Return numbers as the eight bytes they are; booleans become 0 and 1."""
    if value_type is ValueType.BOOL:
        return values.astype(np.uint64)
    return np.ascontiguousarray(values).view(np.uint64)
