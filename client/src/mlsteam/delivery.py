"""Brings the folder of one writer to the server: one batch in flight, the same one until it is acknowledged; files.

Called by sender.py for a writer that lives, and by leftovers.py for those that died. Guarantees that nothing is removed
from the spool before the server said that it is committed.
"""

import importlib
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec

from mlsteam import uploads
from mlsteam.cuts import Cut, CutLog, Position
from mlsteam.disk import write_durably
from mlsteam.errors import APIConnectionError
from mlsteam.notices import say
from mlsteam.transport import Reply, Transport
from mlsteam.wire import compress, encode_batch

CONTENT_TYPE = "application/vnd.mlsteam.batch+msgpack"
_MAX_RETRY_AFTER_S = 300.0
_GONE = {"track_not_found", "track_deleted"}
_UNUSABLE = {400, 413, 422}


@dataclass(frozen=True, slots=True)
class Pace:
    """How often and how patiently; tests are in more of a hurry."""

    interval_s: float = 0.5
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0
    token_s: float = 60.0
    heartbeat_s: float = 30.0
    adopt_s: float = 5.0


class Outcome(Enum):
    """What one step of a delivery came to."""

    PROGRESS = "progress"
    IDLE = "idle"
    WAIT = "wait"
    GONE = "gone"


@dataclass
class Delivery:
    """Sends the folder of one writer, step by step."""

    transport: Transport
    track_id: str
    writer: str
    folder: Path
    pace: Pace = field(default_factory=Pace)
    failures: int = 0
    wait_s: float = 0.0
    rejected: int = 0
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._cuts = CutLog(self.folder)

    def _say_once(self, topic: str, message: str) -> None:
        if topic not in self._said:
            self._said.add(topic)
            say(message)

    def step(self, until: Position | None = None) -> Outcome:
        """Send one batch, up to what a living writer has committed, or one file.

        `wait_s` says for how long when the outcome is WAIT.
        """
        if (self.folder / "quarantined").exists():
            return Outcome.GONE
        try:
            return self._send_batch(until) or self._send_file() or Outcome.IDLE
        except APIConnectionError as error:
            self._say_once("unreachable", f"the server cannot be reached; everything is kept and sent later ({error})")
            return self._wait()
        except OSError as error:
            self._say_once("disk", f"{self.folder} cannot be read or written; it is tried again ({error})")
            return self._wait()

    def _send_batch(self, until: Position | None) -> Outcome | None:
        batch = self._cuts.next_batch(until)
        if batch is None:
            return None
        cut, entries = batch
        body, headers = compress(encode_batch(self.writer, cut.seq, entries, sent_at=time.time()))
        path = f"/api/v3/ingest/tracks/{self.track_id}/batches"
        reply = self.transport.request("POST", path, body, {"Content-Type": CONTENT_TYPE, **headers})
        return self._after_batch(cut, reply)

    def _after_batch(self, cut: Cut, reply: Reply) -> Outcome:
        answer = reply.json()
        acked = answer.get("acked_through")
        # A 200 of a proxy's own page holds no mark, and acknowledges nothing.
        if reply.status == 200 and type(acked) is int and acked >= cut.seq:
            self._cuts.acknowledge(cut)
            self._note_rejects(answer)
            return self._succeeded()
        if reply.status == 409 and answer.get("error") == "sequence_gap":
            context = answer.get("context")
            expected = context.get("expected") if isinstance(context, dict) else None
            if type(expected) is int and 1 <= expected < cut.seq:
                self._cuts.rewind(expected)
                return Outcome.PROGRESS
        is_unusable = reply.status in _UNUSABLE and (answer.get("error") or reply.status == 413)
        if is_unusable and self._cuts.halve(cut, f"The server refused it: {answer.get('error') or 'too large'}."):
            return Outcome.PROGRESS
        return self._after_refusal(reply)

    def _note_rejects(self, answer: dict[str, object]) -> None:
        rejects = answer.get("rejects")
        for reject in rejects if isinstance(rejects, list) else []:
            if not isinstance(reject, dict):
                continue
            self.rejected += 1
            key, reason, detail = (str(reject.get(name, "")) for name in ("key", "reason", "detail"))
            self._say_once(f"{key}:{reason}", f"the server refused {key!r}: {reason}. {detail}")

    def _send_file(self) -> Outcome | None:
        upload = uploads.next_upload(self.folder)
        if upload is None:
            return None
        reply = uploads.send(self.transport, self.track_id, self.folder, upload)
        if reply.status in (200, 201):
            uploads.forget(self.folder, upload)
            return self._succeeded()
        if reply.status in (*_UNUSABLE, 409, 415) and (code := reply.json().get("error")):
            self.rejected += 1
            say(f"the server refused the file {upload.key!r}: {code}. {reply.json().get('detail', '')}")
            uploads.forget(self.folder, upload)
            return Outcome.PROGRESS
        return self._after_refusal(reply)

    def post_status(self, status: str) -> bool:
        """Tell the server how the track is; False when it did not take it."""
        path = f"/api/v3/ingest/tracks/{self.track_id}/status"
        body = msgspec.json.encode({"status": status, "writer": self.writer})
        try:
            reply = self.transport.request("POST", path, body, {"Content-Type": "application/json"})
        except APIConnectionError:
            return False
        return reply.status in (200, 204)

    def _succeeded(self) -> Outcome:
        if self.failures and "unreachable" in self._said:
            say("the server is reachable again.")
        self.failures = 0
        self._said -= {"unreachable", "token", "disk"}
        return Outcome.PROGRESS

    def _after_refusal(self, reply: Reply) -> Outcome:
        code = str(reply.json().get("error", ""))
        if reply.status in (404, 410) and code in _GONE:
            write_durably(self.folder / "quarantined", code.encode())
            say(f"the track is gone ({code}); nothing more is sent. What was logged stays in {self.folder}.")
            return Outcome.GONE
        if reply.status in (401, 403):
            self._say_once("token", "the server refused the API token; set a valid MLSTEAM_API_TOKEN. All is kept.")
            self.failures += 1
            self.wait_s = self.pace.token_s
            return Outcome.WAIT
        self._say_once("refused", f"the server answered {reply.status} {code}; everything is kept and sent again.")
        return self._wait(_retry_after(reply))

    def _wait(self, at_least_s: float = 0.0) -> Outcome:
        self.failures += 1
        most = min(self.pace.max_backoff_s, self.pace.backoff_s * 2 ** min(self.failures, 16))
        # Full jitter: a thousand clients that lost the same server come back one by one.
        self.wait_s = at_least_s + importlib.import_module("random").uniform(0, most)
        return Outcome.WAIT

    @property
    def is_sent(self) -> bool:
        """Whether nothing of this writer is left to send."""
        return self._cuts.is_sent and uploads.next_upload(self.folder) is None

    def end(self, status: str = "") -> None:
        """Remove the folder of a writer whose records are all committed, after telling the end of its track."""
        if not status and (self.folder / "end").exists():
            status = (self.folder / "end").read_text()
        if not status or self.post_status(status):
            self._cuts.remove()


def _retry_after(reply: Reply) -> float:
    text = reply.headers.get("retry-after", "0")
    try:
        seconds = float(text)
    except ValueError:
        # A date of HTTP. Imported when there is one: `import mlsteam` stays fast.
        dates = importlib.import_module("email.utils")
        parsed = dates.parsedate_tz(text)
        seconds = dates.mktime_tz(parsed) - time.time() if parsed else 0.0
    return min(seconds, _MAX_RETRY_AFTER_S) if seconds > 0 else 0.0
