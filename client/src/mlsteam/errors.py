"""What the client raises.

    MLSteamError
      SettingsError          no token, no project, no address
      TrackError
        TrackClosedError     logged after stop()
        ReadOnlyError        written to a track that was opened read-only
        KeyNotFoundError     read where nothing is stored
        BadKeyError          a key that cannot be stored
        BadValueError        a value, step or time that cannot be stored
      APIError
        APIConnectionError   the server was not reached
          APITimeoutError    it did not answer in time
        APIStatusError       it answered, and refused

Logging raises only what is a programmer's mistake (TrackError); trouble with the network shows as one line on stderr.
"""


class MLSteamError(Exception):
    """Everything that this library raises on purpose."""


class SettingsError(MLSteamError):
    """An argument, an environment variable or a token is missing or unusable."""


class TrackError(MLSteamError):
    """The call cannot be done on this track."""


class TrackClosedError(TrackError):
    """The track was stopped in this process."""


class ReadOnlyError(TrackError):
    """The track was opened read-only."""


class KeyNotFoundError(TrackError, KeyError):
    """Nothing of that kind is stored under the key."""

    # A KeyError shows its message in quotes.
    __str__ = Exception.__str__


class BadKeyError(TrackError, ValueError):
    """The key cannot be stored."""


class BadValueError(TrackError, ValueError):
    """The value, step or time cannot be stored."""


class APIError(MLSteamError):
    """A call to the server failed."""


class APIConnectionError(APIError):
    """The server was not reached."""


class APITimeoutError(APIConnectionError):
    """The server did not answer in time."""


class APIStatusError(APIError):
    """The server answered with an error."""

    def __init__(self, message: str, *, status: int, code: str = "", request_id: str = "") -> None:
        suffix = f" (request {request_id})" if request_id else ""
        super().__init__(f"{message}{suffix}")
        self.status = status
        self.code = code
        self.request_id = request_id
