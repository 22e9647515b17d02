"""Tracks as TensorBoard's runs: the name of each, which is also the name of a folder.

Called by tb-proxy when a TensorBoard starts. Guarantees names that are one plain segment of a path and all different.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.storage.database import ReadSession
from services.tracks.store import get_track

# Together they travel in one address, and each is a line in every chart.
MAX_RUNS = 50
_LONGEST_NAME = 100
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Run:
    """One track and the name of its run."""

    track_id: UUID
    name: str


def run_name(name: str) -> str:
    """Turn the name of a track into a plain segment of a path."""
    while len(name.encode()) > _LONGEST_NAME:
        name = name[:-1]
    plain = _UNSAFE.sub("_", name).strip()
    return f"_{plain}" if not plain or plain.startswith(".") else plain


async def open_runs(session: ReadSession, track_ids: Sequence[UUID]) -> list[Run]:
    """Return the runs of tracks, in their order. Raises: TrackNotFound, TrackDeleted."""
    runs: list[Run] = []
    taken: set[str] = set()
    for track_id in track_ids:
        track = await get_track(session, track_id)
        name = run_name(track.name)
        if name in taken:
            name = f"{name} ({track_id})"
        taken.add(name)
        runs.append(Run(track_id, name))
    return runs
