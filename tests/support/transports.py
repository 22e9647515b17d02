"""A transport without sockets that fails on purpose, then answers as the server would."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from backports import zstd

from mlsteam.errors import APIConnectionError
from mlsteam.transport import Body, Reply


def error(status: int, code: str, **context: Any) -> Reply:
    """Make the server's error answer."""
    return Reply(status, json.dumps({"error": code, "detail": code, "context": context}).encode())


class FlakyTransport:
    """Gives the scripted replies first (None: the connection breaks), then acknowledges."""

    def __init__(self, *script: Reply | None) -> None:
        self.script = list(script)
        self.batches: list[dict[str, Any]] = []
        self.statuses: list[str] = []

    def request(self, method: str, path: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Answer one request."""
        assert isinstance(body, bytes)
        if path.endswith("/status"):
            self.statuses.append(json.loads(body)["status"])
            return Reply(204)
        raw = zstd.decompress(body) if (headers or {}).get("Content-Encoding") == "zstd" else body
        batch = msgspec.msgpack.decode(raw)
        self.batches.append(batch)
        reply = self.script.pop(0) if self.script else Reply(200, json.dumps({"acked_through": batch["seq"]}).encode())
        if reply is None:
            raise APIConnectionError("The connection broke.")
        return reply
