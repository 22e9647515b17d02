"""Points and summaries of series, merged from chunks and the batch log on one snapshot.

Called by readers. Guarantees that data is visible as soon as it is committed, once, wherever it rests at that moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np

from services.core.points import Points
from services.series.store import SeriesSummary, read_chunks, read_summaries
from services.storage.batch_log import LoggedBatch, read_tail
from services.storage.database import ReadSession


def points_of(batches: Iterable[LoggedBatch]) -> Iterable[tuple[str, Points]]:
    """Give every stored series of logged batches with its points; what was refused is left out."""
    for batch in batches:
        for index, key, points in batch.decode().points():
            if index not in batch.refused and len(points):
                yield key, points


async def load_points(session: ReadSession, track_id: UUID, keys: Sequence[str]) -> dict[str, list[Points]]:
    """Return all points of series by key, in order of arrival; keys without a series are absent."""
    wanted = set(keys)
    found = await read_chunks(session, track_id, keys)
    for key, points in points_of(await read_tail(session, track_id)):
        if key in wanted:
            found.setdefault(key, []).append(points)
    return found


def add_to_summary(summary: SeriesSummary | None, key: str, leaf_id: int, points: Points) -> SeriesSummary:
    """Return a summary that knows of some more points; the last point is the newest by time, then by arrival."""
    # Searched from the end, because of equal times the one that arrived last counts.
    last = len(points) - 1 - int(np.argmax(points.times[::-1]))
    n_points = len(points) + (summary.n_points if summary else 0)
    if summary is not None and summary.time > points.times[last]:
        return replace(summary, n_points=n_points)
    step = float(points.steps[last])
    return SeriesSummary(
        leaf_id=leaf_id,
        key=key,
        n_points=n_points,
        type=points.type,
        value=points.value_at(last),
        step=None if np.isnan(step) else step,
        time=float(points.times[last]),
    )


async def load_summaries(session: ReadSession, track_id: UUID) -> dict[str, SeriesSummary]:
    """Return how long every series of a track is and where it stands, by key."""
    found = await read_summaries(session, track_id)
    for key, points in points_of(await read_tail(session, track_id)):
        held = found.get(key)
        found[key] = add_to_summary(held, key, held.leaf_id if held else 0, points)
    return found
