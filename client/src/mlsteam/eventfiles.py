"""Reads TensorBoard's event files without TensorBoard: records, and the few protobuf messages in them.

Called by cli/tensorboard.py. Guarantees that a file that is cut or damaged gives what stands before the damage. Field
numbers are those of the published messages Event, Summary, SummaryMetadata, TensorProto and HistogramProto.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAX_RECORD_BYTES = 1 << 30
_DT_FLOAT, _DT_DOUBLE, _DT_INT32, _DT_STRING, _DT_INT64, _DT_HALF = 1, 2, 3, 7, 9, 19
_FORMATS = {_DT_FLOAT: "f", _DT_DOUBLE: "d", _DT_INT32: "i", _DT_INT64: "q", _DT_HALF: "e"}
Field = tuple[int, int | bytes]


class Damaged(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True)
class Found:
    """One value of an event: a number, texts (or encoded images), or the (left, right, count) rows of a histogram."""

    tag: str
    step: int
    time: float
    number: float | None = None
    plugin: str = ""
    texts: tuple[bytes, ...] = ()
    rows: tuple[tuple[float, float, float], ...] = ()


def records(path: Path) -> Iterator[bytes]:
    """Give the records of a file; ends where one is not whole."""
    with path.open("rb") as file:
        while len(head := file.read(12)) == 12:
            (size,) = struct.unpack_from("<Q", head)
            if size > _MAX_RECORD_BYTES:
                return
            data = file.read(size + 4)
            if len(data) < size + 4:
                return
            yield data[:size]


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if at >= len(raw) or shift > 63:
            raise Damaged("a number is cut")
        byte = raw[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _fields(raw: bytes) -> Iterator[Field]:
    at = 0
    while at < len(raw):
        head, at = _varint(raw, at)
        kind = head & 7
        if kind == 0:
            number, at = _varint(raw, at)
            yield head >> 3, number
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = _varint(raw, at)
        if size is None or at + size > len(raw):
            raise Damaged("a field is cut")
        yield head >> 3, raw[at : at + size]
        at += size


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise Damaged("a number where a message belongs")
    return value


def _first(raw: bytes, field: int) -> bytes:
    return next((_bytes(value) for number, value in _fields(raw) if number == field), b"")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _doubles(values: list[bytes]) -> list[float]:
    raw = b"".join(values)
    return list(struct.unpack(f"<{len(raw) // 8}d", raw[: len(raw) // 8 * 8]))


def _tensor(raw: bytes) -> tuple[list[float], tuple[bytes, ...]]:
    """Return the numbers and the texts of a TensorProto."""
    kind, content, numbers = 0, b"", []
    texts: list[bytes] = []
    for field, value in _fields(raw):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 4:
            content = _bytes(value)
        elif field == 8:
            texts.append(_bytes(value))
        elif field in (5, 6):
            code = "f" if field == 5 else "d"
            numbers += [one for (one,) in struct.iter_unpack(f"<{code}", _bytes(value))]
        elif field in (7, 10):
            numbers += [float(value)] if isinstance(value, int) else _packed(value)
    if content and kind in _FORMATS:
        numbers = [float(one) for (one,) in struct.iter_unpack(f"<{_FORMATS[kind]}", content)]
    return numbers, tuple(texts)


def _packed(raw: bytes) -> list[float]:
    numbers, at = [], 0
    while at < len(raw):
        number, at = _varint(raw, at)
        numbers.append(float(_signed(number)))
    return numbers


def _histogram(raw: bytes) -> tuple[tuple[float, float, float], ...]:
    limits: list[bytes] = []
    counts: list[bytes] = []
    low = 0.0
    for field, value in _fields(raw):
        if field == 1:
            (low,) = struct.unpack("<d", _bytes(value))
        elif field in (6, 7):
            (limits if field == 6 else counts).append(_bytes(value))
    rights = _doubles(limits)
    lefts = [min(low, *rights[:1]), *rights[:-1]] if rights else []
    return tuple(zip(lefts, rights, _doubles(counts), strict=False))


def _value(raw: bytes, step: int, time: float) -> Found:
    tag, plugin = "", ""
    number: float | None = None
    texts: tuple[bytes, ...] = ()
    rows: tuple[tuple[float, float, float], ...] = ()
    numbers: list[float] = []
    for field, value in _fields(raw):
        content = _bytes(value)
        if field == 1:
            tag = content.decode(errors="replace")
        elif field == 2:
            (number,) = struct.unpack("<f", content)
        elif field == 4:
            plugin, texts = plugin or "images", (_first(content, 4),)
        elif field == 5:
            plugin, rows = plugin or "histograms", _histogram(content)
        elif field == 8:
            numbers, texts = _tensor(content)
        elif field == 9:
            plugin = _first(_first(content, 1), 1).decode(errors="replace")
    if numbers and plugin == "histograms":
        rows = tuple(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=False))
    elif len(numbers) == 1 and plugin in {"", "scalars"}:
        number = numbers[0]
    return Found(tag, step, time, number, plugin, texts, rows)


def events(path: Path) -> Iterator[Found]:
    """Give the values of an event file, in order; ends where it is damaged."""
    for record in records(path):
        try:
            step, time, summary = 0, 0.0, b""
            for field, value in _fields(record):
                if field == 1:
                    (time,) = struct.unpack("<d", _bytes(value))
                elif field == 2 and isinstance(value, int):
                    step = _signed(value)
                elif field == 5:
                    summary = _bytes(value)
            found = [_value(_bytes(one), step, time) for number, one in _fields(summary) if number == 1]
        except (Damaged, struct.error):
            return
        yield from found
