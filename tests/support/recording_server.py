"""A real HTTP server that keeps what the client sends, by the rules of the wire form; it misbehaves when told to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from backports import zstd

TRACK_ID = "0190a6f2-0000-7000-8000-000000000001"
Answer = tuple[int, dict[str, str], bytes]


def failure(status: int, code: str, context: dict[str, Any] | None = None, **headers: str) -> Answer:
    """Make an error answer as the server writes it."""
    body = {"error": code, "detail": code, "context": context or {}, "request_id": "r"}
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()


@dataclass
class Recorded:
    """What arrived, and what the server will answer to the next batches."""

    address: str = ""
    marks: dict[str, int] = field(default_factory=dict)
    batches: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    # Answers to give instead of storing; with True the batch is stored first (the answer was lost on its way).
    misbehave: list[tuple[Answer, bool]] = field(default_factory=list)
    # What to do instead of answering at all; each is given the handler of one request for a batch.
    hostile: list[Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    # Answers to give instead of making a track.
    refusals: list[Answer] = field(default_factory=list)
    max_points: int = 10**9
    lock: threading.Lock = field(default_factory=threading.Lock)

    def values(self, key: str) -> list[float]:
        """Return all float values that were stored under a key, in order."""
        stored: list[float] = []
        for batch in self.batches:
            for group in batch.get("series", []):
                points = memoryview(group["values"]).cast("d") if group["type"] == "f64" else []
                counts = group["counts"] or [len(group["times"]) // 8] * len(group["keys"])
                start = 0
                for name, count in zip(group["keys"], counts, strict=True):
                    stored += list(points[start : start + count]) if name == key else []
                    start += count
        return stored

    def series_keys(self) -> set[str]:
        """Return the keys of all series that were stored."""
        return {key for batch in self.batches for group in batch.get("series", []) for key in group["keys"]}

    def configs(self) -> dict[str, Any]:
        """Return the config values that were stored."""
        return {config["key"]: config["value"] for batch in self.batches for config in batch.get("configs", [])}

    def lines(self, stream: str) -> list[str]:
        """Return the console lines of a stream."""
        parts = [part for batch in self.batches for part in batch.get("console", [])]
        return [line for part in parts if part["stream"] == stream for line in part["lines"]]

    def take_batch(self, raw: bytes, encoding: str) -> Answer:
        """Store a batch, or answer as told."""
        body = zstd.decompress(raw) if encoding == "zstd" else raw
        batch = msgspec.msgpack.decode(body)
        with self.lock:
            self.bodies.append(body)
            answer, is_stored = self.misbehave.pop(0) if self.misbehave else (None, True)
            mark = self.marks.get(batch["writer"], 0)
            if not is_stored and answer:
                return answer
            if batch["seq"] > mark + 1:
                return failure(409, "sequence_gap", {"expected": mark + 1})
            if sum(len(group["times"]) // 8 for group in batch.get("series", [])) > self.max_points:
                return failure(413, "batch_too_large")
            if batch["seq"] == mark + 1:
                self.marks[batch["writer"]] = mark = batch["seq"]
                self.batches.append(batch)
            reply = {"acked_through": mark, "rejects": [], "is_duplicate": False, "server_time": 0.0, "commands": []}
            return answer or (200, {}, json.dumps(reply).encode())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorded: Recorded

    def _answer(self, answer: Answer) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        self.recorded.tokens.add(self.headers.get("Authorization", ""))
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def do_GET(self) -> None:
        if "/files/" in self.path and self.recorded.hostile:
            self.close_connection = True
            self.recorded.hostile.pop(0)(self)
            return
        self._answer((200, {}, json.dumps({"track_id": TRACK_ID, "name": "calm-otter-1"}).encode()))

    def do_POST(self) -> None:
        body = self._body()
        if self.path.endswith("/batches") and self.recorded.hostile:
            self.close_connection = True
            self.recorded.hostile.pop(0)(self)
        elif self.path.endswith("/batches"):
            self._answer(self.recorded.take_batch(body, self.headers.get("Content-Encoding", "")))
        elif self.path.endswith("/status"):
            self.recorded.statuses.append(json.loads(body)["status"])
            self._answer((204, {}, b""))
        elif self.path == "/api/v3/projects/demo/tracks" and self.recorded.refusals:
            self._answer(self.recorded.refusals.pop(0))
        elif self.path == "/api/v3/projects/demo/tracks":
            track_id = json.loads(body)["track_id"]
            self.recorded.made.append(track_id)
            self._answer((201, {}, json.dumps({"track_id": track_id, "name": "calm-otter-1"}).encode()))
        else:
            self._answer(failure(404, "project_not_found"))

    def do_PUT(self) -> None:
        key = self.path.split("/files/", 1)[1]
        self.recorded.files[key] = (self.headers["Content-Type"], self._body())
        self._answer((201, {}, b'{"key": ""}'))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A client that was killed breaks its connection; that is what the tests are about.

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


@contextmanager
def recording_server() -> Iterator[Recorded]:
    """Run the server on a free port of the loopback."""
    recorded = Recorded()
    handler = type("Handler", (_Handler,), {"recorded": recorded})
    server = _Server(("127.0.0.1", 0), handler)
    recorded.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield recorded
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
