"""The points of a series as a table: an Arrow stream or a Parquet file, in pieces.

Called by export.py. Guarantees the columns time (float64), step (float64, null where there is none) and value, in its
own type wherever one type holds every value exactly.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from services.core.values import ValueType
from services.series.export_rows import Rows
from services.series.export_text import whole_text

# Rows of one record batch, and of one row group of a Parquet file.
_BATCH, _ROW_GROUP = 65_536, 262_144
_ARROW_TYPES = {ValueType.FLOAT: pa.float64(), ValueType.INT: pa.int64(), ValueType.BOOL: pa.bool_()}


def _value_type(rows: Rows) -> Any:
    """Return the type of the value column: its own; float64 if only numbers mix and all fit exactly; else text."""
    types = {column.points.type: column.points for column in rows.columns}
    if len(types) == 1:
        return _ARROW_TYPES.get(next(iter(types)), pa.string())
    if types.keys() != {ValueType.FLOAT, ValueType.INT}:
        return pa.string()
    whole = np.asarray(types[ValueType.INT].values)
    numbers = whole.astype(np.float64)
    # The largest integers round up to 2^63, which is none.
    is_exact = bool(np.all(numbers < 2.0**63)) and np.array_equal(numbers.astype(np.int64), whole)
    return pa.float64() if is_exact else pa.string()


def _schema(rows: Rows) -> Any:
    return pa.schema(
        [
            pa.field("time", pa.float64(), nullable=False),
            pa.field("step", pa.float64()),
            pa.field("value", _value_type(rows), nullable=False),
        ]
    )


def _batches(rows: Rows, schema: Any) -> Iterator[Any]:
    value_type = schema.field("value").type
    for start, stop in rows.spans(_BATCH):
        times, steps = rows.times[start:stop], rows.steps[start:stop]
        if value_type != pa.string():
            values = pa.array(_numbers(rows, start, stop), value_type)
        elif len(rows.columns) == 1:
            values = pa.array(list(map(whole_text, rows.columns[0].points.values[start:stop])), pa.string())
        else:
            values = rows.strings(start, stop, is_csv=False)
        columns = [pa.array(times), pa.array(steps, mask=np.isnan(steps)), values]
        yield pa.record_batch(columns, schema=schema)


def _numbers(rows: Rows, start: int, stop: int) -> NDArray[Any]:
    if len(rows.columns) == 1:
        return np.asarray(rows.columns[0].points.values[start:stop])
    numbers = np.empty(stop - start)
    for column in rows.columns:
        places, points = column.between(start, stop)
        numbers[places] = points.values
    return numbers


class _Sink:
    """A file that is written at one end and taken away at the other."""

    closed = False

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(self._written[-1])

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def close(self) -> None:
        """Do nothing: what was written is still to be taken."""

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def arrow_pieces(rows: Rows) -> Iterator[bytes]:
    """Give the stream form of Arrow IPC."""
    sink, schema = _Sink(), _schema(rows)
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in _batches(rows, schema):
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


def parquet_pieces(rows: Rows) -> Iterator[bytes]:
    """Give a Parquet file."""
    sink, schema = _Sink(), _schema(rows)
    floats = [field.name for field in schema if field.type == pa.float64()]
    options = {
        "compression": "zstd",
        "compression_level": 1,
        # Numbers hardly repeat. The bytes of floats pack twice as well when those of one place lie together.
        "use_dictionary": ["value"] if schema.field("value").type == pa.string() else False,
        "use_byte_stream_split": floats,
    }
    with pq.ParquetWriter(sink, schema, **options) as writer:
        waiting: list[Any] = []
        for batch in _batches(rows, schema):
            waiting.append(batch)
            if sum(map(len, waiting)) >= _ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
                yield sink.take()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    yield sink.take()
