"""The SQL of chunks."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import numpy as np

from services.core.points import Points
from services.core.values import ValueType
from services.series.chunks import decode_chunk, encode_chunk
from services.series.pyramid import PYRAMID_FROM, encode_pyramid
from services.storage.database import AnySession, Database, Session
from services.storage.tables import chunks


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """Points that are a chunk, and where in their series they stand."""

    leaf_id: int
    first_index: int
    points: Points


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """What a chunk's row says without its points. Steps are NaN where no point has one."""

    leaf_id: int
    first_index: int
    n_points: int
    type: ValueType
    time_min: float
    time_max: float
    step_min: float
    step_max: float
    n_steps: int
    has_rising_steps: bool
    encoding: int
    has_pyramid: bool

    @property
    def name(self) -> Hashable:
        """Return what tells this chunk from any other of its track, for ever.

        A small last chunk is joined with what comes after it; its place and length alone may come again.
        """
        ends = (self.time_min, self.time_max, self.step_min, self.step_max)
        return self.leaf_id, self.first_index, self.n_points, int(self.type), *map(str, ends)


_FACTS = (
    "leaf_id, first_index, n_points, type, time_min, time_max, step_min, step_max, n_steps, has_rising_steps,"
    " encoding,"
    " pyramid IS NOT NULL AS has_pyramid"
)


def _facts(row: asyncpg.Record) -> ChunkFacts:
    none = float("nan")
    return ChunkFacts(
        row["leaf_id"], row["first_index"], row["n_points"], ValueType(row["type"]), row["time_min"], row["time_max"],
        none if row["step_min"] is None else row["step_min"], none if row["step_max"] is None else row["step_max"],
        row["n_steps"], row["has_rising_steps"], row["encoding"], row["has_pyramid"],
    )  # fmt: skip


async def read_chunk_facts(session: AnySession, track_id: UUID, leaf_ids: Sequence[int]) -> dict[int, list[ChunkFacts]]:
    """Return the chunks of series without their points, in order."""
    rows = await Database.fetch(
        session,
        f"SELECT {_FACTS} FROM chunks WHERE track_id = $1 AND leaf_id = ANY($2::int[]) ORDER BY leaf_id, first_index",  # noqa: S608 (our own text)
        track_id,
        list(leaf_ids),
    )
    found: dict[int, list[ChunkFacts]] = {}
    for row in rows:
        found.setdefault(row["leaf_id"], []).append(_facts(row))
    return found


async def read_chunk_column(
    session: AnySession, track_id: UUID, wanted: Sequence[ChunkFacts], column: str = "data"
) -> list[bytes]:
    """Return `data` or `pyramid` of chunks, in the order asked for."""
    assert column in {"data", "pyramid"}, "a name of ours"  # noqa: S101 (an invariant)
    rows = await Database.fetch(
        session,
        f"SELECT c.{column} AS bytes"  # noqa: S608 (our own text)
        " FROM unnest($2::int[], $3::bigint[]) WITH ORDINALITY AS w(leaf_id, first_index, at)"
        " JOIN chunks c ON c.track_id = $1 AND c.leaf_id = w.leaf_id AND c.first_index = w.first_index ORDER BY w.at",
        track_id,
        [facts.leaf_id for facts in wanted],
        [facts.first_index for facts in wanted],
    )
    return [row["bytes"] for row in rows]


async def read_last_chunks(
    session: AnySession, track_id: UUID, leaf_ids: Sequence[int], *, max_points: int, max_bytes: int
) -> dict[int, list[StoredChunk]]:
    """Return the last chunks of each series, in order, at most one for each type, while they are smaller than these."""
    rows = await Database.fetch(
        session,
        "SELECT l.* FROM unnest($2::int[]) AS asked(leaf_id) CROSS JOIN LATERAL ("
        " SELECT leaf_id, first_index, type, encoding,"
        " CASE WHEN n_points < $3 AND octet_length(data) < $4 THEN data END AS data"
        " FROM chunks WHERE track_id = $1 AND leaf_id = asked.leaf_id ORDER BY first_index DESC LIMIT $5) AS l"
        " ORDER BY l.leaf_id, l.first_index DESC",
        track_id,
        list(leaf_ids),
        max_points,
        max_bytes,
        len(ValueType),
    )
    found: dict[int, list[StoredChunk]] = {}
    ended = set()
    for row in rows:
        leaf_id, data = row["leaf_id"], row["data"]
        if data is None:
            ended.add(leaf_id)
        elif leaf_id not in ended:
            points = decode_chunk(row["type"], row["encoding"], data)
            found.setdefault(leaf_id, []).insert(0, StoredChunk(leaf_id, row["first_index"], points))
    return found


_CHUNK_COLUMNS = (
    "track_id", "leaf_id", "first_index", "n_points", "type", "time_min", "time_max", "step_min", "step_max",
    "n_steps", "has_rising_steps", "encoding", "pyramid", "data",
)  # fmt: skip


async def replace_chunks(
    session: Session, track_id: UUID, old: Sequence[StoredChunk], new: Sequence[StoredChunk]
) -> None:
    """Delete the old chunks and write the new ones."""
    if old:
        await Database.fetch(
            session,
            "DELETE FROM chunks USING unnest($2::int[], $3::bigint[]) AS old(leaf_id, first)"
            " WHERE track_id = $1 AND chunks.leaf_id = old.leaf_id AND first_index = old.first",
            track_id,
            [chunk.leaf_id for chunk in old],
            [chunk.first_index for chunk in old],
        )
    if new:
        await Database.copy_rows(session, chunks, [_chunk_row(track_id, chunk) for chunk in new], _CHUNK_COLUMNS)


def has_rising_steps(points: Points) -> bool:
    """Say whether every point has a step and each is larger than the one before."""
    return bool((points.steps[1:] > points.steps[:-1]).all()) and not np.isnan(points.steps[:1]).any()


def _needs_pyramid(chunk: StoredChunk) -> bool:
    return chunk.points.type is not ValueType.STR and chunk.first_index >= PYRAMID_FROM


def _chunk_row(track_id: UUID, chunk: StoredChunk) -> tuple[object, ...]:
    points = chunk.points
    encoding, data = encode_chunk(points)
    steps = points.steps[~np.isnan(points.steps)]
    return (
        track_id,
        chunk.leaf_id,
        chunk.first_index,
        len(points),
        int(points.type),
        float(points.times.min()),
        float(points.times.max()),
        float(steps.min()) if len(steps) else None,
        float(steps.max()) if len(steps) else None,
        len(steps),
        has_rising_steps(points),
        int(encoding),
        encode_pyramid(points) if _needs_pyramid(chunk) else None,
        data,
    )


async def delete_chunks(session: Session, track_id: UUID, leaf_ids: Sequence[int]) -> None:
    """Delete all chunks of series."""
    await Database.fetch(
        session, "DELETE FROM chunks WHERE track_id = $1 AND leaf_id = ANY($2::int[])", track_id, list(leaf_ids)
    )
