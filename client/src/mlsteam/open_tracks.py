"""The tracks that this process has open: what a fork, SIGTERM and the end of the program are for all of them.

Called by track.py. Guarantees that what ends several tracks takes the time of one: all are told before any is waited
for, so they send side by side; and that Ctrl-C ends all the waiting.
"""

import atexit
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mlsteam.notices import say
from mlsteam.termination import MAX_WAIT_S, on_sigterm

if TYPE_CHECKING:
    from mlsteam.track import Track

# In the order in which they were opened.
_open: "dict[Track, None]" = {}


def add(track: "Track") -> None:
    """Keep a track until it ends, at the latest with the program."""
    if not _open:
        # What the user registers from now on is called before the end, and may log.
        atexit.unregister(_at_exit)
        atexit.register(_at_exit)
    _open[track] = None
    on_sigterm(_end_by_signal)


def discard(track: "Track") -> None:
    """Forget a track that ends."""
    _open.pop(track, None)


def find(track_id: str) -> "Track | None":
    """Return the track of an id, when it is open."""
    return next((track for track in list(_open) if track.id == track_id and not track.spool.is_closed), None)


def _end_all(begin: "Callable[[Track, float], None]", until_of: "Callable[[Track], float]") -> None:
    # The newest first: its console was bent last.
    tracks = list(reversed(_open))
    until = {track: until_of(track) for track in tracks}
    begun, waiting = iter(tracks), iter(tracks)
    try:
        for track in begun:
            _begin(begin, track, until[track])
        for track in waiting:
            track.await_end(until[track])
    except KeyboardInterrupt:
        # The program is ending already; each says what is left of it.
        for track in begun:
            _begin(begin, track, 0.0)
        for track in waiting:
            track.await_end(0.0)


def _begin(begin: "Callable[[Track, float], None]", track: "Track", until: float) -> None:
    try:
        begin(track, until)
    except Exception as error:  # noqa: BLE001  # the others are still to be ended
        say(f"the end of track {track.id} cannot be told: {error!r}")


def _at_exit() -> None:
    now = time.monotonic()
    _end_all(lambda track, until: track.begin_exit(until), lambda track: now + track.finish_timeout)


def _end_by_signal() -> None:
    until = time.monotonic() + MAX_WAIT_S
    _end_all(lambda track, _: track.begin_end("stopped", until, is_silent=True), lambda _: until)


def _after_fork_in_child() -> None:
    for track in list(_open):
        track.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
