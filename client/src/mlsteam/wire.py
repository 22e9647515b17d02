"""Records to the bytes of a batch: msgpack with raw little-endian columns.

Called by sender.py. Guarantees that the same records always become the same batch, and that no point changes: values
are copied as the eight bytes that they rest as. `tests/contract/golden` holds what these bytes must be.
"""

import importlib
import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mlsteam.records import Kind, Record

_TYPES = {Kind.SERIES_FLOAT: "f64", Kind.SERIES_INT: "i64", Kind.SERIES_BOOL: "bool", Kind.SERIES_STR: "str"}
_CODES = {Kind.SERIES_FLOAT: "d", Kind.SERIES_INT: "q", Kind.SERIES_BOOL: "?"}
_CONFIGS = frozenset({Kind.CONFIG_FLOAT, Kind.CONFIG_INT, Kind.CONFIG_BOOL, Kind.CONFIG_STR})
# Below this, compression costs more than it saves.
_COMPRESS_FROM_BYTES = 1024


class _Column:
    def __init__(self) -> None:
        self.values: list[Any] = []
        self.times: list[float] = []
        self.steps: list[float] = []


def _floats(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def _value_bytes(kind: Kind, values: list[Any]) -> bytes | list[str]:
    return values if kind is Kind.SERIES_STR else struct.pack(f"<{len(values)}{_CODES[kind]}", *values)


def _group(kind: Kind, members: list[tuple[str, _Column]], *, is_shared: bool) -> dict[str, Any]:
    axis = members[:1] if is_shared else members
    steps = [step for _, column in axis for step in column.steps]
    return {
        "keys": [key for key, _ in members],
        "counts": None if is_shared else [len(column.values) for _, column in members],
        "type": _TYPES[kind],
        "values": _value_bytes(kind, [value for _, column in members for value in column.values]),
        "times": _floats([time for _, column in axis for time in column.times]),
        "steps": None if all(math.isnan(step) for step in steps) else _floats(steps),
    }


def _series(records: Iterable[Record]) -> list[dict[str, Any]]:
    columns: dict[Kind, dict[str, _Column]] = {}
    for record in records:
        column = columns.setdefault(record.kind, {}).setdefault(record.key, _Column())
        column.values.append(record.text if record.kind is Kind.SERIES_STR else record.number)
        column.times.append(record.time)
        column.steps.append(record.step)
    groups = []
    for kind, of_key in columns.items():
        # Keys logged together have the same times and steps; those travel once.
        axes: dict[tuple[bytes, bytes], list[tuple[str, _Column]]] = {}
        for key, column in of_key.items():
            axes.setdefault((_floats(column.times), _floats(column.steps)), []).append((key, column))
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
        {"stream": stream, "times": _floats([line.time for line in lines]), "lines": [line.text for line in lines]}
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


def encode_batch(writer: str, seq: int, records: Sequence[Record], *, sent_at: float) -> bytes:
    """Write one batch."""
    batch: dict[str, Any] = {"v": 1, "writer": writer, "seq": seq, "sent_at": sent_at}
    parts: dict[str, list[dict[str, Any]]] = {
        "series": _series(record for record in records if record.kind in _TYPES),
        "configs": [_config(record) for record in records if record.kind in _CONFIGS],
        "console": _console(record for record in records if record.kind is Kind.CONSOLE),
        "losses": [_loss(record) for record in records if record.kind is Kind.LOSS],
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
