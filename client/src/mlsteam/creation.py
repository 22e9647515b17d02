"""Tracks that were made here before the server knew of them: the note in the spool, and the call that makes them there.

Called by opening.py, track.py and the CLI. Guarantees that a track is made once, however often it is tried and by
whomever, because its id was chosen here; and that nothing of it is sent before it is made.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from mlsteam.disk import write_durably
from mlsteam.transport import Body, HttpTransport, Reply, Transport

JSON = {"Content-Type": "application/json"}
_NOTE = "track.json"


class Creation(msgspec.Struct, omit_defaults=True):
    """What a track is to be made with; `project` is a name or a uuid."""

    project: str
    track_id: str
    name: str = ""
    tags: list[str] = []
    notes: str = ""

    def body(self) -> bytes:
        """Return the request that makes it."""
        asked: dict[str, Any] = {"track_id": self.track_id, "tags": self.tags, "notes": self.notes}
        return msgspec.json.encode(asked | ({"name": self.name} if self.name else {}))


def new_track_id() -> str:
    """Make a version 7 UUID (RFC 9562), so that tracks sort by when they were made."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def note_creation(folder: Path, creation: Creation) -> None:
    """Keep what a track is to be made with in its spool folder. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(folder / _NOTE, msgspec.json.encode(creation))


def read_creation(folder: Path) -> Creation | None:
    """Return what a track is still to be made with; None when the server knows it."""
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=Creation)
    except (OSError, msgspec.DecodeError):
        return None


def create(transport: Transport, creation: Creation) -> Reply:
    """Ask for a track. Raises: APIConnectionError."""
    path = f"/api/v3/projects/{quote(creation.project, safe='')}/tracks"
    return transport.request("POST", path, creation.body(), JSON)


class CreatingTransport:
    """A transport of one track that makes the track before it asks for anything else."""

    def __init__(self, inner: HttpTransport, folder: Path) -> None:
        self._inner, self._folder = inner, folder
        self._is_made = False

    def create(self) -> Reply | None:
        """Make the track where that is still to be done; returns a refusal. Raises: APIConnectionError."""
        if self._is_made:
            return None
        if (creation := read_creation(self._folder)) is not None:
            reply = create(self._inner, creation)
            if reply.status != 201 or not reply.json().get("track_id"):
                return reply
            (self._folder / _NOTE).unlink(missing_ok=True)
        self._is_made = True
        return None

    @property
    def inner(self) -> HttpTransport:
        """How a track that is made is asked for."""
        return self._inner

    def reset(self) -> None:
        """Open new connections from now on."""
        self._inner.reset()

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request. Raises: APIConnectionError."""
        return self.create() or self._inner.request(method, path, body, headers)

    def stream(self, path: str, take: Callable[[bytes], object]) -> Reply:
        """Get what may be of any size, piece by piece. Raises: APIConnectionError, and what `take` raises."""
        return self.create() or self._inner.stream(path, take)
