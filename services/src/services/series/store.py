"""The SQL of series: pages, segments and chunks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import numpy as np

from services.core.points import Points
from services.core.values import ValueType
from services.series.chunks import decode_chunk, encode_chunk
from services.series.grouping import PAGE, Grouped
from services.series.pages import SeriesPage, decode_page, empty_page, encode_page
from services.series.pyramid import PYRAMID_FROM, encode_pyramid
from services.series.segments import NO_FRAME, Segment, SegmentEncoding, decode_frame, decode_segment
from services.storage.database import AnySession, Database, Session
from services.storage.tables import chunks, segments


@dataclass(frozen=True, slots=True)
class VersionedPage:
    """A page and the version it was read at."""

    version: int
    page: SeriesPage


async def read_pages(
    session: AnySession, track_id: UUID, pages: Sequence[int] | None = None
) -> dict[int, VersionedPage]:
    """Return pages of a track, all or the ones asked for, as far as they are there."""
    if pages is not None:
        return (await read_pages_of_tracks(session, {track_id: pages}))[track_id]
    rows = await Database.fetch(session, "SELECT page, version, data FROM series_pages WHERE track_id = $1", track_id)
    return {row["page"]: VersionedPage(row["version"], decode_page(row["data"])) for row in rows}


async def read_pages_of_tracks(
    session: AnySession, wanted: Mapping[UUID, Collection[int]]
) -> dict[UUID, dict[int, VersionedPage]]:
    """Return pages of tracks, as far as they are there."""
    rows = await Database.fetch(
        session,
        "SELECT track_id, page, version, data FROM unnest($1::uuid[], $2::int[]) AS asked(track_id, page)"
        " JOIN series_pages USING (track_id, page)",
        [track_id for track_id, pages in wanted.items() for _ in pages],
        [page for pages in wanted.values() for page in pages],
    )
    found: dict[UUID, dict[int, VersionedPage]] = {track_id: {} for track_id in wanted}
    for row in rows:
        found[row["track_id"]][row["page"]] = VersionedPage(row["version"], decode_page(row["data"]))
    return found


class VersionedPages(Mapping[int, SeriesPage]):
    """Pages of a track that are being changed, each at its next version."""

    def __init__(self, held: dict[int, VersionedPage]) -> None:
        self._held = held

    @classmethod
    async def open(cls, session: Session, track_id: UUID, pages: Sequence[int]) -> "VersionedPages":
        """Read pages, and make those that are missing; the caller holds the claim on the track."""
        found = await read_pages(session, track_id, pages)
        new = VersionedPage(0, empty_page())
        held = {page: found.get(page, new) for page in pages}
        return cls(
            {page: VersionedPage(h.version + 1, empty_page() if h is new else h.page) for page, h in held.items()}
        )

    def __getitem__(self, page: int) -> SeriesPage:
        """Return a page."""
        return self._held[page].page

    def __iter__(self) -> Iterator[int]:
        """Give the numbers of the pages."""
        return iter(self._held)

    def __len__(self) -> int:
        """Return how many pages these are."""
        return len(self._held)

    def version_of(self, page: int) -> int:
        """Return the version that a page will have."""
        return self._held[page].version

    async def write(self, session: Session, track_id: UUID) -> None:
        """Store all of them."""
        await Database.fetch(
            session,
            "INSERT INTO series_pages (track_id, page, version, data)"
            " SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::bytea[])"
            " ON CONFLICT (track_id, page) DO UPDATE SET version = excluded.version, data = excluded.data",
            track_id,
            list(self._held),
            [held.version for held in self._held.values()],
            [encode_page(held.page) for held in self._held.values()],
        )


# --- segments -------------------------------------------------------------------------------------------------------

_SEGMENT_COLUMNS = (
    "track_id", "page", "version", "type", "n_points", "frame_of", "offsets", "encoding", "data",
)  # fmt: skip


async def insert_segments(session: Session, track_id: UUID, new: Sequence[tuple[int, int, Segment]]) -> None:
    """Store segments, each with its page and the version it belongs to."""
    encoding = int(SegmentEncoding.SHUFFLED_ZSTD)
    rows = [
        (track_id, page, version, int(s.type), s.n_points, s.frame_of, s.offsets, encoding, s.data)
        for page, version, s in new
    ]  # fmt: skip
    await Database.copy_rows(session, segments, rows, _SEGMENT_COLUMNS)


async def read_frames(
    session: AnySession, track_id: UUID, leaf_ids: Sequence[int]
) -> dict[int, list[tuple[int, Points]]]:
    """Return what segments hold of some series: by leaf, the version and the points, in order of arrival.

    Only the frames asked for are read from disk.
    """
    rows = await Database.fetch(
        session,
        # First which frames those are: neighbours lie in one, and it should be read once.
        "SELECT s.version, s.type, s.encoding,"
        " substring(s.data FROM 1 + s.offsets[f.frame + 1]"
        "           FOR s.offsets[f.frame + 2] - s.offsets[f.frame + 1]) AS frame"
        " FROM (SELECT DISTINCT o.page, o.version, o.type, get_byte(o.frame_of, asked.leaf_id % $3::int) AS frame"
        "       FROM unnest($2::int[]) AS asked(leaf_id)"
        "       JOIN segments o ON o.track_id = $1 AND o.page = asked.leaf_id / $3::int) AS f"
        " JOIN segments s ON s.track_id = $1 AND s.page = f.page AND s.version = f.version AND s.type = f.type"
        " WHERE f.frame <> $4 ORDER BY s.version",
        track_id,
        list(leaf_ids),
        PAGE,
        NO_FRAME,
    )
    wanted = np.array(sorted(set(leaf_ids)), np.int64)
    found: dict[int, list[tuple[int, Points]]] = {}
    for row in rows:
        frame = decode_frame(ValueType(row["type"]), row["encoding"], row["frame"])
        for place in np.flatnonzero(np.isin(frame.leaf_ids, wanted)).tolist():
            found.setdefault(int(frame.leaf_ids[place]), []).append((row["version"], frame.points_of(place)))
    return found


async def read_segments(session: AnySession, track_id: UUID, page: int) -> list[tuple[int, list[Grouped]]]:
    """Return all segments of a page with their versions, in order."""
    rows = await Database.fetch(
        session,
        "SELECT version, type, encoding, offsets, data FROM segments"
        " WHERE track_id = $1 AND page = $2 ORDER BY version",
        track_id,
        page,
    )
    return [
        (row["version"], decode_segment(ValueType(row["type"]), row["encoding"], row["offsets"], row["data"]))
        for row in rows
    ]


async def delete_segments(session: Session, track_id: UUID, page: int) -> None:
    """Delete all segments of a page."""
    await Database.fetch(session, "DELETE FROM segments WHERE track_id = $1 AND page = $2", track_id, page)


async def count_segments(session: AnySession, track_id: UUID, pages: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return by page how many segments it has, their points, and the points of the largest."""
    rows = await Database.fetch(
        session,
        "SELECT page, count(*) AS n, sum(n_points) AS points, max(n_points) AS largest FROM segments"
        " WHERE track_id = $1 AND page = ANY($2::int[]) GROUP BY page",
        track_id,
        list(pages),
    )
    return {row["page"]: (row["n"], row["points"], row["largest"]) for row in rows}


# --- chunks ---------------------------------------------------------------------------------------------------------


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
    def name(self) -> tuple[int, int, int]:
        """Return what tells this chunk from any other of its track, for ever."""
        return self.leaf_id, self.first_index, self.n_points


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
) -> dict[int, StoredChunk]:
    """Return the last chunk of each series where it has fewer points and bytes than these."""
    rows = await Database.fetch(
        session,
        "SELECT * FROM (SELECT DISTINCT ON (leaf_id) leaf_id, first_index, n_points, type, encoding, data FROM chunks"
        " WHERE track_id = $1 AND leaf_id = ANY($2::int[]) ORDER BY leaf_id, first_index DESC) AS last"
        " WHERE n_points < $3 AND octet_length(data) < $4",
        track_id,
        list(leaf_ids),
        max_points,
        max_bytes,
    )
    return {
        row["leaf_id"]: StoredChunk(
            row["leaf_id"], row["first_index"], decode_chunk(row["type"], row["encoding"], row["data"])
        )
        for row in rows
    }


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
