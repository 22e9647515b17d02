"""What `track[key]` gives: a handle that logs a series, sets a value or uploads a file.

Called by training code. Guarantees that a mistake is raised where it is made, and that the network is never waited for.
"""

import math
import mimetypes
import os
import time as clock
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlsteam import uploads
from mlsteam.errors import BadValueError, TrackClosedError
from mlsteam.keys import join_key
from mlsteam.records import FLOAT_BODY, INT_BODY, Kind, encode_text
from mlsteam.values import Value, flatten, plain_number, plain_value

if TYPE_CHECKING:
    from mlsteam.track import Track

_CONFIG_OFFSET = Kind.CONFIG_FLOAT - Kind.SERIES_FLOAT
_NO_STEP = math.nan
# Up to here every integer is a float of its own.
_EXACT = 2**53


def encode_value(kind_offset: int, key: str, value: Value, *, time: float, step: float) -> bytes:
    """Write the record of a point, or with an offset of a config value."""
    if isinstance(value, str):
        return encode_text(Kind(Kind.SERIES_STR + kind_offset), key, value, time=time, step=step)
    name = key.encode()
    if isinstance(value, float):
        return FLOAT_BODY.pack(Kind.SERIES_FLOAT + kind_offset, len(name), time, step, value) + name
    kind = Kind.SERIES_BOOL if isinstance(value, bool) else Kind.SERIES_INT
    return INT_BODY.pack(kind + kind_offset, len(name), time, step, value) + name


class SeriesHandle:
    """One key of a track."""

    __slots__ = ("_key", "_name", "_name_bytes", "_spool", "_track")

    def __init__(self, track: "Track", key: str) -> None:
        self._track, self._key = track, key
        self._spool = track.spool
        self._name = key.encode()
        self._name_bytes = len(self._name)

    def __getitem__(self, name: str) -> "SeriesHandle":
        return SeriesHandle(self._track, join_key(self._key, name))

    def __setitem__(self, name: str, value: object) -> None:
        self[name].assign(value)

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
        if type(value) is float:
            # Nearly every point is a float; this path is what a training loop pays.
            self._spool.append(FLOAT_BODY.pack(1, self._name_bytes, now, at, value) + self._name)
            return
        self._spool.append(encode_value(0, self._key, plain_value(value), time=now, step=at))

    def assign(self, value: object) -> None:
        """Set a value; a dict sets the keys below. Raises: BadKeyError, BadValueError, TrackClosedError."""
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was set after the track was stopped.")
        now = clock.time()
        # All are checked before the first is written.
        leaves = list(flatten(self._key, value)) if isinstance(value, Mapping) else [(self._key, plain_value(value))]
        for key, plain in leaves:
            self._spool.append(encode_value(_CONFIG_OFFSET, key, plain, time=now, step=_NO_STEP))

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
