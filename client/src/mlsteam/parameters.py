"""Hyperparameters that a training reads, recorded under `parameters/` of every track that is open.

Called by stparams.py and track.py. Guarantees that what was read before `init` is recorded, too, and that reading never
fails because of the recording.
"""

import weakref
from typing import TYPE_CHECKING, Any

import msgspec

from mlsteam.errors import MLSteamError

if TYPE_CHECKING:
    from mlsteam.track import Track

_read: dict[str, Any] = {}
_tracks: "weakref.WeakSet[Track]" = weakref.WeakSet()


def note(name: str, value: object) -> None:
    """Record one that was read."""
    _read[name] = value
    for track in list(_tracks):
        _record(track, name, value)


def attach(track: "Track") -> None:
    """Record those that were read so far, and from now on, in a track."""
    for name, value in _read.items():
        _record(track, name, value)
    _tracks.add(track)


def detach(track: "Track") -> None:
    """Record no more in a track that is stopped."""
    _tracks.discard(track)


def _record(track: "Track", name: str, value: object) -> None:
    plain = value if isinstance(value, bool | int | float | str | dict) else msgspec.json.encode(value, enc_hook=str)
    try:
        track["parameters"][name].assign(plain.decode() if isinstance(plain, bytes) else plain)
    except MLSteamError:
        # A name or value that no track can hold is still one that the training may use.
        return
