"""The public names of the client; `import mlsteam` does no I/O."""

from mlsteam import stparams
from mlsteam.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    BadKeyError,
    BadValueError,
    KeyNotFoundError,
    MLSteamError,
    ReadOnlyError,
    SettingsError,
    TrackClosedError,
    TrackError,
)
from mlsteam.handles import SeriesHandle
from mlsteam.media import Histogram
from mlsteam.opening import init, tracks
from mlsteam.track import Track

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "BadKeyError",
    "BadValueError",
    "Histogram",
    "KeyNotFoundError",
    "MLSteamError",
    "ReadOnlyError",
    "SeriesHandle",
    "SettingsError",
    "Track",
    "TrackClosedError",
    "TrackError",
    "init",
    "stparams",
    "tracks",
]
