"""Reads a segment's slots into columns, without making an object of every point.

Called by cuts.py. Guarantees that what was committed comes back in order and bit for bit, that what was torn is left
out, and that what was damaged is counted.
"""

import os
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

from mlsteam.records import (
    CODES,
    COLUMN_HEAD,
    ENTRY_KINDS,
    HEADER_BYTES,
    KEY_HEAD,
    LONG_HEAD,
    POINT_BYTES,
    ROW_HEAD,
    SLOT_BYTES,
    Kind,
    Record,
    commit_word,
    decode_entry,
    decode_head,
    stored_bytes,
)

_HEAD_BYTES = LONG_HEAD.size
Name = tuple[Kind, str]


class Column:
    """Points of one key and kind; a bool rests as the integer 0 or 1."""

    __slots__ = ("steps", "times", "values")

    def __init__(self, kind: Kind) -> None:
        self.values: Any = [] if kind is Kind.SERIES_STR else array(CODES[kind])
        self.times, self.steps = array("d"), array("d")

    def extend(self, values: bytes, times: bytes, steps: bytes) -> None:
        """Add points as they rest in the spool, eight bytes each."""
        self.values.frombytes(values)
        self.times.frombytes(times)
        self.steps.frombytes(steps)


@dataclass(slots=True)
class Entries:
    """What a range of the spool holds."""

    columns: dict[Name, Column] = field(default_factory=dict)
    others: list[Record] = field(default_factory=list)
    records: int = 0
    damaged: int = 0

    def column(self, name: Name) -> Column:
        """Return the column of a key and kind, an empty one at first."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = Column(name[0])
        return column

    def add(self, record: Record) -> None:
        """Add an entry; a text of a series is a point."""
        if record.kind is not Kind.SERIES_STR:
            self.others.append(record)
            return
        column = self.column((record.kind, record.key))
        column.values.append(record.text)
        column.times.append(record.time)
        column.steps.append(record.step)


class _Rows:
    """Rows of one layout that follow each other: kept as they are, then cut into columns at once."""

    def __init__(self, names: list[Name]) -> None:
        self.names = names
        self.times, self.steps, self.cells = array("d"), array("d"), bytearray()

    def add_to(self, entries: Entries) -> None:
        cells, width = memoryview(self.cells), len(self.names)
        floats, integers = cells.cast("d"), cells.cast("q")
        times, steps = self.times.tobytes(), self.steps.tobytes()
        for place, name in enumerate(self.names):
            values = (floats if CODES[name[0]] == "d" else integers)[place::width]
            entries.column(name).extend(values.tobytes(), times, steps)


class SegmentReader:
    """One segment file, with the keys and layouts that were defined in it so far."""

    def __init__(self, path: Path) -> None:
        self._path, self.number = path, int(path.stem)
        self._names: dict[int, Name] = {}
        self._layouts: dict[int, list[Name]] = {}
        self._known_to = HEADER_BYTES
        self._rows: _Rows | None = None
        self._rows_layout = 0

    def read(self, start: int, end: int | None, entries: Entries, *, max_records: int, max_bytes: int) -> int:
        """Add what stands from `start` on, up to `end` or the limits; returns where it stopped. Raises: OSError."""
        if start > self._known_to:
            # After a restart the keys of what comes next were defined in what was sent before.
            self.read(self._known_to, start, Entries(), max_records=1 << 62, max_bytes=1 << 62)
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(start)
            raw = file.read(max(0, (size if end is None else min(end, size)) - start))
        used = len(raw) if end is not None else len(raw.rstrip(b"\0"))
        stop = start + self._take(raw, -(-used // SLOT_BYTES), entries, max_records, max_bytes)
        self._known_to = max(self._known_to, stop)
        return stop

    def _take(self, raw: bytes, slots: int, entries: Entries, max_records: int, max_bytes: int) -> int:
        # A file that was cut may end within a slot, which then was not committed.
        words = memoryview(raw[: len(raw) // SLOT_BYTES * SLOT_BYTES]).cast("I")
        keys, commits = words[6::8].tolist(), words[7::8].tolist()
        slots = min(slots, len(keys))
        at = 0
        while at < slots and entries.records < max_records and at * SLOT_BYTES < max_bytes:
            if not keys[at]:
                at = self._take_long(raw, at, commits[at], entries)
                continue
            most = min(slots, at + max_records - entries.records, max_bytes // SLOT_BYTES + 1)
            try:
                end = keys.index(0, at, most)
            except ValueError:
                end = most
            self._take_points(raw, at, keys[at:end], commits[at:end], entries)
            at = end
        self._end_rows(entries)
        return at * SLOT_BYTES

    def _take_points(self, raw: bytes, first: int, keys: list[int], commits: list[int], entries: Entries) -> None:
        self._end_rows(entries)
        begin = first * SLOT_BYTES
        starts = range(begin, begin + len(keys) * SLOT_BYTES, SLOT_BYTES)
        good = [
            commit == (crc32(raw[at : at + POINT_BYTES]) or 1) and key in self._names
            for at, key, commit in zip(starts, keys, commits, strict=True)
        ]
        entries.records += len(keys)
        places: dict[int, list[int]] = {}
        is_one_key = all(good) and keys.count(keys[0]) == len(keys)
        if not is_one_key:
            # A word of zero is a point whose `log` never returned; another word that is wrong is damage.
            entries.damaged += sum(not fine and commit != 0 for fine, commit in zip(good, commits, strict=True))
            for place, (key, fine) in enumerate(zip(keys, good, strict=True)):
                if fine:
                    places.setdefault(key, []).append(place)
        view = memoryview(raw)[begin : begin + len(keys) * SLOT_BYTES]
        floats, integers = view.cast("d"), view.cast("q")
        if is_one_key:
            name = self._names[keys[0]]
            values = (floats if CODES[name[0]] == "d" else integers)[2::4]
            entries.column(name).extend(values.tobytes(), floats[0::4].tobytes(), floats[1::4].tobytes())
            return
        times, steps = floats[0::4].tolist(), floats[1::4].tolist()
        of_code = {"d": floats[2::4].tolist(), "q": integers[2::4].tolist()}
        for key, of_key in places.items():
            name = self._names[key]
            code = CODES[name[0]]
            of_values, of_times, of_steps = (
                array(kind, map(column.__getitem__, of_key)).tobytes()
                for kind, column in ((code, of_code[code]), ("d", times), ("d", steps))
            )
            entries.column(name).extend(of_values, of_times, of_steps)

    def _take_long(self, raw: bytes, slot: int, commit: int, entries: Entries) -> int:
        at = slot * SLOT_BYTES
        head = decode_head(raw, at)
        if head is None:
            # Without a commit word it is a point whose key was not written yet when its process was killed.
            entries.damaged += commit != 0
            entries.records += commit != 0
            return slot + 1
        kind, size = head
        if not kind:
            return slot + 1
        end = at + stored_bytes(size)
        body = raw[at + SLOT_BYTES : at + SLOT_BYTES + size]
        # A record that was cut off with the end of the file, or by the end of its process, was never committed.
        is_whole = commit == commit_word(raw[at : at + _HEAD_BYTES], body)
        if commit and end <= len(raw) and not (is_whole and self._take_body(kind, body, entries)):
            entries.damaged += 1
            entries.records += 1
        return min(end, len(raw)) // SLOT_BYTES

    def _take_body(self, kind: int, body: bytes, entries: Entries) -> bool:
        """Take a long record that is whole; False when it needs a definition that is not."""
        if kind == Kind.KEY:
            number, of_kind = KEY_HEAD.unpack_from(body)
            self._names[number] = (Kind(of_kind), body[KEY_HEAD.size :].decode())
            return True
        if kind == Kind.LAYOUT:
            number, *keys = memoryview(body).cast("I").tolist()
            self._layouts[number] = [self._names[key] for key in keys if key in self._names]
            return len(self._layouts[number]) == len(keys)
        entries.records += 1
        if kind == Kind.ROW:
            return self._take_row(body, entries)
        self._end_rows(entries)
        if kind == Kind.COLUMN:
            return self._take_column(body, entries)
        if kind not in ENTRY_KINDS:
            return False
        entries.add(decode_entry(Kind(kind), body))
        return True

    def _take_row(self, body: bytes, entries: Entries) -> bool:
        time, step, layout, count = ROW_HEAD.unpack_from(body)
        if len(self._layouts.get(layout, ())) != count:
            return False
        if self._rows is None or self._rows_layout != layout:
            self._end_rows(entries)
            self._rows, self._rows_layout = _Rows(self._layouts[layout]), layout
        self._rows.times.append(time)
        self._rows.steps.append(step)
        self._rows.cells += body[ROW_HEAD.size :]
        return True

    def _end_rows(self, entries: Entries) -> None:
        rows, self._rows = self._rows, None
        if rows is not None:
            rows.add_to(entries)

    def _take_column(self, body: bytes, entries: Entries) -> bool:
        key, count = COLUMN_HEAD.unpack_from(body)
        if key not in self._names:
            return False
        columns = body[COLUMN_HEAD.size :]
        values, times, steps = (columns[place * count * 8 : (place + 1) * count * 8] for place in range(3))
        entries.column(self._names[key]).extend(values, times, steps)
        return True
