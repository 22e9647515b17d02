"""The public names of the client; `import mlsteam` does no I/O."""

from mlsteam import stparams
from mlsteam.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    BadKeyError,
    BadValueError,
    MLSteamError,
    SettingsError,
    TrackClosedError,
    TrackError,
)
from mlsteam.handles import SeriesHandle
from mlsteam.track import Track, init

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "BadKeyError",
    "BadValueError",
    "MLSteamError",
    "SeriesHandle",
    "SettingsError",
    "Track",
    "TrackClosedError",
    "TrackError",
    "init",
    "stparams",
]
