"""Batches for tests, in the wire's own form."""

import uuid
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from services.core.points import Points
from services.core.values import WireType
from services.ingest.accept import accept
from services.ingest.batch import Batch
from services.storage.batch_body import (
    BatchBody,
    Encoding,
    WireBatch,
    WireConfig,
    WireConsole,
    WireSeries,
    decode_body,
    encode_body,
    encode_series,
)


def floats(
    key: str, values: list[float], *, first_time: float = 1000.0, steps: list[float] | None = None
) -> WireSeries:
    """Make a series of floats, one second apart."""
    times = first_time + np.arange(len(values), dtype=np.float64)
    columns = {} if steps is None else {"steps": np.array(steps, np.float64)}
    return encode_series([key], WireType.F64, np.array(values, np.float64), times, counts=[len(values)], **columns)


def console(stream: str, lines: list[str], time: float = 1000.0) -> WireConsole:
    """Make console lines of one moment."""
    times = np.full(len(lines), time).tobytes()
    return WireConsole(stream, times, msgspec.Raw(msgspec.msgpack.encode(lines)))


def config(key: str, value: Any, time: float = 1000.0) -> WireConfig:
    """Make a config value."""
    return WireConfig(key, value, time)


def wire(writer: UUID, seq: int, **entries: Any) -> bytes:
    """Encode a batch."""
    return encode_body(WireBatch(v=1, writer=writer.hex, seq=seq, sent_at=1000.0, **entries))


def checked(track_id: UUID, project_id: UUID, writer: UUID, seq: int, **entries: Any) -> Batch:
    """Make a batch that has passed the checks."""
    body = wire(writer, seq, **entries)
    return accept(decode_body(body), track_id=track_id, project_id=project_id, encoding=Encoding.MSGPACK, stored=body)


def new_writer() -> UUID:
    """Make the id of a writer."""
    return uuid.uuid4()


def points_of(body: BatchBody) -> list[tuple[int, str, Points]]:
    """Return every series of a body with its running index."""
    places = [(columns, place) for columns in body.series for place in range(len(columns.keys))]
    return [(i, columns.keys.keys[place], columns.points_at(place)) for i, (columns, place) in enumerate(places)]
