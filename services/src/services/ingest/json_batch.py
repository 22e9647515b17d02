"""A batch written as JSON, by people and scripts, into the same bytes that the client sends.

Called by ingest-api's post_batch. Raises MalformedBatch, and nothing else, for any bytes whatever.
"""

from typing import Annotated

import msgspec
import numpy as np

from services.core.errors import MalformedBatch
from services.core.points import Floats
from services.core.values import INT64_MAX, INT64_MIN, WireType
from services.storage.batch_body import (
    WireBatch,
    WireConfig,
    WireConsole,
    WireLoss,
    WireSeries,
    encode_body,
    encode_series,
)

# JSON has no word for these; as values of a number series these strings stand for them.
_NAMED = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

JsonValue = bool | int | float | str


class JsonSeries(msgspec.Struct, forbid_unknown_fields=True):
    """Points of one series, or of several as columns."""

    values: list[JsonValue]
    key: str | None = None
    keys: list[str] | None = None
    counts: list[Annotated[int, msgspec.Meta(ge=0, le=2**31)]] | None = None
    type: WireType | None = None
    times: list[float] | None = None
    steps: list[float | None] | None = None


class JsonConsole(msgspec.Struct, forbid_unknown_fields=True):
    """Lines of one console stream."""

    stream: str
    lines: list[str]
    times: list[float] | None = None


class JsonConfig(msgspec.Struct, forbid_unknown_fields=True):
    """One config value."""

    key: str
    value: JsonValue
    time: float | None = None


class JsonBatch(msgspec.Struct, forbid_unknown_fields=True):
    """One batch."""

    writer: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**62)]
    v: int = 1
    sent_at: float | None = None
    series: list[JsonSeries] = []
    configs: list[JsonConfig] = []
    console: list[JsonConsole] = []
    losses: list[WireLoss] = []


_decoder = msgspec.json.Decoder(JsonBatch)


def convert_json(raw: bytes, now: float) -> bytes:
    """Return the msgpack form of a batch in JSON; times that are left out are `now`. Raises: MalformedBatch."""
    try:
        batch = _decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedBatch(f"The body is not a batch: {error}") from error
    wire = WireBatch(
        v=batch.v,
        writer=batch.writer,
        seq=batch.seq,
        sent_at=now if batch.sent_at is None else batch.sent_at,
        series=[_series(series, now) for series in batch.series],
        configs=[WireConfig(c.key, c.value, now if c.time is None else c.time) for c in batch.configs],
        console=[_console(console, now) for console in batch.console],
        losses=batch.losses,
    )
    try:
        return encode_body(wire)
    except (OverflowError, UnicodeEncodeError) as error:
        # JSON knows integers past 64 bits and halves of characters; the wire form knows neither.
        raise MalformedBatch(f"The body holds a value that cannot be stored: {error}") from error


def _series(given: JsonSeries, now: float) -> WireSeries:
    if (given.key is None) == (given.keys is None):
        raise MalformedBatch("A series has either `key` or `keys`.")
    keys = [given.key] if given.key is not None else given.keys or []
    times = _floats(given.times, len(given.values), now)
    counts = given.counts if given.counts is not None or len(keys) != 1 else [len(given.values)]
    steps = None
    if given.steps is not None:
        steps = np.array([np.nan if step is None else step for step in given.steps], "<f8")
    return encode_series(keys, *_column(given), times, counts=counts, steps=steps)


def _floats(given: list[float] | None, n: int, now: float) -> Floats:
    return np.full(n, now) if given is None else np.array(given, "<f8")


def _console(given: JsonConsole, now: float) -> WireConsole:
    times = _floats(given.times, len(given.lines), now)
    return WireConsole(given.stream, times.tobytes(), msgspec.Raw(msgspec.msgpack.encode(given.lines)))


def _infer(values: list[JsonValue]) -> WireType:
    kinds = {type(value) for value in values}
    if kinds <= {bool}:
        return WireType.BOOL if kinds else WireType.F64
    if kinds <= {int}:
        return WireType.I64
    if kinds <= {str}:
        return WireType.STR
    return WireType.F64


def _column(given: JsonSeries) -> tuple[WireType, object]:
    wire_type = given.type or _infer(given.values)
    wrong = MalformedBatch(f"The values of one series entry have one type; not all of these are {wire_type}.")
    match wire_type:
        case WireType.STR:
            if not all(isinstance(value, str) for value in given.values):
                raise wrong
            return wire_type, given.values
        case WireType.BOOL:
            if not all(isinstance(value, bool) for value in given.values):
                raise wrong
            return wire_type, np.array(given.values, np.uint8)
        case WireType.I64:
            if not all(type(value) is int and INT64_MIN <= value <= INT64_MAX for value in given.values):
                raise wrong
            return wire_type, np.array(given.values, "<i8")
        case WireType.F64:
            return wire_type, np.array([_number(value, wrong) for value in given.values], "<f8")


def _number(value: JsonValue, wrong: MalformedBatch) -> float:
    if isinstance(value, bool):
        raise wrong
    if isinstance(value, str):
        if value not in _NAMED:
            raise wrong
        return _NAMED[value]
    try:
        return float(value)
    except OverflowError:
        raise wrong from None
