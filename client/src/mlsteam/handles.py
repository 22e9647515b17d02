"""What `track[key]` gives: a handle that logs a series, sets a value or uploads a file.

Called by training code. Guarantees that a mistake is raised where it is made, and that the network is never waited for.
"""

import math
import mimetypes
import os
import time as clock
from array import array
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsteam import uploads
from mlsteam.errors import BadValueError, TrackClosedError
from mlsteam.keys import join_key
from mlsteam.records import Kind, Record
from mlsteam.spool import SpoolKey
from mlsteam.values import Value, flatten, plain_number, plain_value

if TYPE_CHECKING:
    from mlsteam.track import Track

_NO_STEP = math.nan
# Up to here every integer is a float of its own.
_EXACT = 2**53
_COLUMN_POINTS = 4096
_KINDS = {float: Kind.SERIES_FLOAT, int: Kind.SERIES_INT, bool: Kind.SERIES_BOOL}


def config_record(key: str, value: Value, time: float) -> Record:
    """Make the record of a config value."""
    if isinstance(value, str):
        return Record(Kind.CONFIG_STR, key, time, _NO_STEP, 0, value)
    if isinstance(value, float):
        return Record(Kind.CONFIG_FLOAT, key, time, _NO_STEP, value)
    return Record(Kind.CONFIG_BOOL if isinstance(value, bool) else Kind.CONFIG_INT, key, time, _NO_STEP, int(value))


class SeriesHandle:
    """One key of a track."""

    __slots__ = ("_float", "_key", "_others", "_spool", "_track")

    def __init__(self, track: "Track", key: str) -> None:
        self._track, self._key = track, key
        self._spool = track.spool
        self._float = SpoolKey(key, Kind.SERIES_FLOAT)
        self._others: dict[type, SpoolKey] = {}

    def __getitem__(self, name: str) -> "SeriesHandle":
        return SeriesHandle(self._track, join_key(self._key, name))

    def __setitem__(self, name: str, value: object) -> None:
        self[name].assign(value)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._track, self._key)

    def __repr__(self) -> str:
        return f"<mlsteam key {self._key!r}>"

    def log(self, value: object, step: float | None = None, timestamp: float | None = None) -> None:
        """Add a point. Raises: BadValueError, TrackClosedError."""
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was logged after the track was stopped.")
        now = clock.time() if timestamp is None else plain_number(timestamp, "A timestamp")
        if step is None:
            at = _NO_STEP
        elif type(step) is int and -_EXACT < step < _EXACT:
            at = float(step)
        else:
            at = plain_number(step, "A step")
        if type(value) is not float:
            value = plain_value(value)
            if type(value) is not float:
                self._log_other(value, now, at)
                return
        # Nearly every point is a float; this path is what a training loop pays.
        self._spool.append(self._float, now, at, value)

    # The word of other trackers.
    append = log

    def _log_other(self, value: Value, time: float, step: float) -> None:
        if isinstance(value, str):
            self._spool.append_entry(Record(Kind.SERIES_STR, self._key, time, step, 0, value))
        else:
            self._spool.append(self._spool_key(type(value)), time, step, value)

    def _spool_key(self, of_type: type) -> SpoolKey:
        if of_type is float:
            return self._float
        if of_type not in self._others:
            self._others[of_type] = SpoolKey(self._key, _KINDS[of_type])
        return self._others[of_type]

    def extend(
        self,
        values: Iterable[object],
        steps: Iterable[float] | None = None,
        timestamps: Iterable[float] | None = None,
    ) -> None:
        """Add many points in their order, of now without timestamps. Raises: BadValueError, TrackClosedError."""
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was logged after the track was stopped.")
        plain = [plain_value(value) for value in values]
        count = len(plain)
        at = [_NO_STEP] * count if steps is None else [plain_number(step, "A step") for step in steps]
        now = clock.time()
        times = [now] * count if timestamps is None else [plain_number(time, "A timestamp") for time in timestamps]
        if not len(at) == len(times) == count:
            raise BadValueError(f"{count} values need as many steps and timestamps, not {len(at)} and {len(times)}.")
        start = 0
        for of_type, run in groupby(plain, type):
            stop = start + len(list(run))
            for low in range(start, stop, _COLUMN_POINTS):
                part = slice(low, min(low + _COLUMN_POINTS, stop))
                self._extend(of_type, plain[part], times[part], at[part])
            start = stop

    def _extend(self, of_type: type, values: list[Any], times: list[float], steps: list[float]) -> None:
        if of_type is str:
            for value, time, step in zip(values, times, steps, strict=True):
                self._log_other(value, time, step)
            return
        packed = array("d" if of_type is float else "q", values).tobytes()
        axes = array("d", times).tobytes() + array("d", steps).tobytes()
        self._spool.append_column(self._spool_key(of_type), packed, times, axes)

    def assign(self, value: object) -> None:
        """Set a value; a dict sets the keys below. Raises: BadKeyError, BadValueError, TrackClosedError."""
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was set after the track was stopped.")
        now = clock.time()
        # All are checked before the first is written.
        leaves = list(flatten(self._key, value)) if isinstance(value, Mapping) else [(self._key, plain_value(value))]
        for key, plain in leaves:
            self._spool.append_entry(config_record(key, plain, now))

    def upload(self, source: bytes | str | os.PathLike[str], content_type: str | None = None) -> None:
        """Keep a copy of a file or of bytes, to be sent. Raises: BadValueError, TrackClosedError."""
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was uploaded after the track was stopped.")
        if isinstance(source, bytes | bytearray | memoryview):
            content: bytes | Path = bytes(source)
            guessed = mimetypes.guess_type(self._key)[0]
        else:
            content = Path(source)
            if not content.is_file():
                raise BadValueError(f"There is no file {content} to upload.")
            guessed = mimetypes.guess_type(content.name)[0]
        self._spool.open()
        try:
            uploads.keep(self._spool.folder, self._key, content, content_type or guessed or "application/octet-stream")
        except OSError as error:
            raise BadValueError(
                f"The file for {self._key!r} cannot be copied to {self._spool.folder}: {error}"
            ) from error
