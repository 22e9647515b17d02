"""Tracks that write nothing: read-only ones, and disabled ones, on which nothing happens at all.

Called by opening.py. Guarantees the methods of a track; a read-only one raises where it would write, a disabled one
accepts every call, touches neither disk nor network, and starts no thread.
"""

from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from mlsteam.capture.captures import Captures
from mlsteam.creation import CreatingTransport
from mlsteam.errors import ReadOnlyError, SettingsError
from mlsteam.facts import TrackFacts
from mlsteam.handles import SeriesHandle
from mlsteam.keys import join_key
from mlsteam.track import Track


class Mode(str, Enum):  # StrEnum is of Python 3.11
    """Where what is logged goes."""

    ONLINE = "online"
    OFFLINE = "offline"
    READ_ONLY = "read-only"
    DISABLED = "disabled"

    @classmethod
    def of(cls, text: str) -> "Mode":
        """Read a mode. Raises: SettingsError."""
        try:
            return cls(text)
        except ValueError:
            raise SettingsError(f"A mode is one of {', '.join(one.value for one in cls)}, not {text!r}.") from None


def _refuse_it(*_arguments: object, **_named: object) -> NoReturn:
    raise ReadOnlyError("This track was opened read-only; open it with mode='online' to write to it.")


# Taken for methods of any form.
_refuse: Any = _refuse_it


def _ignore_it(*_arguments: object, **_named: object) -> None:
    return None


_ignore: Any = _ignore_it


class ReadOnlyHandle(SeriesHandle):
    """One key of a track that is only read."""

    __slots__ = ()

    def __init__(self, track: Track, key: str) -> None:
        self._track, self._key = track, key

    def __getitem__(self, name: str) -> SeriesHandle:
        return type(self)(self._track, join_key(self._key, name))

    log = append = extend = assign = upload = upload_files = __delitem__ = _refuse


class DisabledHandle(ReadOnlyHandle):
    """One key of a track on which nothing happens."""

    __slots__ = ()

    log = append = extend = assign = upload = upload_files = __delitem__ = _ignore
    fetch = fetch_last = download = _ignore

    def fetch_values(self, form: object = None) -> Any:  # noqa: ARG002  # the signature of every handle
        """Return no points."""
        return []


class ReadOnlyTrack(Track):
    """A track that is only read: no spool, no thread."""

    def __init__(self, track_id: str, name: str, url: str, transport: CreatingTransport) -> None:
        TrackFacts.__init__(self, track_id, name, transport, is_offline=False, folder=Path())
        self.url = url
        self._handles = {}
        self._captures = Captures(self, Path(), None)

    def __getitem__(self, key: str) -> SeriesHandle:
        return ReadOnlyHandle(self, join_key("", key))

    log = tags_set = change = __delitem__ = sync = _refuse
    dropped = rejected = 0

    def flush(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        """Return True: nothing is on its way."""
        return True

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        """Return True: nothing is on its way."""
        return True

    def stop(self, status: str = "finished", *, timeout: float | None = None) -> None:
        """Do nothing: who only reads does not end a training."""


class DisabledTrack(ReadOnlyTrack):
    """A track on which nothing happens."""

    def __init__(self) -> None:
        super().__init__("disabled", "disabled", "", None)  # type: ignore[arg-type]  # nothing is ever sent

    def __getitem__(self, key: str) -> SeriesHandle:
        return DisabledHandle(self, join_key("", key))

    log = tags_set = change = __delitem__ = _ignore

    def facts(self) -> dict[str, Any]:
        """Return what a track says of itself that is not there."""
        return {"name": self._name, "tags": [], "notes": ""}

    def tree(self, path: str = "", depth: int = 0) -> list[Any]:  # noqa: ARG002
        """Return nothing."""
        return []

    def exists(self, key: str) -> bool:  # noqa: ARG002
        """Return False."""
        return False

    def sync(self, timeout: float | None = None) -> bool:
        """Return True: nothing is on its way."""
        return self.wait(timeout)
