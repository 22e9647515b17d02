"""What the published client puts (`mlsteam-client` 0.5.0: text under a key) into the entries of a batch.

Called by ingest-api's post_object. Guarantees that the same lines under the same key are the same batch, so that a
repeated append is known by the writer's row like any other resend, in the transaction that stores it.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np

from services.core.errors import MalformedBatch
from services.core.ids import new_id
from services.core.values import INT64_MAX, INT64_MIN, WireType
from services.ingest.accept import MAX_STRING_CHARS
from services.ingest.batch import Reject
from services.storage.batch_body import WireBatch, WireConfig, WireLoss, encode_series

# Every put is a writer of its own, with one batch. Their rows are known by this and are forgotten after a while; the
# ten bytes that follow are enough to tell apart what one track receives in that while.
WRITER_PREFIX = b"\x00pv2\x00\x00"
_INT = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|nan|inf)")
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]")
_FIRST = re.compile(r"([0-9]{1,12})(\.[0-9]{1,12})?, ")
_BOOLS = {"True": True, "False": False}
_TYPES = {bool: WireType.BOOL, int: WireType.I64, float: WireType.F64, str: WireType.STR}
_DTYPES: dict[type, str] = {bool: "u1", int: "<i8", float: "<f8"}
Value = bool | int | float | str


def typed(text: str) -> Value:
    """Return the value whose text the client sent; what only looks like a number ("007", "1_000") stays text."""
    if _INT.fullmatch(text):
        # Past 64 bits a number would lose digits. Python itself refuses to read one of thousands of digits.
        whole = int(text) if len(text) <= 20 else INT64_MAX + 1
        return whole if INT64_MIN <= whole <= INT64_MAX else text
    if _FLOAT.fullmatch(text) and not _LEADING_ZERO.match(text):
        return float(text)
    return _BOOLS.get(text, text)


@lru_cache(maxsize=64)
def _start_of_point(n_digits: int, has_fraction: bool) -> re.Pattern[str]:
    fraction = r"\.[0-9]+" if has_fraction else ""
    return re.compile(rf"^([0-9]{{{n_digits}}}{fraction}), ", re.MULTILINE)


def read_lines(raw: bytes) -> tuple[list[float], list[str]]:
    """Return times and texts of `{unix time}, {value}` lines; a value may go on over several lines.

    A line starts a point when it starts with a time written like the first one: as many digits before the point, and a
    fraction or none. A value that holds such a line is cut there; the protocol leaves nothing to tell the two apart.

    Raises: MalformedBatch.
    """
    text = raw.decode("utf-8", "replace")
    first = _FIRST.match(text)
    if first is None:
        raise MalformedBatch('An append is lines of "{unix time}, {value}".')
    pieces = _start_of_point(len(first[1]), first[2] is not None).split(text)
    return [float(time) for time in pieces[1::2]], [value.removesuffix("\n") for value in pieces[2::2]]


def append_batch(key: str, raw: bytes) -> WireBatch:
    """Return the points that an append holds; a group for each type of value, so that each stays what it is.

    Raises: MalformedBatch.
    """
    times, texts = read_lines(raw)
    groups: dict[tuple[type, bool], tuple[list[float], list[Value]]] = {}
    for time, text in zip(times, texts, strict=True):
        value = typed(text)
        # A text that is too long is refused, and must not take its neighbours along.
        is_long = isinstance(value, str) and len(value) > MAX_STRING_CHARS
        group = groups.setdefault((type(value), is_long), ([], []))
        group[0].append(time)
        group[1].append(value)
    series = []
    for (kind, _), (at, values) in groups.items():
        column: Any = values if kind is str else np.array(values, np.dtype(_DTYPES[kind]))
        series.append(encode_series([key], _TYPES[kind], column, np.array(at, "<f8"), counts=[len(at)]))
    digest = hashlib.blake2b(key.encode() + b"\x00" + raw, digest_size=10).digest()
    return WireBatch(v=1, writer=(WRITER_PREFIX + digest).hex(), seq=1, sent_at=times[-1], series=series)


def config_batch(key: str, text: str, now: float) -> WireBatch:
    """Return an assigned value. Assigning the same again may mean to undo another, so it is a writer of its own."""
    writer = (WRITER_PREFIX + new_id().bytes[-10:]).hex()
    return WireBatch(v=1, writer=writer, seq=1, sent_at=now, configs=[WireConfig(key, typed(text), now)])


def loss_batch(key: str, raw: bytes, rejects: Sequence[Reject], *, writer: str, seq: int, now: float) -> WireBatch:
    """Return the marks of what was refused: the client cannot be told, so the page shows them."""
    try:
        times = read_lines(raw)[0]
    except MalformedBatch:
        times = [now]
    losses = [
        WireLoss(key, 1 if reject.entry == "config" else len(times), min(times), max(times), reject.detail[:200])
        for reject in rejects[:1]
    ]
    return WireBatch(v=1, writer=writer, seq=seq, sent_at=now, losses=losses)


def writer_range() -> tuple[UUID, UUID]:
    """Return the lowest and the highest writer of published clients; the lowest stands for those forgotten."""
    return UUID(bytes=WRITER_PREFIX + b"\x00" * 10), UUID(bytes=WRITER_PREFIX + b"\xff" * 10)
