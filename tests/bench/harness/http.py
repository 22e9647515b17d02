"""A keep-alive connection of a reader: blocking, timed, nothing cached.

Used by the sections for track-api and for the other tool; `time_runs` is how every read is timed.
"""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read to its end."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


class Caller:
    """One signed-in reader."""

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def call(self, path: str, *, body: Any = None, method: str | None = None, **headers: str) -> Answer:
        """GET, or POST when there is a body, or `method`; keyword `if_none_match` becomes the header If-None-Match."""
        sent = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/json"
        raw = None if body is None else json.dumps(body)
        method = method or ("GET" if raw is None else "POST")
        try:
            self._connection.request(method, path, raw, sent)
            answer = self._connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server hangs up on idle readers; nothing was answered yet, so asking again changes nothing.
            self._connection.close()
            self._connection.request(method, path, raw, sent)
            answer = self._connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of some runs."""

    p50_s: float
    p95_s: float
    runs: int


def time_runs(run: Callable[[], object], *, runs: int = 50, at_most_s: float = 30.0, warm: int = 2) -> Timing:
    """Time a call some times, after some that do not count; fewer times when it is very slow, but never under three."""
    for _ in range(warm):
        run()
    took: list[float] = []
    began = time.perf_counter()
    while len(took) < runs and (len(took) < 3 or time.perf_counter() - began < at_most_s):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return Timing(float(np.percentile(took, 50)), float(np.percentile(took, 95)), len(took))
