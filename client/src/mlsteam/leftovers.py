"""Finds and sends what dead writers of a track have left in the spool.

Called by track.py, between its own batches, and by `mlsteam sync`. Guarantees that a folder is sent under its lock, and
that the end of a track is told after all of its writers were sent.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from mlsteam import uploads
from mlsteam.cuts import find_owner
from mlsteam.delivery import Delivery, Outcome, Pace
from mlsteam.disk import lock_folder
from mlsteam.losses import recover
from mlsteam.transport import Transport


def _delivery_of(writer: Path, transport: Transport, pace: Pace) -> Delivery | None:
    try:
        owner = find_owner(writer)
        if owner is not None or uploads.next_upload(writer) is not None or (writer / "end").exists():
            return Delivery(transport, writer.parent.name, owner[0] if owner else writer.name, writer, pace)
    except FileNotFoundError:
        # A writer that has just ended removes its folder itself.
        return None
    return None


def left_behind(folder: Path, transport: Transport, pace: Pace) -> Iterator[Delivery]:
    """Give the deliveries of dead writers of one track, each under its lock while the caller works on it."""
    for writer in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not writer.is_dir() or (writer / "quarantined").exists():
            continue
        descriptor = lock_folder(writer)
        if descriptor is None:
            continue
        try:
            # Without room for it, what can be sent makes some.
            with contextlib.suppress(OSError):
                recover(writer, writer.name, folder.name)
            if (delivery := _delivery_of(writer, transport, pace)) is not None:
                yield delivery
        finally:
            os.close(descriptor)


def drain(folder: Path, transport: Transport, pace: Pace, *, max_batches: int | None = None) -> int:
    """Send what dead writers of one track left; stops at the first trouble. Returns how many are left."""
    left = 0
    ended = []
    for delivery in left_behind(folder, transport, pace):
        count = 0
        while (outcome := delivery.step()) is Outcome.PROGRESS:
            count += 1
            if max_batches is not None and count >= max_batches:
                return left + 1
        if outcome is not Outcome.IDLE:
            left += 1
        elif (delivery.folder / "end").exists():
            # Ends are told last: a closed track takes no more points.
            ended.append(delivery.folder.name)
        else:
            delivery.end()
    if left == 0:
        for delivery in left_behind(folder, transport, pace):
            if delivery.folder.name in ended:
                delivery.end()
                left += delivery.folder.exists()
    return left
