"""Batch log to series, in the background: rows of many series become chunks and segments, ordered series by series.

Run by its own process, in any number of replicas that share the work by claiming tracks. Guarantees that a crash at any
point loses and doubles nothing: points appear in their new place and rows vanish in one transaction.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import numpy as np
import structlog
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from services.core.cache import ByteLru
from services.core.errors import ServiceError
from services.core.telemetry import (
    BATCH_LOG_AGE_SECONDS,
    BATCH_LOG_POINTS,
    BATCH_LOG_ROWS,
    TRANSPOSE_SECONDS,
    TRANSPOSED_POINTS,
)
from services.core.values import LeafKind
from services.series.grouping import LeafIds, arrange, columns_of
from services.series.settle import settle
from services.storage.batch_body import BatchBody, KeyList
from services.storage.batch_log import claim_track, drop_batches, find_backlog, read_tail
from services.storage.database import Database, Session
from services.storage.tables import tracks
from services.tracks.leaves import ensure_leaves, find_leaves

log = structlog.get_logger()

# Rows rest this long, so that what is written for a track is worth a transaction.
_RESTED_S = 10.0
_MANY_POINTS = 1_000_000
_PAUSE_S = 0.5
# What one transaction takes on: some hundred megabytes of memory at most.
_POINTS_AT_ONCE = 2_000_000
# Dropped rows are given back to new ones after this much; the batch log then stays about this large.
_VACUUM_AFTER_BYTES = 64 << 20
_LEAF_IDS_BYTES = 64 << 20


class Transposer:
    """Moves committed batches into chunks and segments."""

    def __init__(self, database: Database, *, rested_s: float = _RESTED_S) -> None:
        self._database = database
        self._rested_s = rested_s
        self._leaf_ids: ByteLru[LeafIds] = ByteLru(_LEAF_IDS_BYTES)
        self._dropped_bytes = 0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if await self.run_once() == 0:
                await asyncio.sleep(_PAUSE_S)

    async def run_once(self) -> int:
        """Transpose every track that is due; return the number of points moved."""
        async with self._database.read() as session:
            backlog = await find_backlog(session, rested_s=self._rested_s, many_points=_MANY_POINTS)
        BATCH_LOG_ROWS.set(backlog.n_rows)
        BATCH_LOG_POINTS.set(backlog.n_points)
        BATCH_LOG_AGE_SECONDS.set(backlog.age_s)
        # Replicas that all began with the oldest would wait for each other's claims.
        due = random.sample(backlog.due, len(backlog.due))
        moved = 0
        for track_id in due:
            started = time.perf_counter()
            try:
                moved += await self._transpose(track_id)
            except (DBAPIError, asyncpg.PostgresError, ServiceError, ValueError):
                # Its rows stay where readers find them; the tracks behind it must not wait for a repair.
                log.exception("track_not_transposed", track_id=str(track_id))
            TRANSPOSE_SECONDS.observe(time.perf_counter() - started)
            await self._reclaim()
        return moved

    async def _transpose(self, track_id: UUID) -> int:
        async with self._database.transaction() as session:
            moved, dropped = await transpose_track(session, track_id, self._leaf_ids)
        self._dropped_bytes += dropped
        TRANSPOSED_POINTS.inc(moved)
        return moved

    async def _reclaim(self) -> None:
        if self._dropped_bytes >= _VACUUM_AFTER_BYTES:
            self._dropped_bytes = 0
            # Autovacuum looks every ten seconds to a minute; at full rate that is gigabytes.
            await self._database.vacuum("batch_log", "series_pages", "segments")


async def transpose_track(session: Session, track_id: UUID, leaf_ids: ByteLru[LeafIds]) -> tuple[int, int]:
    """Move the oldest batches of a track to their place; return how many points, and the bytes of the dropped rows.

    Nothing is moved when another replica is at the track.
    """
    if not await claim_track(session, track_id, wait=False):
        return 0, 0
    await session.execute(text("SET LOCAL statement_timeout = '300s'"))
    # Against a deletion at the same moment: whoever comes second sees what the first has done.
    held = select(tracks.c.leaves_version, tracks.c.purged_at).where(tracks.c.track_id == track_id)
    track = (await session.execute(held.with_for_update(read=True, key_share=True))).one_or_none()
    batches = await read_tail(session, track_id, max_points=_POINTS_AT_ONCE)
    n_points = 0
    if track is not None and track.purged_at is None:
        bodies = [(batch.decode(), batch.refused) for batch in batches]
        numbered: dict[KeyList, LeafIds] = {}
        for keys in {one.keys for body, _ in bodies for one in body.series}:
            name = (track_id, track.leaves_version, keys)
            known = leaf_ids.get(name)
            if known is None:
                known, is_lasting = await _leaf_ids_of(session, track_id, keys, bodies)
                if is_lasting:
                    leaf_ids.put(name, known, known.nbytes + 500)
            numbered[keys] = known
        columns = list(columns_of(bodies, numbered.__getitem__))
        moved = await asyncio.to_thread(arrange, columns)
        n_points = sum(len(grouped.times) for grouped in moved.grouped)
        n_points += sum(len(points) for parts in moved.runs.values() for points in parts)
        if n_points:
            await settle(session, track_id, moved)
    # Rows of a track that is gone were acknowledged in the moment of its deletion.
    await drop_batches(session, track_id, batches)
    return n_points, sum(len(batch.body) for batch in batches)


async def _leaf_ids_of(
    session: Session, track_id: UUID, keys: KeyList, bodies: Sequence[tuple[BatchBody, frozenset[int]]]
) -> tuple[LeafIds, bool]:
    """Return the leaf of each key, -1 for what has none, and whether that holds as long as the track's leaves do."""
    leaves = await find_leaves(session, track_id, keys.keys)
    missing = {key for place, key in enumerate(keys.keys) if key not in leaves and place not in keys.problems}
    # A key that was deleted and only stands in batches from before must not come back.
    logged = _logged_keys(keys, bodies) & missing if missing else set()
    if logged:
        leaves |= await ensure_leaves(session, track_id, dict.fromkeys(sorted(logged), LeafKind.SERIES))
    ids = {key: leaf.leaf_id for key, leaf in leaves.items() if leaf.kind is LeafKind.SERIES}
    # What was made here is gone again if this transaction fails.
    return np.array([ids.get(key, -1) for key in keys.keys], np.int64), not missing


def _logged_keys(keys: KeyList, bodies: Sequence[tuple[BatchBody, frozenset[int]]]) -> set[str]:
    found: set[str] = set()
    for body, refused in bodies:
        start = 0
        for one in body.series:
            if one.keys is keys:
                counts = one.counts.tolist()
                found.update(
                    key for place, key in enumerate(keys.keys) if counts[place] and start + place not in refused
                )
            start += len(one.keys)
    return found
