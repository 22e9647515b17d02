"""One method: a request to the server, and its reply. The seam where tests put a misbehaving server.

Called by sender.py, uploads.py and track.py. Guarantees that trouble below HTTP is an APIConnectionError.
"""

import importlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import msgspec

from mlsteam.errors import APIConnectionError, APITimeoutError

Body = bytes | IO[bytes] | None
# An answer that is larger, or that comes a byte at a time, is none.
MAX_ANSWER_BYTES = 256 * 1024 * 1024
_PIECE_BYTES = 256 * 1024


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
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Transport(Protocol):
    """How the client speaks to the server."""

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request. Raises: APIConnectionError."""
        ...

    def stream(self, path: str, take: Callable[[bytes], object]) -> Reply:
        """Get what may be of any size, piece by piece. Raises: APIConnectionError, and what `take` raises."""
        ...


class _NoAnswerError(Exception):
    """What comes is too large, or too slow, to be an answer."""


def _read(answer: Any, take: Callable[[bytes], object]) -> None:
    # As it comes: to wait for a full piece would be to wait without an end.
    while piece := answer.read1(_PIECE_BYTES):
        take(piece)


class HttpTransport:
    """Speaks HTTP to one address, with the token of the moment."""

    def __init__(
        self,
        address: str,
        token: Callable[[], str],
        *,
        timeout_s: float = 30.0,
        connect_s: float = 5.0,
        whole_s: float = 60.0,
    ) -> None:
        self._address, self._token = address.rstrip("/"), token
        # To wait for the next bytes; for a connection; for all of an answer, when it has begun.
        self._timeout_s, self._connect_s, self._whole_s = timeout_s, connect_s, whole_s
        self._pool: Any = None

    def impatient(self, timeout_s: float) -> "HttpTransport":
        """Return one for a person who waits: nothing takes much longer than this."""
        connect_s = min(timeout_s, 3.0)
        return HttpTransport(self._address, self._token, timeout_s=timeout_s, connect_s=connect_s, whole_s=timeout_s)

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request. Raises: APIConnectionError, APITimeoutError."""
        with self._answer(method, path, body, headers) as answer:
            return self._whole(answer)

    def stream(self, path: str, take: Callable[[bytes], object]) -> Reply:
        """Get what may be of any size: the body of a success goes to `take`, piece by piece, any other to the reply.

        Raises: APIConnectionError, APITimeoutError, and what `take` raises.
        """
        failure: list[OSError] = []

        def take_or_note(piece: bytes) -> None:
            try:
                take(piece)
            except OSError as error:
                # Of the disk here, not of the connection.
                failure.append(error)
                raise _NoAnswerError from error

        try:
            with self._answer("GET", path) as answer:
                if answer.status != 200:
                    return self._whole(answer)
                _read(answer, take_or_note)
                return Reply(200, b"", _lower(answer.headers.items()))
        except APIConnectionError as error:
            raise failure[0] if failure else error from None

    def _whole(self, answer: Any) -> Reply:
        kept = bytearray()
        until = time.monotonic() + self._whole_s

        def keep(piece: bytes) -> None:
            kept.extend(piece)
            if len(kept) > MAX_ANSWER_BYTES or time.monotonic() > until:
                raise _NoAnswerError

        _read(answer, keep)
        return Reply(answer.status, bytes(kept), _lower(answer.headers.items()))

    @contextmanager
    def _answer(
        self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Any]:
        """Give an answer whose body is still to be read, and make all trouble until then an APIConnectionError."""
        # Imported by the first request: `import mlsteam` stays fast.
        urllib3 = importlib.import_module("urllib3")
        if self._pool is None:
            timeout = urllib3.Timeout(connect=self._connect_s, read=self._timeout_s)
            self._pool = urllib3.PoolManager(retries=False, timeout=timeout)
        sent = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json", **(headers or {})}
        answer, is_read = None, False
        try:
            answer = self._pool.request(
                method, self._address + path, body=body, headers=sent, redirect=False, preload_content=False
            )
            yield answer
            is_read = True
        except urllib3.exceptions.NewConnectionError as error:
            # To urllib3 this is a kind of time-out; to a person it is a server that is not there.
            raise APIConnectionError(f"{self._address} was not reached; is the server running?") from error
        except urllib3.exceptions.TimeoutError as error:
            raise APITimeoutError(f"{self._address} did not answer in {self._timeout_s:g} s.") from error
        except _NoAnswerError as error:
            raise APIConnectionError(f"{self._address} answered without an end.") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise APIConnectionError(f"{self._address} was not reached: {error}") from error
        finally:
            # A connection that failed once is not used again.
            if answer is not None and not is_read:
                answer.close()
            if not is_read:
                self.reset()

    def reset(self) -> None:
        """Open new connections from now on; also after a fork, where they belong to the parent."""
        self._pool = None


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
