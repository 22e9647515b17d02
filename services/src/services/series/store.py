"""The SQL of series: pages and segments."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from services.core.points import Points
from services.core.values import ValueType
from services.series.grouping import PAGE, Grouped
from services.series.pages import SeriesPage, decode_page, empty_page, encode_page
from services.series.segments import NO_FRAME, Segment, SegmentEncoding, decode_frame, decode_segment
from services.storage.database import AnySession, Database, Session
from services.storage.tables import segments


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
