"""What is known of a track besides what is logged: its name, tags and notes; and its tree, as the server holds it.

Base of `Track`. Guarantees that an offline track can be named and tagged too, in the note by which it will be made.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from mlsteam import reading
from mlsteam.creation import JSON, CreatingTransport, note_creation, read_creation
from mlsteam.errors import TrackError
from mlsteam.keys import check_key
from mlsteam.tags import Tags
from mlsteam.transport import Transport


class TrackFacts:
    """The record of a track that people name, tag and look through."""

    def __init__(
        self, track_id: str, name: str, transport: CreatingTransport, *, is_offline: bool, folder: Path
    ) -> None:
        self.id, self._name, self.is_offline = track_id, name, is_offline
        # Where the spool keeps the writers of this track, and how it is to be made.
        self._transport, self._folder = transport, folder

    @property
    def transport(self) -> Transport:
        """How handles ask the server."""
        return self._transport

    def facts(self) -> dict[str, Any]:
        """Return what the server says of the track: name, tags, notes, status, times. Raises: APIError."""
        if self.is_offline:
            creation = read_creation(self._folder)
            return msgspec.to_builtins(creation) if creation else {"name": self._name, "tags": [], "notes": ""}
        found: dict[str, Any] = reading.read_json(self._transport, f"/api/v3/tracks/{self.id}", "open the track")
        return {"notes": "", "tags": [], "name": self._name} | found

    def change(self, **changes: object) -> None:
        """Set `name`, `tags` or `notes`. Raises: TrackError, APIConnectionError, APIStatusError."""
        if self.is_offline:
            creation = read_creation(self._folder)
            if creation is None:
                raise TrackError("An offline track that exists already is changed when it is online.")
            note_creation(self._folder, msgspec.structs.replace(creation, **changes))
        else:
            body = msgspec.json.encode(changes)
            path = f"/api/v3/tracks/{self.id}"
            reading.expect(self._transport.request("PATCH", path, body, JSON), "change the track")
        self._name = str(changes.get("name", self._name))

    @property
    def name(self) -> str:
        """The name of the track, as it was last heard of; set it to rename the track."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self.change(name=name)

    @property
    def notes(self) -> str:
        """The notes on the track, Markdown. Raises: APIConnectionError, APIStatusError."""
        return str(self.facts().get("notes", ""))

    @notes.setter
    def notes(self, notes: str) -> None:
        self.change(notes=notes)

    @property
    def tags(self) -> Tags:
        """The tags: `track.tags.add("good")`, `.remove(..)`, or set all of them."""
        return Tags(self)

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self.change(tags=list(tags))

    def tags_set(self, tags: Iterable[str]) -> None:
        """Replace the tags. Raises: APIConnectionError, APIStatusError."""
        self.change(tags=list(tags))

    def exists(self, key: str) -> bool:
        """Say whether a key or folder holds something that is committed. Raises: BadKeyError, APIError."""
        return reading.find_entry(self._transport, self.id, check_key(key)) is not None

    def tree(self, path: str = "", depth: int = 0) -> list[reading.Entry]:
        """Return what lies below a folder path, by name; depth 0 is all of it. Raises: APIError."""
        return reading.read_tree(self._transport, self.id, check_key(path) if path else "", depth)
