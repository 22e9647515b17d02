"""`init()` and the track: keys to handles, and the life of one training's record.

Called by training code. Guarantees that after `init` nothing waits for the network until `flush` or `stop`.
"""

import atexit
import importlib
import os
import sys
import time
import weakref
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import msgspec

from mlsteam.console import ConsoleCapture
from mlsteam.errors import APIConnectionError, APIStatusError, SettingsError, TrackClosedError
from mlsteam.handles import SeriesHandle
from mlsteam.keys import check_key
from mlsteam.leftovers import drain
from mlsteam.rows import RowLog
from mlsteam.sender import Pace, Sender, say
from mlsteam.settings import Settings, read_settings
from mlsteam.spool import Spool
from mlsteam.termination import MAX_WAIT_S, on_sigterm
from mlsteam.transport import HttpTransport, Reply
from mlsteam.values import plain_number

# `init` stands between a person and the training; a server that answers at all answers sooner.
_INIT_TIMEOUT_S = 5.0
_JSON = {"Content-Type": "application/json"}
_DURABILITIES = ("normal", "sync")
_ENDS = ("finished", "failed", "stopped")
_tracks: "weakref.WeakSet[Track]" = weakref.WeakSet()


class Track:
    """The record of one training."""

    def __init__(
        self,
        track_id: str,
        name: str,
        *,
        settings: Settings,
        transport: HttpTransport,
        finish_timeout: float = 60.0,
        capture_console: bool = False,
        is_sync: bool = False,
    ) -> None:
        self.id, self.name = track_id, name
        self.url = f"{settings.backend}/t/{track_id}"
        self._settings, self._is_sync = settings, is_sync
        self._transport, self._finish_timeout = transport, finish_timeout
        self.spool = Spool(settings.spool_dir, track_id, is_sync=is_sync, on_open=self._start_sender)
        self._rows = RowLog(self.spool)
        self._sender = self._new_sender()
        self._handles: dict[str, SeriesHandle] = {}
        self._owner_pid = os.getpid()
        self._console = ConsoleCapture(self.spool) if capture_console else None
        self.spool.open()
        _tracks.add(self)
        on_sigterm(_finish_all)
        atexit.register(self._at_exit)

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

    def tags_set(self, tags: Iterable[str]) -> None:
        """Replace the tags. Raises: APIConnectionError, APIStatusError."""
        body = msgspec.json.encode({"tags": list(tags)})
        _expect(self._transport.request("PATCH", f"/api/v3/tracks/{self.id}", body, _JSON), "set the tags")

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

    def stop(self, status: str = "finished") -> None:
        """Send the rest and end the track; what is not sent in time stays for `mlsteam sync`. Raises: SettingsError."""
        if status not in _ENDS:
            raise SettingsError(f"A track ends as one of {', '.join(_ENDS)}, not {status!r}.")
        if self.spool.is_closed:
            return
        if self._console:
            self._console.stop()
        self.spool.refuse_more()
        self._finish(status, self._finish_timeout)

    def end_by_signal(self) -> None:
        """Send what was logged before the signal; training code, still running, sees no exception."""
        if not self.spool.is_closed:
            self.spool.mute()
            self._finish("stopped", MAX_WAIT_S)

    def _finish(self, status: str, timeout: float) -> None:
        atexit.unregister(self._at_exit)
        # A forked child is a writer of its own, but the end of the track is its parent's to tell.
        is_owner = os.getpid() == self._owner_pid
        is_sent = False
        try:
            is_sent = self._sender.stop(status if is_owner else "", timeout)
        finally:
            # Also when Ctrl-C ended the wait.
            if not is_sent:
                say(f"not everything could be sent; `mlsteam sync` sends the rest from {self.spool.folder.parent}.")

    def __enter__(self) -> "Track":  # noqa: PYI034  # Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("finished" if kind is None else "failed")

    def _at_exit(self) -> None:
        # Set by the interpreter when an exception ended the program; an interactive session goes on after one.
        has_failed = getattr(sys, "last_value", None) is not None and not hasattr(sys, "ps1")
        try:
            self.stop("failed" if has_failed else "finished")
        except KeyboardInterrupt:
            # The program is ending already; the line that `stop` wrote says what is left.
            return

    def _new_sender(self) -> Sender:
        # A few batches at a time, so that what is logged now does not wait behind what an earlier process left.
        folder, pace = self.spool.folder.parent, Pace()
        return Sender(
            self.spool,
            self.id,
            self._transport,
            pace=pace,
            adopt=lambda most: drain(folder, self._transport, pace, max_batches=most),
        )

    def _start_sender(self) -> None:
        self._sender.start()

    def __reduce__(self) -> tuple[Any, ...]:
        # A spawned worker gets the track with its arguments. A pickle that rests on a disk must not hold the token.
        importlib.import_module("multiprocessing.context").assert_spawning(self)
        settings = self._settings
        where = (settings.backend, settings.token(), str(settings.spool_dir))
        return _reopen, (self.id, self.name, where, self._finish_timeout, self._is_sync)

    def leave_end_to_parent(self) -> None:
        """Log as a worker of another process: the end of the track is not this one's to tell."""
        self._owner_pid = 0

    def after_fork_in_child(self) -> None:
        """Become a new writer whose sender starts with its first record."""
        self.spool.after_fork_in_child()
        self._transport.reset()
        self._sender = self._new_sender()


def _reopen(track_id: str, name: str, where: tuple[str, str, str], finish_timeout: float, is_sync: bool) -> Track:
    """Open the track of the parent process in a spawned one, as one writer however often it was handed over."""
    for track in list(_tracks):
        if track.id == track_id and not track.spool.is_closed:
            return track
    backend, token, spool_dir = where
    settings = read_settings(api_token=token, backend=backend, track_id=track_id, spool_dir=spool_dir)
    transport = HttpTransport(settings.backend, settings.token)
    track = Track(
        track_id, name, settings=settings, transport=transport, finish_timeout=finish_timeout, is_sync=is_sync
    )
    track.leave_end_to_parent()
    return track


def _after_fork_in_child() -> None:
    for track in list(_tracks):
        track.after_fork_in_child()


def _finish_all() -> None:
    for track in list(_tracks):
        track.end_by_signal()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _expect(reply: Reply, action: str) -> dict[str, Any]:
    answer = reply.json()
    if reply.status in (200, 201) and answer:
        return answer
    code, detail = str(answer.get("error", "")), str(answer.get("detail", ""))
    message = f"The server did not {action}: {detail or f'it answered {reply.status}.'}"
    if reply.status in (401, 403):
        message += " Is MLSTEAM_API_TOKEN of this server, and still valid?"
    request_id = str(answer.get("request_id", ""))
    raise APIStatusError(message, status=reply.status, code=code, request_id=request_id)


def _create(transport: HttpTransport, settings: Settings, name: str | None, tags: Iterable[str]) -> dict[str, Any]:
    if not settings.project:
        raise SettingsError("Which project? Pass project_name to mlsteam.init or set MLSTEAM_PROJECT.")
    body = msgspec.json.encode(({"name": name} if name else {}) | ({"tags": list(tags)} if tags else {}))
    try:
        reply = transport.request("POST", f"/api/v3/projects/{quote(settings.project, safe='')}/tracks", body, _JSON)
    except APIConnectionError as error:
        raise APIConnectionError(
            f"No track can be created, because {error} Check MLSTEAM_BACKEND; with MLSTEAM_TRACK_ID of an existing "
            "track the training may start without the server, and is sent later."
        ) from error
    if reply.status == 404:
        raise APIStatusError(
            f"There is no project {settings.project!r}, or the token may not see it.",
            status=404,
            code=str(reply.json().get("error", "")),
        )
    return _expect(reply, "create a track")


def init(
    project_name: str | None = None,
    api_token: str | None = None,
    debug: bool = False,
    track_id: str | None = None,
    *,
    name: str | None = None,
    tags: Iterable[str] | None = None,
    backend: str | None = None,
    finish_timeout: float = 60.0,
    spool_dir: str | os.PathLike[str] | None = None,
    capture_console: bool = False,
    durability: str = "normal",
) -> Track:
    """Create a track, or attach to one, and return it. Raises: SettingsError, APIConnectionError, APIStatusError.

    With `durability="sync"` a point survives a power cut when `log` has returned, and not half a second later.
    """
    if durability not in _DURABILITIES:
        raise SettingsError(f"durability is one of {', '.join(_DURABILITIES)}, not {durability!r}.")
    settings = read_settings(
        api_token=api_token, backend=backend, project=project_name, track_id=track_id, spool_dir=spool_dir
    )
    transport = HttpTransport(settings.backend, settings.token)
    attached = {"track_id": settings.track_id, "name": settings.track_id}
    if not settings.track_id:
        attached = _create(transport.impatient(_INIT_TIMEOUT_S), settings, name, tuple(tags or ()))
    else:
        try:
            reply = transport.impatient(_INIT_TIMEOUT_S).request(
                "GET", f"/api/v3/tracks/{quote(settings.track_id, safe='')}"
            )
        except APIConnectionError as error:
            say(f"{error} The training goes on; what it logs is sent when the server is back.")
        else:
            if reply.status < 500:
                attached = _expect(reply, "open the track")
    track = Track(
        str(attached["track_id"]),
        str(attached["name"]),
        settings=settings,
        transport=transport,
        finish_timeout=finish_timeout,
        capture_console=capture_console,
        is_sync=durability == "sync",
    )
    say(f"track {track.name}: {track.url}" + (f" (spool {track.spool.folder})" if debug else ""))
    return track
