"""Records to the bytes of a batch: msgpack with raw little-endian columns.

Called by sender.py. Guarantees that the same records always become the same batch, and that no point changes: values
are copied as the eight bytes that they rest as. `tests/contract/golden` holds what these bytes must be.
"""

import importlib
import math
import struct
from array import array
from collections.abc import Iterable
from typing import Any

import msgspec

from mlsteam.records import Kind, Record
from mlsteam.segments import Column, Entries, Name

_TYPES = {Kind.SERIES_FLOAT: "f64", Kind.SERIES_INT: "i64", Kind.SERIES_BOOL: "bool", Kind.SERIES_STR: "str"}
_CONFIGS = frozenset({Kind.CONFIG_FLOAT, Kind.CONFIG_INT, Kind.CONFIG_BOOL, Kind.CONFIG_STR})
# Below this, compression costs more than it saves.
_COMPRESS_FROM_BYTES = 1024


_NO_STEP = struct.pack("<d", math.nan)
# How one key's columns lie in a group: its name, its points, and its times and steps as bytes.
_Member = tuple[str, Column, tuple[bytes, bytes]]


def _value_bytes(kind: Kind, columns: list[Column]) -> bytes | list[str]:
    if kind is Kind.SERIES_STR:
        return [text for column in columns for text in column.values]
    if kind is Kind.SERIES_BOOL:
        return b"".join(bytes(column.values.tolist()) for column in columns)
    return b"".join(column.values.tobytes() for column in columns)


def _group(kind: Kind, members: list[_Member], *, is_shared: bool) -> dict[str, Any]:
    axes = [axis for _, _, axis in (members[:1] if is_shared else members)]
    times, steps = (b"".join(columns) for columns in zip(*axes, strict=True))
    return {
        "keys": [key for key, _, _ in members],
        "counts": None if is_shared else [len(column.values) for _, column, _ in members],
        "type": _TYPES[kind],
        "values": _value_bytes(kind, [column for _, column, _ in members]),
        "times": times,
        "steps": None if steps == _NO_STEP * (len(steps) // 8) else steps,
    }


def _series(columns: dict[Name, Column]) -> list[dict[str, Any]]:
    kinds: dict[Kind, list[_Member]] = {}
    for (kind, key), column in columns.items():
        kinds.setdefault(kind, []).append((key, column, (column.times.tobytes(), column.steps.tobytes())))
    groups = []
    for kind, of_kind in kinds.items():
        # Keys logged together have the same times and steps; those travel once.
        axes: dict[tuple[bytes, bytes], list[_Member]] = {}
        for member in of_kind:
            axes.setdefault(member[2], []).append(member)
        groups += [_group(kind, members, is_shared=True) for members in axes.values() if len(members) > 1]
        if alone := [members[0] for members in axes.values() if len(members) == 1]:
            groups.append(_group(kind, alone, is_shared=False))
    return groups


def _config(record: Record) -> dict[str, Any]:
    value: Any = record.number
    if record.kind is Kind.CONFIG_STR:
        value = record.text
    elif record.kind is Kind.CONFIG_BOOL:
        value = bool(record.number)
    return {"key": record.key, "value": value, "time": record.time}


def _console(records: Iterable[Record]) -> list[dict[str, Any]]:
    streams: dict[str, list[Record]] = {}
    for record in records:
        streams.setdefault(record.key, []).append(record)
    return [
        {
            "stream": stream,
            "times": array("d", [line.time for line in lines]).tobytes(),
            "lines": [line.text for line in lines],
        }
        for stream, lines in streams.items()
    ]


def _loss(record: Record) -> dict[str, Any]:
    first_at, last_at = record.time, record.step
    return {
        "key": record.key,
        "count": int(record.number),
        "first_at": first_at,
        "last_at": last_at,
        "reason": record.text,
    }


def encode_batch(writer: str, seq: int, entries: Entries, *, sent_at: float) -> bytes:
    """Write one batch."""
    batch: dict[str, Any] = {"v": 1, "writer": writer, "seq": seq, "sent_at": sent_at}
    others = entries.others
    parts: dict[str, list[dict[str, Any]]] = {
        "series": _series(entries.columns),
        "configs": [_config(record) for record in others if record.kind in _CONFIGS],
        "console": _console(record for record in others if record.kind is Kind.CONSOLE),
        "losses": [_loss(record) for record in others if record.kind is Kind.LOSS],
    }
    return msgspec.msgpack.encode(batch | {name: part for name, part in parts.items() if part})


def compress(body: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the body as it travels, with the header that says how."""
    if len(body) < _COMPRESS_FROM_BYTES:
        return body, {}
    try:
        # Imported when first needed: `import mlsteam` stays fast. Python 3.14 has it in the standard library.
        zstd = importlib.import_module("backports.zstd")
    except ImportError:
        zstd = importlib.import_module("compression.zstd")
    return bytes(zstd.compress(body, 3)), {"Content-Encoding": "zstd"}
