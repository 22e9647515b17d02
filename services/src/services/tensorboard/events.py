"""Points to the bytes of an event file, without TensorBoard's own (slow) encoder. Pure.

Called by logdir.py. Guarantees records that TensorBoard's readers accept, checksums included. The layout is that of the
messages Event, Summary, SummaryMetadata and TensorProto; field numbers are part of their published form.
"""

import struct

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_POLYNOMIAL = 0x82F63B78  # CRC-32C, reflected
_MASK = 0xA282EAD8  # TFRecord adds this to a rotated checksum, so that checksums of checksums stay good
_DT_FLOAT, _DT_STRING = 1, 7
_CLASS_SCALAR, _CLASS_TENSOR = 1, 2
_STEP_BYTES = 10


def _make_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _make_table()
_TABLE_ARRAY = np.array(_TABLE, dtype=np.uint32)


def _masked_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def _masked_crc_of_rows(rows: Bytes) -> NDArray[np.uint32]:
    # Rows of one length: one step of the checksum is taken for all of them at once.
    crc = np.full(len(rows), 0xFFFFFFFF, dtype=np.uint32)
    for column in range(rows.shape[1]):
        crc = _TABLE_ARRAY[(crc ^ rows[:, column]) & 0xFF] ^ (crc >> np.uint32(8))
    crc ^= np.uint32(0xFFFFFFFF)
    rotated = (crc >> np.uint32(15)) | (crc << np.uint32(17))
    return (rotated.astype(np.uint64) + _MASK).astype(np.uint32)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _record(event: bytes) -> bytes:
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", _masked_crc(length)) + event + struct.pack("<I", _masked_crc(event))


def _metadata(plugin: bytes, data_class: int) -> bytes:
    return _message(9, _message(1, _message(1, plugin)) + _number(4, data_class))


def file_start(wall_time: float) -> bytes:
    """Return the record that every event file begins with."""
    return _record(b"\x09" + struct.pack("<d", wall_time) + _message(3, b"brain.Event:2"))


def scalar_records(
    tag: str, values: NDArray[np.float64], steps: NDArray[np.int64], times: NDArray[np.float64]
) -> bytes:
    """Return one record a point; all are of one length, so they are written as one matrix.

    In float32: TensorBoard's fast loader leaves series of float64 out.
    """
    n = len(values)
    if not n:
        return b""
    tensor = _number(1, _DT_FLOAT) + _message(2, b"") + b"\x22\x04"
    value = _message(1, tag.encode()) + _metadata(b"scalars", _CLASS_SCALAR)
    value += _varint(8 << 3 | 2) + _varint(len(tensor) + 4) + tensor
    inner = _varint(1 << 3 | 2) + _varint(len(value) + 4) + value
    before_number = _varint(5 << 3 | 2) + _varint(len(inner) + 4) + inner
    head = np.frombuffer(before_number, dtype=np.uint8)
    event_length = 1 + 8 + 1 + _STEP_BYTES + len(head) + 4
    events = np.empty((n, event_length), dtype=np.uint8)
    events[:, 0] = 0x09
    events[:, 1:9] = np.ascontiguousarray(times, dtype="<f8").view(np.uint8).reshape(n, 8)
    events[:, 9] = 0x10
    events[:, 10 : 10 + _STEP_BYTES] = _padded_varints(steps)
    events[:, 10 + _STEP_BYTES : -4] = head
    with np.errstate(over="ignore"):
        # What is too large for it becomes infinite, as in every event file.
        short = values.astype("<f4")
    events[:, -4:] = short.view(np.uint8).reshape(n, 4)
    length = struct.pack("<Q", event_length)
    frame = np.frombuffer(length + struct.pack("<I", _masked_crc(length)), dtype=np.uint8)
    sums = _masked_crc_of_rows(events).astype("<u4").view(np.uint8).reshape(n, 4)
    return np.hstack([np.broadcast_to(frame, (n, 12)), events, sums]).tobytes()


def _padded_varints(numbers: NDArray[np.int64]) -> Bytes:
    # Always ten bytes: longer than needed is allowed, and makes all records equally long.
    unsigned = numbers.astype(np.int64).view(np.uint64)
    columns = [(unsigned >> np.uint64(7 * i)) & np.uint64(0x7F) for i in range(_STEP_BYTES)]
    out = np.stack(columns, axis=1).astype(np.uint8)
    out[:, :-1] |= 0x80
    return out


def text_record(tag: str, text: str, step: int, time: float) -> bytes:
    """Return the record of one text, which TensorBoard renders as Markdown."""
    tensor = _number(1, _DT_STRING) + _message(2, b"") + _message(8, text.encode())
    value = _message(1, tag.encode()) + _metadata(b"text", _CLASS_TENSOR) + _message(8, tensor)
    event = b"\x09" + struct.pack("<d", time) + _number(2, step & (1 << 64) - 1) + _message(5, _message(1, value))
    return _record(event)
