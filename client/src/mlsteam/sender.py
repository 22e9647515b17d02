"""Sends what the spool holds: one batch in flight, the same one until it is acknowledged.

`Sender.run` is the background thread of a track; leftovers.py sends with the same `Delivery`. Guarantees that nothing
is removed from the spool before the server said that it is committed.
"""

import importlib
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec

from mlsteam import uploads
from mlsteam.cuts import Cut, CutLog, Position
from mlsteam.disk import write_durably
from mlsteam.errors import APIConnectionError
from mlsteam.spool import Spool
from mlsteam.transport import Reply, Transport
from mlsteam.wire import compress, encode_batch

CONTENT_TYPE = "application/vnd.mlsteam.batch+msgpack"
_MAX_RETRY_AFTER_S = 300.0
# While the program waits to end, the server is asked often; finish_timeout limits how long.
_STOPPING_WAIT_S = 1.0
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


def say(message: str) -> None:
    """Write one line to the person who watches the training."""
    try:
        (sys.__stderr__ or sys.stderr).write(f"mlsteam: {message}\n")
    except (OSError, ValueError, AttributeError, RuntimeError):
        # Closed, or in use by what a signal handler interrupted: no reason to stop sending.
        return


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
        self.wait_s = at_least_s + random.uniform(0, most)  # noqa: S311  # jitter is no secret
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


class Sender:
    """The background thread of one track."""

    def __init__(
        self,
        spool: Spool,
        track_id: str,
        transport: Transport,
        *,
        pace: Pace | None = None,
        adopt: Callable[[int | None], object] | None = None,
    ) -> None:
        self._spool, self._track_id, self._transport = spool, track_id, transport
        self._pace = pace or Pace()
        self._adopt = adopt
        self._changed = threading.Condition()
        self._is_stopping = self._is_gone = self._is_disk_bad = self._is_hurried = False
        self._sent_to: tuple[int, int] = (0, 0)
        self._has_files = False
        self._delivery: Delivery | None = None
        self._thread: threading.Thread | None = None
        self._status = ""

    def start(self) -> None:
        """Begin sending in the background."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._supervised, name="mlsteam-sender", daemon=True)
            self._thread.start()

    @property
    def is_started(self) -> bool:
        """Whether the thread was started in this process."""
        return self._thread is not None

    @property
    def rejected(self) -> int:
        """How many entries the server refused."""
        return self._delivery.rejected if self._delivery else 0

    def _supervised(self) -> None:
        while not self._is_stopping:
            try:
                self.run()
            except Exception as error:  # noqa: BLE001, PERF203  # A fault here must end neither the training nor the sending.
                say(f"the sender met an unexpected error and begins again: {error!r}")
                self._sleep(self._pace.max_backoff_s)
            else:
                return

    def run(self) -> None:
        """Send until stopped and everything is acknowledged: cut, `encode_batch`, send, repeat until acknowledged."""
        delivery = self._delivery = self._delivery or Delivery(
            self._transport, self._track_id, self._spool.writer, self._spool.folder, self._pace
        )
        beat_at = adopt_at = 0.0
        outcome, target = Outcome.IDLE, self._spool.position
        while True:
            now = time.monotonic()
            if now >= beat_at:
                delivery.post_status("running")
                beat_at = time.monotonic() + self._pace.heartbeat_s
            if outcome is not Outcome.PROGRESS:
                # All up to here, then a rest: following a training as it logs would make batches of a few points.
                self._keep_on_disk()
                self._spool.settle()
                target = self._spool.position
            outcome = delivery.step(target)
            if outcome is Outcome.GONE:
                with self._changed:
                    self._is_gone = True
                    self._changed.notify_all()
                return
            if outcome is Outcome.IDLE:
                with self._changed:
                    self._sent_to = target
                    self._changed.notify_all()
                if self._is_stopping and self._spool.settle() and self._spool.position == target:
                    self._end(delivery)
                    return
                if self._adopt and now >= adopt_at:
                    # A few, so that what is logged now does not wait behind what an earlier process left.
                    self._adopt(20)
                    adopt_at = time.monotonic() + self._pace.adopt_s
                self._sleep(self._pace.interval_s)
            elif outcome is Outcome.WAIT:
                self._sleep(delivery.wait_s)

    def _end(self, delivery: Delivery) -> None:
        if self._status and self._adopt:
            # What forked workers left belongs before the end of the track.
            self._adopt(None)
        self._spool.close()
        delivery.end(self._status)

    def _sleep(self, seconds: float) -> None:
        # fsync goes on while the server is away; a stop ends the wait, for one more try at once.
        end = time.monotonic() + seconds
        with self._changed:
            if self._is_stopping:
                self._changed.wait(min(seconds, _STOPPING_WAIT_S))
            while not (self._is_stopping or self._is_hurried) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, self._pace.interval_s))
                self._keep_on_disk()
            self._is_hurried = False

    def _keep_on_disk(self) -> None:
        try:
            self._spool.sync()
        except OSError as error:
            # What could not be written to the disk is still read from memory and sent; once is enough to say so.
            if not self._is_disk_bad:
                say(f"the disk of {self._spool.folder} fails; a power cut may lose what is not sent yet: {error}")
            self._is_disk_bad = True

    def flush(self, timeout: float | None) -> bool:
        """Wait until everything logged before the call is committed; False when that took too long."""
        if self._spool.is_interrupted:
            # The record below this signal handler cannot be finished while we wait for it.
            return False
        target = self._spool.position
        with self._changed:
            self._sent_to = min(self._sent_to, (target[0], target[1] - 1))
            self._is_hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_gone or self._sent_to >= target, timeout)
            return self._sent_to >= target

    def stop(self, status: str, timeout: float) -> bool:
        """Send the rest, then the end of the track; False when something is left for `mlsteam sync`."""
        if self._thread is None:
            return not self._spool.dropped
        try:
            write_durably(self._spool.folder / "end", status.encode())
        except OSError as error:
            say(f"the end of the track cannot be noted in {self._spool.folder}: {error}")
        with self._changed:
            self._status, self._is_stopping = status, True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._spool.folder.exists()
