"""What `track[key]` gives: a handle that logs a series, sets a value or uploads a file.

Called by training code. Guarantees that a mistake is raised where it is made, and that the network is never waited for.
"""

import glob
import math
import mimetypes
import os
import re
import time as clock
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from mlsteam import media, reading, uploads
from mlsteam.errors import BadValueError, KeyNotFoundError, TrackClosedError
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
        """Add a point; an image, figure, table or histogram becomes a file below the key, named by its step (media.py).

        Raises: BadValueError, TrackClosedError.
        """
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
        if not isinstance(value, bool | int | str) and (file := media.render(value)) is not None:
            name = media.entry_name(None if step is None else at, now)
            self[f"{name}.{file.suffix}"].upload(file.content, file.content_type)
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
        text = os.fspath(pattern)
        if Path(text).is_dir():
            fixed, found = Path(text), sorted(Path(text).rglob("*"))
        else:
            fixed = Path(re.split(r"[*?\[]", text, maxsplit=1)[0] + "x").parent
            found = [Path(path) for path in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207  # absolute ones too
        files = [path for path in found if path.is_file()]
        if not files:
            raise BadValueError(f"No file matches {text!r}.")
        for path in files:
            self[path.relative_to(fixed).as_posix()].upload(path)
        return len(files)

    def upload(
        self, source: bytes | str | os.PathLike[str] | IO[bytes] | IO[str], content_type: str | None = None
    ) -> None:
        """Keep a copy of a file, of bytes, or of what an open file holds from where it stands, to be sent.

        Raises: BadValueError, TrackClosedError.
        """
        if self._spool.is_closed:
            raise TrackClosedError(f"{self._key!r} was uploaded after the track was stopped.")
        if isinstance(source, bytes | bytearray | memoryview):
            content: bytes | Path = bytes(source)
            guessed = mimetypes.guess_type(self._key)[0]
        elif not isinstance(source, str | os.PathLike):
            if not callable(getattr(source, "read", None)):
                raise BadValueError(f"A path, bytes or an open file can be uploaded, not {type(source).__name__}.")
            taken = source.read()
            content = taken.encode() if isinstance(taken, str) else bytes(taken)
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
