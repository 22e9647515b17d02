"""One client of the generator: a keep-alive connection that writes ready-made requests and times their answers.

HTTP is parsed only as far as needed (status, length, body): a full client would use more processor time than the
server that it is meant to measure.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

_RETRY_S = 0.05


class GeneratorFailed(Exception):
    """The server answered what no honest run may count; the sentence says what."""


class Client(asyncio.Protocol):
    """Sends its requests one after the other; each is answered before the next one goes out."""

    def __init__(self, number: int, *, is_acknowledged: Callable[[int, bytes], bool]) -> None:
        self.number = number
        self.requests: list[bytes] = []
        # When each answer came and how long it took, on the monotonic clock.
        self.answers: list[tuple[float, float]] = []
        self.acked = 0
        self.refused = 0
        self._is_acknowledged = is_acknowledged
        self._sent = 0
        self._since = 0.0
        self._first_due = 0.0
        self._interval: float | None = None
        self._started_at = 0
        self._is_stopping = False
        self._buffer = bytearray()
        self._transport: Any = None

    @property
    def is_open(self) -> bool:
        """Say whether there is a connection to write to."""
        return self._transport is not None and not self._transport.is_closing()

    def start(self, *, first_due: float, interval: float | None) -> None:
        """Begin: at once, or by a timetable whose times count from when a request was due, not when it could go."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_stopping = False
        self._first_due, self._interval, self._started_at = first_due, interval, self.acked
        self._go_on()

    def stop(self) -> None:
        """Send nothing more; what is in flight is still waited for."""
        self._is_stopping = True
        if self._interval is not None and self._sent == self.acked:
            self._finish()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail when an answer is owed: a server that hangs up under load would be measured by its reconnects."""
        if self._sent > self.acked and not self.done.done():
            self.done.set_exception(GeneratorFailed(f"the server closed a connection ({exc})"))

    def data_received(self, data: bytes) -> None:
        """Collect an answer; there is never more than one."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"content-length:")
        if at < 0:
            self._fail(f"an answer without a length: {head!r}")
            return
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        self._answered(int(head[9:12]), body)

    def _answered(self, status: int, body: bytes) -> None:
        now = time.monotonic()
        if status in {429, 503}:
            self.refused += 1
            asyncio.get_running_loop().call_later(_RETRY_S, self._write)
            return
        if not 200 <= status < 300 or not self._is_acknowledged(self.acked + 1, body):
            self._fail(f"batch {self.acked + 1} of client {self.number} was answered {status}: {body[:500]!r}")
            return
        self.answers.append((now, now - self._since))
        # The bytes are of no more use, and an hour's worth of them is gigabytes.
        self.requests[self.acked] = b""
        self.acked += 1
        self._go_on()

    def _go_on(self) -> None:
        if self._is_stopping or self._sent == len(self.requests):
            self._finish()
            return
        now = time.monotonic()
        if self._interval is None:
            self._send(now)
            return
        due = self._first_due + (self.acked - self._started_at) * self._interval
        if due <= now:
            self._send(due)
        else:
            asyncio.get_running_loop().call_later(due - now, self._send_due, due)

    def _send_due(self, due: float) -> None:
        if not self._is_stopping:
            self._send(due)

    def _send(self, since: float) -> None:
        self._since = since
        self._sent += 1
        self._write()

    def _write(self) -> None:
        self._transport.write(self.requests[self._sent - 1])

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _fail(self, sentence: str) -> None:
        if not self.done.done():
            self.done.set_exception(GeneratorFailed(sentence))
        self._transport.close()


def is_our_ack(seq: int, body: bytes) -> bool:
    """Say whether our server has committed the batch, whole and for the first time."""
    answer = json.loads(body)
    return answer["acked_through"] >= seq and not answer["rejects"] and not answer["is_duplicate"]


def is_any_ack(_seq: int, _body: bytes) -> bool:
    """Take a good status for an answer; the other tool says nothing more."""
    return True
