"""The body of a batch: msgpack with raw little-endian columns, to typed columns and back.

Called by ingest for what arrives, by the batch log for what was stored. Guarantees that a body that decoded fits
together: every column has the length that its keys promise. Raises MalformedBatch, and nothing else, for any bytes.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any

import msgspec
import numpy as np
from backports import zstd
from numpy.typing import NDArray

from services.core.cache import ByteLru
from services.core.errors import MalformedBatch
from services.core.keys import key_problem
from services.core.points import DTYPE_OF_TYPE, Floats, Points
from services.core.values import TYPE_OF_WIRE, ValueType, WireType

# A batch of one-byte keys would decode to fifty times its size in objects; so objects are counted before they are made.
MAX_OBJECTS = 1_000_000
# Of each kind of entry; the decoder looks at the announced length before it makes any of them.
_MANY = msgspec.Meta(max_length=200_000)


class Encoding(IntEnum):
    """How a stored body is encoded; the number is stored."""

    MSGPACK = 0
    MSGPACK_ZSTD = 1


_NIL = msgspec.Raw(b"\xc0")


class WireSeries(msgspec.Struct, omit_defaults=True):
    """Columns of one or more series."""

    keys: msgspec.Raw
    values: msgspec.Raw
    times: bytes
    type: WireType
    counts: msgspec.Raw = _NIL
    steps: bytes | None = None


class WireConfig(msgspec.Struct):
    """One config value."""

    key: str
    value: bool | int | float | str
    time: float


class WireConsole(msgspec.Struct):
    """Lines of one console stream."""

    stream: str
    times: bytes
    lines: msgspec.Raw


class WireLoss(msgspec.Struct):
    """What a client had to give up before it could be sent."""

    key: str
    count: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    first_at: float
    last_at: float
    reason: str


class WireBatch(msgspec.Struct, omit_defaults=True):
    """One batch as it travels."""

    v: int
    writer: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**62)]
    sent_at: float = 0.0
    series: Annotated[list[WireSeries], _MANY] = []
    configs: Annotated[list[WireConfig], _MANY] = []
    console: Annotated[list[WireConsole], _MANY] = []
    losses: Annotated[list[WireLoss], _MANY] = []


class KeyList:
    """The keys of a group of series. A training sends the same ones with every batch, so they are decoded once.

    `problems` names the bad ones: place in the list, and what is wrong.
    """

    __slots__ = ("_places", "keys", "problems")

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys
        self.problems = {place: problem for place, key in enumerate(keys) if (problem := key_problem(key))}
        self._places: dict[str, list[int]] | None = None

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self.keys)

    def places_of(self, key: str) -> list[int]:
        """Return where a key stands in the list; nobody forbids that it stands there twice."""
        if self._places is None:
            self._places = {}
            for place, one in enumerate(self.keys):
                self._places.setdefault(one, []).append(place)
        return self._places.get(key, [])


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """Decoded columns of one or more series; with a shared axis, times and steps are those of every key.

    `stops` is where the values of each key end.
    """

    keys: KeyList
    stops: NDArray[np.int64]
    is_shared: bool
    type: ValueType
    values: NDArray[Any] | list[str]
    times: Floats
    steps: Floats | None

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return the number of points of each key."""
        return np.diff(self.stops, prepend=0)

    def points_at(self, place: int) -> Points:
        """Return the points of one key by its place in the list."""
        start, stop = int(self.stops[place - 1]) if place else 0, int(self.stops[place])
        axis = slice(0, stop - start) if self.is_shared else slice(start, stop)
        steps = np.full(stop - start, np.nan) if self.steps is None else self.steps[axis]
        return Points(self.type, self.values[start:stop], self.times[axis], steps)


@dataclass(frozen=True, slots=True)
class ConsoleColumns:
    """Decoded lines of one console stream."""

    stream: str
    times: Floats
    lines: list[str]


@dataclass(frozen=True, slots=True)
class BatchBody:
    """A decoded batch."""

    writer: str
    seq: int
    sent_at: float
    series: list[SeriesColumns]
    configs: list[WireConfig]
    console: list[ConsoleColumns]
    losses: list[WireLoss]


_batches = msgspec.msgpack.Decoder(WireBatch)
_strings = msgspec.msgpack.Decoder(list[str])
_counts = msgspec.msgpack.Decoder(list[Annotated[int, msgspec.Meta(ge=0, le=2**31)]])
_buffers = msgspec.msgpack.Decoder(bytes)
# By their bytes. A key takes some hundred bytes here beside its text; 64 MiB hold those of hundreds of busy tracks.
_key_lists: ByteLru[KeyList] = ByteLru(64 << 20)
_KEY_BYTES = 200


def _key_list(raw: bytes) -> KeyList:
    found = _key_lists.get(raw)
    if found is None:
        found = KeyList(_strings.decode(raw))
        _key_lists.put(raw, found, 2 * len(raw) + _KEY_BYTES * len(found))
    return found


class _Budget:
    """Counts objects before they are made."""

    def __init__(self) -> None:
        self._left = MAX_OBJECTS

    def take(self, raw: msgspec.Raw, what: str) -> msgspec.Raw:
        self._left -= _array_length(memoryview(raw), what)
        if self._left < 0:
            raise MalformedBatch(f"A batch holds at most {MAX_OBJECTS} keys, strings and lines together.")
        return raw


def _array_length(raw: memoryview, what: str) -> int:
    head = raw[0] if len(raw) else 0
    if head & 0xF0 == 0x90:
        return head & 0x0F
    if head in (0xDC, 0xDD):
        return int.from_bytes(raw[1 : 3 if head == 0xDC else 5])
    raise MalformedBatch(f"{what} must be an array.")


def _floats(raw: bytes, what: str) -> Floats:
    if len(raw) % 8:
        raise MalformedBatch(f"{what} must be whole little-endian 64-bit floats; {len(raw)} bytes are not.")
    return np.frombuffer(raw, "<f8")


def _values(wire: WireSeries, value_type: ValueType, budget: _Budget) -> NDArray[Any] | list[str]:
    if value_type is ValueType.STR:
        return _strings.decode(budget.take(wire.values, "values of type str"))
    raw = _buffers.decode(wire.values)
    dtype = DTYPE_OF_TYPE[value_type]
    if len(raw) % dtype.itemsize:
        raise MalformedBatch(f"values of type {wire.type} must be whole numbers of {dtype.itemsize} bytes.")
    if value_type is ValueType.BOOL:
        bits = np.frombuffer(raw, np.uint8)
        if bits.size and bits.max() > 1:
            raise MalformedBatch("values of type bool must be bytes 0 or 1.")
        return bits.view("?")
    return np.frombuffer(raw, dtype)


def _series(wire: WireSeries, budget: _Budget) -> SeriesColumns:
    keys = _key_list(bytes(budget.take(wire.keys, "keys")))
    value_type = TYPE_OF_WIRE[wire.type]
    values, times = _values(wire, value_type, budget), _floats(wire.times, "times")
    steps = None if wire.steps is None else _floats(wire.steps, "steps")
    is_shared = bytes(wire.counts) == bytes(_NIL)
    if is_shared:
        stops = np.arange(1, len(keys) + 1, dtype=np.int64) * len(times)
    else:
        stops = np.cumsum(_counts.decode(budget.take(wire.counts, "counts")), dtype=np.int64)
    if len(stops) != len(keys):
        raise MalformedBatch(f"{len(keys)} keys need {len(keys)} counts, not {len(stops)}.")
    total = int(stops[-1]) if len(stops) else 0
    if len(values) != total:
        raise MalformedBatch(f"The keys promise {total} values, there are {len(values)}.")
    if not is_shared and len(times) != total:
        raise MalformedBatch(f"{total} values need {total} times, not {len(times)}.")
    if steps is not None and len(steps) != len(times):
        raise MalformedBatch(f"{len(times)} times need {len(times)} steps or none, not {len(steps)}.")
    return SeriesColumns(keys, stops, is_shared, value_type, values, times, steps)


def _console(wire: WireConsole, budget: _Budget) -> ConsoleColumns:
    lines, times = _strings.decode(budget.take(wire.lines, "lines")), _floats(wire.times, "times")
    if len(lines) != len(times):
        raise MalformedBatch(f"{len(lines)} lines need {len(lines)} times, not {len(times)}.")
    return ConsoleColumns(wire.stream, times, lines)


def decode_body(raw: bytes) -> BatchBody:
    """Decode msgpack. Raises: MalformedBatch."""
    try:
        wire = _batches.decode(raw)
        if wire.v != 1:
            raise MalformedBatch(f"This server knows version 1 of the batch, not {wire.v}.")
        budget = _Budget()
        return BatchBody(
            writer=wire.writer,
            seq=wire.seq,
            sent_at=wire.sent_at,
            series=[_series(series, budget) for series in wire.series],
            configs=wire.configs,
            console=[_console(console, budget) for console in wire.console],
            losses=wire.losses,
        )
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise MalformedBatch(f"The body is not a batch: {error}") from error


def decode_stored(encoding: int, body: bytes) -> BatchBody:
    """Decode a body of the batch log, whose size was checked when it came in."""
    return decode_body(zstd.decompress(body) if encoding == Encoding.MSGPACK_ZSTD else body)


def encode_series(keys: list[str], values_type: WireType, values: Any, times: Floats, **columns: Any) -> WireSeries:
    """Make the wire form of columns; `counts` (list) and `steps` (floats) are optional."""
    steps, counts = columns.get("steps"), columns.get("counts")
    return WireSeries(
        keys=msgspec.Raw(msgspec.msgpack.encode(keys)),
        values=msgspec.Raw(msgspec.msgpack.encode(values if isinstance(values, list) else values.tobytes())),
        times=times.tobytes(),
        type=values_type,
        counts=_NIL if counts is None else msgspec.Raw(msgspec.msgpack.encode(counts)),
        steps=None if steps is None else steps.tobytes(),
    )


def encode_body(batch: WireBatch) -> bytes:
    """Encode a batch as msgpack."""
    return msgspec.msgpack.encode(batch)
