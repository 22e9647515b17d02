"""Scalars of event files that TensorBoard's data server leaves out: tensors of another type than float32.

PyTorch writes them with `add_scalar(..., new_style=True, double_precision=True)`, others write whole numbers or halves.
Started by data_server.py in a child, beside the server; follows the same files and knows nothing of all else in them.
"""

import os
import re
import struct
import sys
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.data import provider

from services.tensorboard.thinning import thin_out

_LOOK_S = 2.0
_CHUNK = 1 << 20
_LENGTH = struct.Struct("<Q")
_FRAME = 16  # length, its checksum, and the checksum of the content
_POINTS = 2_000
_MAX_SERIES = 5_000
# What holds a number of each type, and how it is written where it comes as bytes. Numbers are those of DataType.
_TYPES = {
    2: ("double_val", "<f8"), 3: ("int_val", "<i4"), 4: ("int_val", "u1"), 5: ("int_val", "<i2"), 6: ("int_val", "i1"),
    9: ("int64_val", "<i8"), 10: ("bool_val", "?"), 14: ("half_val", "bfloat16"), 17: ("int_val", "<u2"),
    19: ("half_val", "<f2"), 22: ("uint32_val", "<u4"), 23: ("uint64_val", "<u8"),
}  # fmt: skip
# A short tensor of such a type, without a shape or with an empty one: few records of other plugins look like it.
_LIKELY = re.compile(b"\x42[\x04-\x3f]\x08[" + re.escape(bytes(_TYPES)) + rb"](?!\x12[^\x00])", re.DOTALL)
_LONGEST_LIKELY = 8
_PLUGIN = "scalars"


@dataclass
class _Series:
    steps: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    last: provider.ScalarDatum | None = None

    def add(self, step: int, time: float, value: float) -> None:
        if self.last is None or step >= self.last.step:
            self.last = provider.ScalarDatum(step, time, value)
        self.steps.append(step)
        self.times.append(time)
        self.values.append(value)
        if len(self.steps) >= 2 * _POINTS:
            kept = thin_out(np.array(self.values), _POINTS)
            self.steps = array("q", [self.steps[at] for at in kept])
            self.times = array("d", [self.times[at] for at in kept])
            self.values = array("d", [self.values[at] for at in kept])

    def points(self) -> list[provider.ScalarDatum]:
        # Of equal steps the one that was written last is drawn.
        by_step = {
            point[0]: provider.ScalarDatum(*point) for point in zip(self.steps, self.times, self.values, strict=True)
        }
        return [by_step[step] for step in sorted(by_step)]


class WideScalars:
    """All such series below a folder, by run and tag."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._series: dict[str, dict[str, _Series]] = {}
        self._n_series = 0
        self._seen: dict[Path, int] = {}
        self._read: dict[Path, int] = {}
        self._has_looked = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow the files in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="wide_scalars")
            self._thread.start()

    def wait(self, at_most_s: float) -> None:
        """Return when all files that were there have been read, or after a while."""
        self._has_looked.wait(at_most_s)

    def points(self, where: Any) -> dict[str, dict[str, list[provider.ScalarDatum]]]:
        """Return what a filter lets through, by run and tag, each in the order of steps and with one point a step."""
        return self._each(where, _Series.points)

    def lasts(self, where: Any) -> dict[str, dict[str, provider.ScalarDatum]]:
        """Return the last point of each series that a filter lets through."""
        return self._each(where, lambda held: held.last)

    def _each(self, where: Any, made: Callable[[_Series], Any]) -> dict[str, dict[str, Any]]:
        runs, tags = (where.runs, where.tags) if where else (None, None)
        with self._lock:
            found = {
                run: {tag: made(held) for tag, held in by_tag.items() if tags is None or tag in tags}
                for run, by_tag in self._series.items()
                if runs is None or run in runs
            }
        return {run: by_tag for run, by_tag in found.items() if by_tag}

    def _run(self) -> None:
        while True:
            # A file that came or went meanwhile is found by the next look.
            with suppress(OSError):
                self.look()
            self._has_looked.set()
            time.sleep(_LOOK_S)

    def look(self) -> None:
        """Read what is new. Raises: OSError."""
        for folder, _, names in os.walk(self._folder):
            run = Path(folder).relative_to(self._folder).as_posix()
            for name in sorted(names):
                if "tfevents" in name:
                    self._read_file(run, Path(folder) / name)

    def _read_file(self, run: str, path: Path) -> None:
        size = path.stat().st_size
        if size <= self._seen.get(path, 0):
            return
        with path.open("rb") as file:
            if path not in self._read and self._has_likely(file.fileno(), path, size):
                self._read[path] = 0
            # Nearly all files have none, and are never walked through record by record.
            if (at := self._read.get(path)) is not None:
                while (step := self._read_chunk(run, os.pread(file.fileno(), _CHUNK, at), size - at)) > 0:
                    at += step
                self._read[path] = at
        self._seen[path] = size

    def _has_likely(self, descriptor: int, path: Path, size: int) -> bool:
        starts = range(max(0, self._seen.get(path, 0) - _LONGEST_LIKELY), size, _CHUNK - _LONGEST_LIKELY)
        return any(_LIKELY.search(os.pread(descriptor, _CHUNK, start)) for start in starts)

    def _read_chunk(self, run: str, chunk: bytes, left: int) -> int:
        """Take the whole records that a chunk begins with; return their bytes, or those of one that is too long."""
        likely = (match.start() for match in _LIKELY.finditer(chunk))
        at, found, n_bytes, length_at = 0, next(likely, sys.maxsize), len(chunk), _LENGTH.unpack_from
        while at + 8 <= n_bytes:
            end = at + length_at(chunk, at)[0] + _FRAME
            if end > n_bytes:
                return end if not at and n_bytes == _CHUNK and end <= left else at
            if found < end:
                self._take(run, chunk[at + 12 : end - 4])
                while found < end:
                    found = next(likely, sys.maxsize)
            at = end
        return at

    def _take(self, run: str, content: bytes) -> None:
        try:
            event = Event.FromString(content)
        except DecodeError:
            return
        for value in event.summary.value:
            if value.WhichOneof("value") != "tensor" or (number := _number(value.tensor)) is None:
                continue
            with self._lock:
                tags = self._series.get(run, {})
                if value.tag not in tags:
                    # As everywhere in TensorBoard, the first value of a tag says what it is.
                    if value.metadata.plugin_data.plugin_name != _PLUGIN or self._n_series >= _MAX_SERIES:
                        continue
                    self._n_series += 1
                    self._series.setdefault(run, tags)[value.tag] = _Series()
                tags[value.tag].add(event.step, event.wall_time, number)


def _number(tensor: Any) -> float | None:
    if tensor.dtype not in _TYPES or tensor.tensor_shape.dim:
        return None
    name, written = _TYPES[tensor.dtype]
    numbers = getattr(tensor, name)
    if numbers and name != "half_val":
        return float(numbers[0])
    content = tensor.tensor_content or (struct.pack("<H", numbers[0] & 0xFFFF) if numbers else b"")
    if written == "bfloat16":
        content, written = b"\x00\x00" + content, "<f4"
    return float(np.frombuffer(content, written)[0]) if len(content) == np.dtype(written).itemsize else None
