"""The SQL of series: summaries and chunks."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Integer, Text, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from services.core.points import Points
from services.core.values import LeafKind, Value, ValueType, from_text, to_text
from services.series.chunks import ChunkEncoding, decode_chunk, encode_chunk
from services.storage.database import AnySession, Database, Session
from services.storage.tables import chunks, leaves, series


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """How long a series is and where it stands."""

    leaf_id: int
    key: str
    n_points: int
    type: ValueType
    value: Value
    step: float | None
    time: float


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """One row of chunks."""

    leaf_id: int
    first_index: int
    points: Points


async def read_chunks(session: AnySession, track_id: UUID, keys: Sequence[str]) -> dict[str, list[Points]]:
    """Return the chunks of series by key, in the order they were transposed."""
    query = (
        select(leaves.c.key, chunks.c.type, chunks.c.encoding, chunks.c.data)
        .join(leaves, (leaves.c.track_id == chunks.c.track_id) & (leaves.c.leaf_id == chunks.c.leaf_id))
        .where(chunks.c.track_id == track_id, leaves.c.key == any_(cast(list(keys), ARRAY(Text))))
        .order_by(chunks.c.leaf_id, chunks.c.first_index)
    )
    found: dict[str, list[Points]] = defaultdict(list)
    for row in await session.execute(query):
        found[row.key].append(decode_chunk(row.type, row.encoding, row.data))
    return dict(found)


async def read_summaries(session: AnySession, track_id: UUID) -> dict[str, SeriesSummary]:
    """Return the summaries of all transposed points of a track, by key."""
    query = (
        select(series, leaves.c.key)
        .join(leaves, (leaves.c.track_id == series.c.track_id) & (leaves.c.leaf_id == series.c.leaf_id))
        .where(series.c.track_id == track_id, leaves.c.kind == int(LeafKind.SERIES))
    )
    return {
        row.key: SeriesSummary(
            leaf_id=row.leaf_id,
            key=row.key,
            n_points=row.n_points,
            type=ValueType(row.last_type),
            value=from_text(row.last_type, row.last_value),
            step=row.last_step,
            time=row.last_time,
        )
        for row in await session.execute(query)
    }


async def read_last_chunks(session: AnySession, track_id: UUID, leaf_ids: Sequence[int]) -> dict[int, StoredChunk]:
    """Return the last chunk of each series that has one."""
    query = (
        select(chunks.c.leaf_id, chunks.c.first_index, chunks.c.type, chunks.c.encoding, chunks.c.data)
        .where(chunks.c.track_id == track_id, chunks.c.leaf_id == any_(cast(list(leaf_ids), ARRAY(Integer))))
        .ext(distinct_on(chunks.c.leaf_id))
        .order_by(chunks.c.leaf_id, chunks.c.first_index.desc())
    )
    rows = (await session.execute(query)).all()
    return await asyncio.to_thread(
        lambda: {
            row.leaf_id: StoredChunk(row.leaf_id, row.first_index, decode_chunk(row.type, row.encoding, row.data))
            for row in rows
        }
    )


async def replace_chunks(
    session: Session, track_id: UUID, old: Sequence[StoredChunk], new: Sequence[StoredChunk]
) -> None:
    """Delete the old chunks and write the new ones."""
    if old:
        await session.execute(
            text(
                "DELETE FROM chunks USING unnest(CAST(:leaves AS int[]), CAST(:firsts AS bigint[]))"
                " AS old(leaf_id, first)"
                " WHERE chunks.track_id = :track_id AND chunks.leaf_id = old.leaf_id AND chunks.first_index = old.first"
            ),
            {"track_id": track_id, "leaves": [c.leaf_id for c in old], "firsts": [c.first_index for c in old]},
        )
    # In a thread: thousands of chunks take seconds to encode, and requests are answered by the same event loop.
    rows = await asyncio.to_thread(lambda: [_chunk_row(track_id, chunk) for chunk in new])
    await Database.copy_rows(session, chunks, rows, _CHUNK_COLUMNS)


_CHUNK_COLUMNS = (
    "track_id", "leaf_id", "first_index", "n_points", "type", "time_min", "time_max", "step_min", "step_max",
    "encoding", "data",
)  # fmt: skip


def _chunk_row(track_id: UUID, chunk: StoredChunk) -> tuple[Any, ...]:
    points = chunk.points
    has_steps = not np.isnan(points.steps).all()
    return (
        track_id,
        chunk.leaf_id,
        chunk.first_index,
        len(points),
        int(points.type),
        float(points.times.min()),
        float(points.times.max()),
        float(np.nanmin(points.steps)) if has_steps else None,
        float(np.nanmax(points.steps)) if has_steps else None,
        int(ChunkEncoding.SHUFFLED_ZSTD),
        encode_chunk(points),
    )


async def upsert_summaries(session: Session, track_id: UUID, summaries: Sequence[SeriesSummary]) -> None:
    """Store how long series are and where they stand."""
    await session.execute(
        text(
            "INSERT INTO series (track_id, leaf_id, n_points, version, last_type, last_value, last_step, last_time)"
            " SELECT :track_id, leaf_id, n, 1, type, value, step, time FROM unnest(CAST(:leaves AS int[]),"
            " CAST(:counts AS bigint[]), CAST(:types AS smallint[]), CAST(:texts AS text[]), CAST(:steps AS float8[]),"
            " CAST(:times AS float8[])) AS new(leaf_id, n, type, value, step, time)"
            " ON CONFLICT (track_id, leaf_id) DO UPDATE SET n_points = excluded.n_points, version = series.version + 1,"
            " last_type = excluded.last_type, last_value = excluded.last_value, last_step = excluded.last_step,"
            " last_time = excluded.last_time"
        ),
        {
            "track_id": track_id,
            "leaves": [s.leaf_id for s in summaries],
            "counts": [s.n_points for s in summaries],
            "types": [int(s.type) for s in summaries],
            # PostgreSQL's text cannot hold NUL; the points themselves keep it.
            "texts": [to_text(s.value).replace("\x00", "\ufffd") for s in summaries],
            "steps": [s.step for s in summaries],
            "times": [s.time for s in summaries],
        },
    )
