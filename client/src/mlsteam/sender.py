"""The background thread of a track: what was logged goes to the disk and to the server, until the track ends.

Started by track.py. Guarantees that no trouble of the server or the disk reaches the training, and that the end of the
track is told after everything else.
"""

import threading
import time
from collections.abc import Callable

from mlsteam.delivery import Delivery, Outcome, Pace
from mlsteam.disk import write_durably
from mlsteam.notices import say
from mlsteam.spool import Spool
from mlsteam.transport import Transport

# While somebody waits for us, the server is asked often, however long it has been away.
_AWAITED_S = 1.0


class Sender:
    """The background thread of one track."""

    def __init__(
        self,
        spool: Spool,
        track_id: str,
        transport: Transport,
        *,
        pace: Pace | None = None,
        adopt: Callable[[int | None], int] | None = None,
        is_owner: bool = True,
    ) -> None:
        self._spool, self._track_id, self._transport = spool, track_id, transport
        self._pace = pace or Pace()
        # Whether the life and the end of the track are this process's to tell.
        self._adopt, self._is_owner = adopt, is_owner
        self._changed = threading.Condition()
        self._is_stopping = self._is_gone = self._is_disk_bad = self._is_hurried = False
        self._n_waiting = 0
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
        """Send until stopped and everything is acknowledged."""
        delivery = self._delivery = self._delivery or Delivery(
            self._transport, self._track_id, self._spool.writer, self._spool.folder, self._pace
        )
        beat_at = adopt_at = 0.0
        outcome, target = Outcome.IDLE, self._spool.position
        while True:
            now = time.monotonic()
            if self._is_owner and now >= beat_at:
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
        # What forked workers left belongs before the end of the track; finish_timeout limits how long it is tried.
        while self._status and self._adopt and self._adopt(None):
            self._sleep(_AWAITED_S)
        self._spool.close()
        delivery.end(self._status)

    def _sleep(self, seconds: float) -> None:
        began = time.monotonic()
        while True:
            with self._changed:
                most = min(seconds, _AWAITED_S) if self._is_stopping or self._n_waiting else seconds
                left = began + most - time.monotonic()
                if self._is_hurried or left <= 0:
                    self._is_hurried = False
                    return
                self._changed.wait(min(left, self._pace.interval_s))
            # fsync goes on while the server is away; without the lock, as a disk may take its time.
            self._keep_on_disk()

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
            self._n_waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._is_gone or self._sent_to >= target, timeout)
            finally:
                self._n_waiting -= 1
            return self._sent_to >= target

    def begin_stop(self, status: str) -> None:
        """Send the rest from now on, then the end of the track."""
        if self._thread is None:
            return
        try:
            write_durably(self._spool.folder / "end", status.encode())
        except OSError as error:
            say(f"the end of the track cannot be noted in {self._spool.folder}: {error}")
        with self._changed:
            self._status, self._is_stopping, self._is_hurried = status, True, True
            self._changed.notify_all()

    def await_stop(self, timeout: float) -> bool:
        """Wait for that; False when something is left for `mlsteam sync`."""
        if self._thread is None:
            return not self._spool.dropped
        self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive() and not self._spool.folder.exists()
