"""Which tracks of a table a query means, in which order, and in which groups. Pure.

Guarantees one total order: tracks that are alike in every column asked for stand newest first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne

import numpy as np
from numpy.typing import NDArray

from services.core.errors import BadQuery
from services.core.points import Floats
from services.core.values import Value, ValueType
from services.listing.conditions import All, AnyOf, Compare, Field, FieldType, Has, Node, Not, OneOf, Word
from services.listing.query import parse_column
from services.listing.table import Column, Table
from services.tracks.model import Track, TrackStatus

Mask = NDArray[np.bool_]
_DAY_S = 86_400.0
_COMPARE = {":": eq, "=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
MAX_SORTS = 5
# Names that the sorts of the API have had from the start.
_ALIASES = {"created_at": "created", "last_seen_at": "seen", "started_at": "started", "ended_at": "ended"}


@dataclass(frozen=True, slots=True)
class Sort:
    """A column and its direction."""

    field: Field
    is_descending: bool


def parse_sorts(text: str) -> tuple[Sort, ...]:
    """Read columns parted by commas, each with a minus before it for descending. Raises: BadQuery.

    A comma inside a key is written with a backslash before it.
    """
    parts = [part.replace("\0", ",") for part in text.replace("\\,", "\0").split(",") if part]
    if len(parts) > MAX_SORTS:
        raise BadQuery(f"A table is sorted by at most {MAX_SORTS} columns.", sort=text[:200])
    sorts = []
    for part in parts:
        name = part.removeprefix("-")
        sorts.append(Sort(parse_column(_ALIASES.get(name, name)), part.startswith("-")))
    return tuple(sorts)


def order_of(table: Table, node: Node, sorts: Sequence[Sort], now: datetime) -> NDArray[np.int64]:
    """Return the rows that match, in order."""
    rows = np.flatnonzero(mask_of(table, node, now) & table.is_alive[: table.n_rows])
    keys: list[Floats] = [-table.created[rows]]
    for sort in reversed(sorts):
        ranks = ranks_of(table, sort.field, now)[rows]
        # What has no value stands at the end, whatever the direction.
        keys.append(np.where(np.isnan(ranks), np.inf, -ranks if sort.is_descending else ranks))
    return rows[np.lexsort(keys)]


def mask_of(table: Table, node: Node, now: datetime) -> Mask:  # noqa: PLR0911 (a case a kind of condition)
    """Return which rows match; of dead rows anything."""
    n = table.n_rows
    match node:
        case Word(text):
            return np.fromiter((text in words for words in table.words), np.bool_, n)
        case OneOf(track_ids):
            mask = np.zeros(n, np.bool_)
            mask[[row for track_id in track_ids if (row := table.row_of.get(track_id)) is not None]] = True
            return mask
        case Not(inner):
            return ~mask_of(table, inner, now)
        case All(nodes):
            mask = np.ones(n, np.bool_)
            for one in nodes:
                mask &= mask_of(table, one, now)
            return mask
        case AnyOf(nodes):
            mask = np.zeros(n, np.bool_)
            for one in nodes:
                mask |= mask_of(table, one, now)
            return mask
        case Has(field):
            if field.key:
                column = table.find_column(field)
                return np.zeros(n, np.bool_) if column is None else column.types[:n] > 0
            return ~np.isnan(ranks_of(table, field, now))
        case Compare(field, op, value):
            if op == "!=":
                return ~_compare(table, field, "=", value, now)
            return _compare(table, field, op, value, now)


def _compare(  # noqa: PLR0911 (a case a type)
    table: Table, field: Field, op: str, value: float | str | datetime, now: datetime
) -> Mask:
    n = table.n_rows
    match field.type:
        case FieldType.VALUE:
            column = table.find_column(field)
            if column is None:
                return np.zeros(n, np.bool_)
            if isinstance(value, str):
                return _compare_texts(column, n, op, value)
            return _compare_numbers(column, n, op, value) if isinstance(value, float) else np.zeros(n, np.bool_)
        case FieldType.NUMBER | FieldType.DURATION:
            mask: Mask = _COMPARE[op](numbers_of(table, field, now), value)
            return mask
        case FieldType.MOMENT if isinstance(value, datetime):
            moments, wanted = numbers_of(table, field, now), value.timestamp()
            if op in {":", "="}:
                # Nobody means a microsecond: a day it is.
                start = wanted - wanted % _DAY_S
                return (moments >= start) & (moments < start + _DAY_S)
            compared: Mask = _COMPARE[op](moments, wanted)
            return compared
        case _:
            found = _text_test(field, op, str(value).casefold())
            return np.fromiter((track is not None and found(track) for track in table.tracks), np.bool_, n)


def _compare_texts(column: Column, n: int, op: str, value: str) -> Mask:
    wanted = value.casefold()
    tests: dict[str, Callable[[str], bool]] = {
        ":": lambda text: wanted in text, "=": lambda text: text == wanted, "<": lambda text: text < wanted,
        "<=": lambda text: text <= wanted, ">": lambda text: text > wanted, ">=": lambda text: text >= wanted,
    }  # fmt: skip
    mask = np.zeros(n, np.bool_)
    for row, text in column.texts.items():
        mask[row] = tests[op](text.casefold())
    return mask


def _compare_numbers(column: Column, n: int, op: str, value: float) -> Mask:
    numbers = column.numbers[:n]
    if np.isnan(value):
        return (column.types[:n] == int(ValueType.FLOAT)) & np.isnan(numbers) if op in {":", "="} else np.zeros(n, bool)
    mask: Mask = _COMPARE[op](numbers, value)
    for row, text in column.texts.items():
        # A number that was logged as a text is meant, too.
        try:
            mask[row] = bool(_COMPARE[op](float(text), value))
        except ValueError:
            continue
    return mask


def _text_test(field: Field, op: str, wanted: str) -> Callable[[Track], bool]:
    if field.name == "tag":
        return lambda track: any(tag.casefold() == wanted for tag in track.tags)
    read = _TEXTS[field.name]
    if field.name == "id":
        return lambda track: read(track).startswith(wanted)
    if op == ":" and field.type is FieldType.TEXT:
        return lambda track: wanted in read(track).casefold()
    return lambda track: read(track).casefold() == wanted


_TEXTS: dict[str, Callable[[Track], str]] = {
    "name": lambda track: track.name,
    "id": lambda track: str(track.track_id),
    "status": lambda track: track.status.value,
    "notes": lambda track: track.notes,
    "origin": lambda track: track.origin,
    "by": lambda track: track.created_by,
    "tag": lambda track: "\n".join(track.tags),
}
_MOMENTS: dict[str, Callable[[Track], datetime | None]] = {
    "created": lambda track: track.created_at,
    "started": lambda track: track.started_at,
    "ended": lambda track: track.ended_at,
    # A track that was never heard of counts from when it was made.
    "seen": lambda track: track.last_seen_at or track.created_at,
}


def duration_s(track: Track, now: datetime) -> float:
    """Return how long a track ran: to its end, to now, or to where it was last heard of."""
    end = track.ended_at
    if end is None:
        is_heard = track.status is TrackStatus.RUNNING and track.has_signal(now)
        end = now if is_heard else track.last_seen_at or track.created_at
    return max(0.0, (end - (track.started_at or track.created_at)).total_seconds())


def numbers_of(table: Table, field: Field, now: datetime) -> Floats:
    """Return a field whose values are numbers, NaN where a track has none."""
    if field.name == "created":
        return table.created[: table.n_rows]
    if field.name == "number":
        read: Callable[[Track], float] = lambda track: track.number  # noqa: E731 (one of three)
    elif field.name == "duration":
        read = lambda track: duration_s(track, now)  # noqa: E731
    else:
        moment = _MOMENTS[field.name]
        read = lambda track: at.timestamp() if (at := moment(track)) else np.nan  # noqa: E731
    return np.fromiter((np.nan if track is None else read(track) for track in table.tracks), np.float64, table.n_rows)


def ranks_of(table: Table, field: Field, now: datetime) -> Floats:
    """Return numbers that order the rows as a field does, NaN where a track has no value."""
    n = table.n_rows
    if field.key:
        column = table.find_column(field)
        if column is None:
            return np.full(n, np.nan)
        numbers = column.numbers[:n]
        if not column.texts:
            return numbers
        # Numbers first, then texts.
        distinct = np.unique(numbers[~np.isnan(numbers)])
        ranks = np.where(np.isnan(numbers), np.nan, np.searchsorted(distinct, numbers).astype(np.float64))
        rows = list(column.texts)
        ranks[rows] = len(distinct) + _text_ranks([column.texts[row] for row in rows])
        return ranks
    if field.type in {FieldType.NUMBER, FieldType.DURATION, FieldType.MOMENT}:
        return numbers_of(table, field, now)
    ranks = _text_ranks(["" if track is None else _TEXTS[field.name](track) for track in table.tracks])
    if field.name in {"tag", "notes"}:
        ranks[[track is None or not _TEXTS[field.name](track) for track in table.tracks]] = np.nan
    return ranks


def _text_ranks(texts: Sequence[str]) -> Floats:
    place = {text: at for at, text in enumerate(sorted(set(texts), key=lambda text: (text.casefold(), text)))}
    return np.fromiter((place[text] for text in texts), np.float64, len(texts))


@dataclass(frozen=True, slots=True)
class Group:
    """Tracks that are alike in one column; value None: they have none."""

    value: Value | None
    n_tracks: int


def groups_of(table: Table, rows: NDArray[np.int64], field: Field, now: datetime) -> list[Group]:
    """Return the groups of rows that are in order of a field, in that order."""
    ranks = ranks_of(table, field, now)[rows]
    starts = np.flatnonzero(np.append(True, (ranks[1:] != ranks[:-1]) & ~(np.isnan(ranks[1:]) & np.isnan(ranks[:-1]))))
    if not len(rows):
        return []
    ends = np.append(starts[1:], len(rows))
    return [
        Group(value_of(table, int(rows[start]), field, now), int(end - start))
        for start, end in zip(starts, ends, strict=True)
    ]


def value_of(table: Table, row: int, field: Field, now: datetime) -> Value | None:
    """Return the value of a field in a row, as JSON has it."""
    if field.key:
        column = table.find_column(field)
        return None if column is None else column.cell(row)
    track = table.tracks[row]
    if track is None:
        return None
    if field.type is FieldType.MOMENT:
        moment = _MOMENTS[field.name](track)
        return moment.isoformat() if moment else None
    if field.name == "duration":
        return duration_s(track, now)
    return track.number if field.name == "number" else _TEXTS[field.name](track) or None
