"""The track: keys to handles, and the life of one training's record.

Made by opening.py, called by training code. Guarantees that logging never waits for the network.
"""

import importlib
import os
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from mlsteam import open_tracks, parameters, ranks, reading, workers
from mlsteam.capture.captures import Captures, Wanted
from mlsteam.capture.failure import status_of
from mlsteam.creation import CreatingTransport
from mlsteam.delivery import Pace
from mlsteam.disk import write_durably
from mlsteam.errors import SettingsError, TrackClosedError, TrackError
from mlsteam.facts import TrackFacts
from mlsteam.handles import SeriesHandle
from mlsteam.keys import check_key
from mlsteam.leftovers import drain
from mlsteam.notices import say
from mlsteam.rows import RowLog
from mlsteam.sender import Sender
from mlsteam.settings import Settings, read_settings
from mlsteam.spool import Spool
from mlsteam.transport import HttpTransport
from mlsteam.values import plain_number

_ENDS = ("finished", "failed", "stopped")
# A worker that ends does not hold up its training: what it has not sent by then, its parent sends.
_WORKER_WAIT_S = 2.0


class Track(TrackFacts):
    """The record of one training."""

    def __init__(
        self,
        track_id: str,
        name: str,
        *,
        settings: Settings,
        transport: CreatingTransport,
        finish_timeout: float = 60.0,
        capture: Wanted | None = None,
        is_offline: bool = False,
        is_sync: bool = False,
        is_worker: bool = False,
        rank: str | None = None,
    ) -> None:
        super().__init__(track_id, name, transport, is_offline=is_offline, folder=settings.spool_dir / track_id)
        self.url = settings.url_of(track_id)
        self._settings, self._is_sync = settings, is_sync
        self.finish_timeout = finish_timeout
        self.spool = Spool(
            settings.spool_dir,
            track_id,
            is_sync=is_sync,
            on_open=self._start_sender,
            # What a worker imports was run, and logged the same, by its parent.
            is_held=workers.is_importing if is_worker else None,
        )
        self._rows = RowLog(self.spool)
        self._handles: dict[str, SeriesHandle] = {}
        # The end of the track is not a worker's to tell, and not that of a further rank.
        self._owner_pid = 0 if is_worker else os.getpid()
        self.rank, self._has_ranks = rank or "0", rank is not None
        self._sender = self._new_sender()
        if not is_worker:
            self.spool.open()
        if self._is_rank:
            self[f"{ranks.system_key()}/status"] = "running"
        parameters.attach(self)
        open_tracks.add(self)
        self._captures = Captures(self, settings.spool_dir, capture)

    def __getitem__(self, key: str) -> SeriesHandle:
        handle = self._handles.get(key)
        if handle is None:
            handle = self._handles[key] = SeriesHandle(self, check_key(key))
        return handle

    def __setitem__(self, key: str, value: object) -> None:
        self[key].assign(value)

    def log(self, values: Mapping[str, object], step: float | None = None, timestamp: float | None = None) -> None:
        """Add one point to each key, all with one time. Raises: BadKeyError, BadValueError, TrackClosedError."""
        if self.spool.is_closed:
            raise TrackClosedError("Points were logged after the track was stopped.")
        now = time.time() if timestamp is None else plain_number(timestamp, "A timestamp")
        at = float("nan") if step is None else plain_number(step, "A step")
        self._rows.log(values, now, at)

    def __delitem__(self, key: str) -> None:
        """Delete a key, or a folder with all below it, after what was logged has arrived.

        Raises: BadKeyError, KeyNotFoundError, TrackError, APIConnectionError, APIStatusError.
        """
        if not self.wait(self.finish_timeout):
            raise TrackError(f"{key!r} cannot be deleted before everything is sent; is the server reachable?")
        reading.delete(self._transport, self.id, check_key(key))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything logged and uploaded so far is committed; False when that took too long, or offline."""
        return not self.is_offline and self.flush(timeout)

    def sync(self, timeout: float | None = None) -> bool:
        """Send everything of this track, also what processes that died have left; an offline track goes online.

        False when something is still here. Raises: SettingsError.
        """
        if self.is_offline:
            if not self.url:
                raise SettingsError("Where to? Set MLSTEAM_API_TOKEN before mlsteam.init, or run `mlsteam login`.")
            self.is_offline = False
            self._start_sender()
        left = drain(self._folder, self._transport, Pace())
        return self.wait(timeout) and not left

    @property
    def dropped(self) -> int:
        """How many records could not be kept because the disk or the spool's limit was full."""
        return self.spool.dropped

    @property
    def rejected(self) -> int:
        """How many entries the server refused, each said once on stderr."""
        return self._sender.rejected

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything logged so far is committed; False when that took too long."""
        return self._sender.flush(timeout) if self._sender.is_started else True

    def stop(self, status: str = "finished", *, timeout: float | None = None) -> None:
        """Send the rest and end the track; what is not sent in time stays for `mlsteam sync`.

        In time is within `timeout` seconds, or `finish_timeout` of `init`. Raises: SettingsError.
        """
        if status not in _ENDS:
            raise SettingsError(f"A track ends as one of {', '.join(_ENDS)}, not {status!r}.")
        if self.spool.is_closed:
            return
        if self.spool.is_interrupted:
            # In a signal handler in the middle of a `log`: it is done when that is, at the latest when Python ends.
            threading.Thread(target=self.stop, args=(status,), name="mlsteam-stop").start()
            return
        until = time.monotonic() + (self.finish_timeout if timeout is None else timeout)
        self.begin_end(status, until)
        self.await_end(until)

    def begin_exit(self, until: float) -> None:
        """Begin the end of the track with that of the program."""
        status, code = self._captures.ending()
        if code and not self.spool.is_closed:
            self[f"{ranks.system_key()}/exit_code"] = code
        self.begin_end(status, until)

    def begin_end(self, status: str, until: float, *, is_silent: bool = False) -> None:
        """Send the rest from now on, then the end; when silent, training code that still runs sees no exception."""
        open_tracks.discard(self)
        if self.spool.is_closed:
            return
        workers.forget(self.spool.folder)
        self._captures.stop(until)
        status = self._agreed(status)
        if is_silent:
            self.spool.mute()
        else:
            self.spool.refuse_more()
        parameters.detach(self)
        if self.is_offline:
            self._leave_offline(status)
        else:
            self._sender.begin_stop(status)

    def await_end(self, until: float) -> None:
        """Wait for what `begin_end` began, to about a moment of `time.monotonic()`."""
        if self.is_offline:
            return
        if not self._is_owner:
            until = min(until, time.monotonic() + _WORKER_WAIT_S)
        is_sent = False
        try:
            is_sent = self._sender.await_stop(until - time.monotonic())
        finally:
            # Also when Ctrl-C ended the wait. What a worker leaves its parent sends.
            if not is_sent and self._is_owner:
                say(f"not everything could be sent; `mlsteam sync` sends the rest from {self._folder}.")

    @property
    def _is_rank(self) -> bool:
        return self.rank != "0"

    @property
    def _is_owner(self) -> bool:
        return os.getpid() == self._owner_pid

    def _agreed(self, status: str) -> str:
        """Return how the track ends when this process of it does; empty when it goes on without."""
        if not self._is_owner:
            return ""
        if self._is_rank:
            self[f"{ranks.system_key()}/status"] = status
            return status if status == "failed" else ""
        asks = self._has_ranks and not self.is_offline
        return "failed" if asks and ranks.has_failed(self._transport.inner, self.id) else status

    def _leave_offline(self, status: str) -> None:
        if self.spool.folder.is_dir():
            write_durably(self.spool.folder / "end", status.encode())
            self.spool.sync()
        self.spool.close()
        if status:
            say(f"track {self.id} is in {self._folder}; `mlsteam sync` sends it.")

    def __enter__(self) -> "Track":  # noqa: PYI034  # Self is of Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, SystemExit):
            self._captures.note_failure(error)
        self.stop(status_of(error))

    def _new_sender(self) -> Sender:
        # A few batches at a time, so that what is logged now does not wait behind what an earlier process left.
        folder, pace = self._folder, Pace()
        return Sender(
            self.spool,
            self.id,
            self._transport,
            pace=pace,
            adopt=lambda most: drain(folder, self._transport, pace, max_batches=most),
            is_owner=self._is_owner and not self._is_rank,
        )

    def _start_sender(self) -> None:
        if not self.is_offline:
            self._sender.start()

    def __reduce__(self) -> tuple[Any, ...]:
        # A spawned worker gets the track with its arguments. A pickle that rests on a disk must not hold the token.
        importlib.import_module("multiprocessing.context").assert_spawning(self)
        settings = self._settings
        where = (settings.backend, settings.token(), str(settings.spool_dir))
        options = {
            "finish_timeout": self.finish_timeout, "is_sync": self._is_sync, "is_offline": self.is_offline,
        }  # fmt: skip
        return _reopen, (self.id, self._name, where, options)

    def after_fork_in_child(self) -> None:
        """Become a new writer whose sender starts with its first record."""
        self.spool.after_fork_in_child()
        self._transport.reset()
        self._sender = self._new_sender()
        self._captures.after_fork_in_child()


def join(track_id: str, name: str, settings: Settings, **options: Any) -> Track:
    """Open a track of the parent process in a worker, as one writer however often it is asked for."""
    if (track := open_tracks.find(track_id)) is not None:
        return track
    transport = CreatingTransport(HttpTransport(settings.backend, settings.token), settings.spool_dir / track_id)
    return Track(track_id, name, settings=settings, transport=transport, is_worker=True, **options)


def _reopen(track_id: str, name: str, where: tuple[str, str, str], options: Mapping[str, Any]) -> Track:
    backend, token, spool_dir = where
    settings = read_settings(
        api_token=token, backend=backend, track_id=track_id, spool_dir=spool_dir, is_offline=options["is_offline"]
    )
    return join(track_id, name, settings, **options)
