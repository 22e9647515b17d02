"""Batch log to chunks, in the background: rows of many series become chunks of one series each.

Run by ingest-api beside its requests; any number of replicas share the work by claiming tracks. Guarantees that a crash
at any point loses and doubles nothing: chunks appear and rows vanish in one transaction.
"""

import asyncio
from collections import defaultdict
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from services.core.errors import ServiceError
from services.core.points import Points, join_points
from services.core.telemetry import TRANSPOSED_POINTS
from services.core.values import LeafKind
from services.series.chunks import FULL_CHUNK_POINTS, MAX_CHUNK_POINTS
from services.series.load import add_to_summary, points_of
from services.series.store import (
    SeriesSummary,
    StoredChunk,
    read_last_chunks,
    read_summaries,
    replace_chunks,
    upsert_summaries,
)
from services.storage.batch_log import drop_batches, find_backlog, read_tail
from services.storage.database import Database, Session
from services.storage.tables import tracks
from services.tracks.leaves import ensure_leaves

log = structlog.get_logger()

# Rows rest this long, so that a chunk is rewritten once for many batches.
_RESTED_S = 2.0
_MANY_POINTS = 1_000_000
_PAUSE_S = 1.0
# What one transaction takes on: some hundred megabytes of memory at most.
_POINTS_AT_ONCE = 2_000_000


class Transposer:
    """Moves committed batches into chunks."""

    def __init__(self, database: Database, *, rested_s: float = _RESTED_S) -> None:
        self._database = database
        self._rested_s = rested_s

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if await self.run_once() == 0:
                await asyncio.sleep(_PAUSE_S)

    async def run_once(self) -> int:
        """Transpose every track that is due; return the number of points moved."""
        async with self._database.read() as session:
            due = await find_backlog(session, rested_s=self._rested_s, many_points=_MANY_POINTS)
        moved = 0
        for track_id in due:
            try:
                async with self._database.transaction() as session:
                    moved += await transpose_track(session, track_id)
            except (DBAPIError, asyncpg.PostgresError, ServiceError, ValueError):
                # Its rows stay where readers find them; the tracks behind it must not wait for a repair.
                log.exception("track_not_transposed", track_id=str(track_id))
        TRANSPOSED_POINTS.inc(moved)
        return moved


async def transpose_track(session: Session, track_id: UUID) -> int:
    """Move the oldest batches of a track into chunks; return the number of points, 0 when another replica is at it."""
    claim = func.pg_try_advisory_xact_lock(func.hashtextextended(str(track_id), 0))
    if not await session.scalar(select(claim)):
        return 0
    # Against a deletion at the same moment: whoever comes second sees what the first has done.
    held = select(tracks.c.track_id).where(tracks.c.track_id == track_id, tracks.c.deleted_at.is_(None))
    await session.execute(text("SET LOCAL statement_timeout = '300s'"))
    if await session.scalar(held.with_for_update(read=True, key_share=True)) is None:
        return 0
    batches = await read_tail(session, track_id, max_points=_POINTS_AT_ONCE)
    arrived: dict[str, list[Points]] = defaultdict(list)
    for key, points in points_of(batches):
        arrived[key].append(points)
    if arrived:
        await _write_chunks(session, track_id, arrived)
    await drop_batches(session, track_id, batches)
    return sum(len(points) for parts in arrived.values() for points in parts)


async def _write_chunks(session: Session, track_id: UUID, arrived: dict[str, list[Points]]) -> None:
    leaves = await ensure_leaves(session, track_id, dict.fromkeys(arrived, LeafKind.SERIES))
    summaries = await read_summaries(session, track_id)
    last_chunks = await read_last_chunks(session, track_id, [leaf.leaf_id for leaf in leaves.values()])
    old: list[StoredChunk] = []
    new: list[StoredChunk] = []
    changed: list[SeriesSummary] = []
    for key, parts in arrived.items():
        leaf_id = leaves[key].leaf_id
        summary = summaries.get(key)
        first_index = summary.n_points if summary else 0
        last = last_chunks.get(leaf_id)
        runs = list(parts)
        if last is not None and len(last.points) < FULL_CHUNK_POINTS and last.points.type is parts[0].type:
            old.append(last)
            runs.insert(0, last.points)
            first_index = last.first_index
        new += _cut(leaf_id, first_index, runs)
        for points in parts:
            summary = add_to_summary(summary, key, leaf_id, points)
        if summary is not None:
            changed.append(summary)
    await replace_chunks(session, track_id, old, new)
    await upsert_summaries(session, track_id, changed)


def _cut(leaf_id: int, first_index: int, runs: list[Points]) -> list[StoredChunk]:
    """Join neighbouring points of one type and cut them into chunks."""
    made: list[StoredChunk] = []
    start = 0
    while start < len(runs):
        stop = start
        while stop < len(runs) and runs[stop].type is runs[start].type:
            stop += 1
        joined = join_points(runs[start:stop])
        for offset in range(0, len(joined), MAX_CHUNK_POINTS):
            part = joined.slice(offset, offset + MAX_CHUNK_POINTS)
            made.append(StoredChunk(leaf_id, first_index, part))
            first_index += len(part)
        start = stop
    return made
