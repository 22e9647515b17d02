"""What `track[key]` gives: a handle that logs a series, sets a value or uploads a file.

Called by training code. Guarantees that a mistake is raised where it is made, and that the network is never waited for.
"""

import math
import os
import time as clock
from array import array
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mlsteam import media, reading, uploads
from mlsteam.errors import BadValueError, KeyNotFoundError, TrackClosedError
from mlsteam.keys import join_key
from mlsteam.records import Kind, Record
from mlsteam.sources import Source, find_files, read_source
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

    def _refuse(self, what: str) -> NoReturn:
        raise TrackClosedError(f"{self._key!r} was {what} after the track was stopped.")

    def log(self, value: object, step: float | None = None, timestamp: float | None = None) -> None:
        """Add a point; an image, figure, table or histogram becomes a file below the key, named by its step (media.py).

        Raises: BadValueError, TrackClosedError.
        """
        if self._spool.is_closed:
            self._refuse("logged")
        now = clock.time() if timestamp is None else plain_number(timestamp, "A timestamp")
        if step is None:
            at = _NO_STEP
        elif type(step) is int and -_EXACT < step < _EXACT:
            at = float(step)
        else:
            at = plain_number(step, "A step")
        if type(value) is not float:
            if not isinstance(value, bool | int | str) and (file := media.render(value)) is not None:
                name = media.entry_name(None if step is None else at, now)
                self[f"{name}.{file.suffix}"].upload(file.content, file.content_type)
                return
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
            self._refuse("logged")
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
            self._refuse("set")
        now = clock.time()
        # All are checked before the first is written.
        leaves = list(flatten(self._key, value)) if isinstance(value, Mapping) else [(self._key, plain_value(value))]
        for key, plain in leaves:
            self._spool.append_entry(config_record(key, plain, now))

    def __delitem__(self, name: str) -> None:
        del self._track[join_key(self._key, name)]

    def fetch(self) -> Any:
        """Return a config value, or the whole series as `fetch_values` does. Raises: KeyNotFoundError, APIError."""
        leaf = reading.get_leaf(self._track.transport, self._track.id, self._key)
        if leaf.kind in {"console", "file"}:
            raise KeyNotFoundError(f"{self._key!r} is a {leaf.kind}; .download(path) gets files.")
        return leaf.value if leaf.kind == "config" else self.fetch_values()

    def fetch_last(self) -> Any:
        """Return a config value, or the newest value of a series. Raises: KeyNotFoundError, APIError."""
        return reading.get_leaf(self._track.transport, self._track.id, self._key).value

    def fetch_values(self, form: reading.Form | None = None) -> Any:
        """Return all points, in order of time, with the columns step, time and value.

        In the first of pandas, polars and pyarrow that is installed, else as a list of (step, time, value); `form`
        ("pandas", "polars", "arrow", "list") chooses. Raises: KeyNotFoundError, SettingsError, APIError.
        """
        return reading.read_values(self._track.transport, self._track.id, self._key, form)

    def download(self, path: str | os.PathLike[str] = ".") -> Path:
        """Write the file to a path, or into a folder; returns where it is.

        Raises: KeyNotFoundError, APIError, OSError.
        """
        return reading.download(self._track.transport, self._track.id, self._key, Path(path))

    def upload_files(self, pattern: str | os.PathLike[str]) -> int:
        """Upload all files that match a pattern (`out/**/*.png`), or all below a folder; returns how many.

        Each keeps its name from the first `*` of the pattern on. Raises: BadValueError, TrackClosedError.
        """
        files = find_files(pattern)
        for name, path in files:
            self[name].upload(path)
        return len(files)

    def upload(self, source: Source, content_type: str | None = None) -> None:
        """Keep a copy of a file, of bytes, or of what an open file holds from where it stands, to be sent.

        Raises: BadValueError, TrackClosedError.
        """
        if self._spool.is_closed:
            self._refuse("uploaded")
        if self._spool.is_held():
            return
        content, guessed = read_source(source, self._key)
        self._spool.open()
        try:
            uploads.keep(self._spool.folder, self._key, content, content_type or guessed)
        except OSError as error:
            raise BadValueError(
                f"The file for {self._key!r} cannot be copied to {self._spool.folder}: {error}"
            ) from error
