"""One method: a request to the server, and its reply. The seam where tests put a misbehaving server.

Called by sender.py, uploads.py and track.py. Guarantees that trouble below HTTP is an APIConnectionError.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import msgspec

from mlsteam.errors import APIConnectionError, APITimeoutError

Body = bytes | IO[bytes] | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered; header names are lower-case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body, or an empty one when it is none."""
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return value if isinstance(value, dict) else {}


class Transport(Protocol):
    """How the client speaks to the server."""

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request. Raises: APIConnectionError."""
        ...


class HttpTransport:
    """Speaks HTTP to one address, with the token of the moment."""

    def __init__(
        self, address: str, token: Callable[[], str], *, timeout_s: float = 30.0, connect_s: float = 5.0
    ) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._timeout_s, self._connect_s = timeout_s, connect_s
        self._pool: Any = None

    def impatient(self, timeout_s: float) -> "HttpTransport":
        """Return one for a person who waits: nothing takes much longer than this."""
        return HttpTransport(self._address, self._token, timeout_s=timeout_s, connect_s=min(timeout_s, 3.0))

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request. Raises: APIConnectionError, APITimeoutError."""
        # Imported by the first request: `import mlsteam` stays fast.
        urllib3 = importlib.import_module("urllib3")
        if self._pool is None:
            timeout = urllib3.Timeout(connect=self._connect_s, read=self._timeout_s)
            self._pool = urllib3.PoolManager(retries=False, timeout=timeout)
        sent = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json", **(headers or {})}
        try:
            answer = self._pool.request(method, self._address + path, body=body, headers=sent, redirect=False)
        except urllib3.exceptions.NewConnectionError as error:
            # To urllib3 this is a kind of time-out; to a person it is a server that is not there.
            self.reset()
            raise APIConnectionError(f"{self._address} was not reached; is the server running?") from error
        except urllib3.exceptions.TimeoutError as error:
            self.reset()
            raise APITimeoutError(f"{self._address} did not answer in {self._timeout_s:g} s.") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            # A connection that failed once is not used again.
            self.reset()
            raise APIConnectionError(f"{self._address} was not reached: {error}") from error
        return Reply(answer.status, answer.data, _lower(answer.headers.items()))

    def reset(self) -> None:
        """Open new connections from now on; also after a fork, where they belong to the parent."""
        self._pool = None


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
