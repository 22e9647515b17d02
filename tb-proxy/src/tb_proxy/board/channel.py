"""Questions of a child to tb-proxy, over the socket it inherited: its only way to a track's data.

One message is its length in four bytes and MessagePack. Called by provider.py from many threads; ends the process when
tb-proxy closes its side.
"""

import os
import socket
import struct
import threading
from concurrent.futures import Future
from typing import Any

import msgspec

LENGTH = struct.Struct("<I")
_ANSWER_S = 60.0


class AskFailedError(Exception):
    """tb-proxy could not answer."""


class Channel:
    """The asking side."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._sending = threading.Lock()
        self._waiting: dict[int, Future[Any]] = {}
        self._last = 0
        threading.Thread(target=self._hear, daemon=True).start()

    def ask(self, what: str, *more: Any) -> Any:
        """Return the answer to a question. Raises: AskFailedError."""
        answer: Future[Any] = Future()
        with self._sending:
            self._last += 1
            number = self._last
            self._waiting[number] = answer
            message = msgspec.msgpack.encode([number, what, *more])
            self._socket.sendall(LENGTH.pack(len(message)) + message)
        try:
            return answer.result(_ANSWER_S)
        except TimeoutError as error:
            raise AskFailedError("no answer in time") from error
        finally:
            self._waiting.pop(number, None)

    def _hear(self) -> None:
        with self._socket.makefile("rb") as stream:
            while len(head := stream.read(LENGTH.size)) == LENGTH.size:
                number, problem, content = msgspec.msgpack.decode(stream.read(LENGTH.unpack(head)[0]))
                waiting = self._waiting.get(number)
                if waiting is None:
                    continue
                if problem:
                    waiting.set_exception(AskFailedError(problem))
                else:
                    waiting.set_result(content)
        # tb-proxy is gone, or has no more use for us.
        os._exit(0)
