"""What was moved out of the batch log to its place: chunks for long series, segments for the others.

Called by the transposer inside its transaction, and by whoever deletes series. Guarantees that pages, segments and
chunks say the same afterwards.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

import numpy as np

from services.core.points import Points, join_points
from services.core.values import ValueType
from services.series.chunk_store import StoredChunk, read_last_chunks, replace_chunks
from services.series.chunks import MAX_CHUNK_POINTS, MIN_CHUNK_POINTS
from services.series.grouping import PAGE, Arranged, Grouped
from services.series.pages import add_points, pages_of
from services.series.segments import Segment, encode_segment
from services.series.store import (
    VersionedPages,
    count_segments,
    delete_segments,
    insert_segments,
    read_frames,
    read_segments,
)
from services.storage.database import Session

# A last chunk with fewer points is joined with what comes after it: a series that grows slowly gets few, large chunks,
# at the price that a point is written up to four times.
_GROWING_CHUNK_POINTS = MAX_CHUNK_POINTS // 2
_GROWING_CHUNK_BYTES = 1 << 20
_CHUNK_CHARS = 1 << 20
# A page is tidied when its series are long enough for chunks, or when it has so many segments: few if they are small,
# for large ones would be written again and again; a large one among small ones is left until those are worth it.
_MANY_SEGMENTS = 16
_TOO_MANY_SEGMENTS = 64
_SMALL_PAGE_POINTS = 256 << 10
_LEFT_ALONE = 4

Runs = dict[int, list[Points]]


async def settle(session: Session, track_id: UUID, moved: Arranged) -> None:
    """Give points their place, and tidy the pages they went to."""
    pages = await VersionedPages.open(session, track_id, sorted({page for page, _ in pages_of(moved)}))
    runs: Runs = dict(moved.runs)
    new_segments: list[tuple[int, int, Segment]] = []
    for page, part in pages_of(moved):
        add_points(pages[page], page * PAGE, part)
    for grouped in moved.grouped:
        for part in grouped.pages():
            page = int(part.leaf_ids[0]) // PAGE
            is_long = np.diff(part.bounds) >= (1 if part.type is ValueType.STR else MIN_CHUNK_POINTS)
            runs |= {leaf_id: [points] for leaf_id, points in part.select(is_long).items()}
            if not is_long.all():
                new_segments.append((page, pages.version_of(page), encode_segment(part.select(~is_long))))
    await _write_chunks(session, track_id, pages, runs)
    if new_segments:
        await insert_segments(session, track_id, new_segments)
    for page in await _crowded_pages(session, track_id, pages):
        await tidy_page(session, track_id, pages, page)
    await pages.write(session, track_id)


async def _write_chunks(
    session: Session, track_id: UUID, pages: VersionedPages, runs: Mapping[int, list[Points]]
) -> None:
    """Write runs as chunks, behind what their series have in segments and joined with a small last chunk."""
    if not runs:
        return
    leaf_ids = list(runs)
    waiting = await read_frames(session, track_id, leaf_ids)
    last_chunks = await read_last_chunks(
        session, track_id, leaf_ids, max_points=_GROWING_CHUNK_POINTS, max_bytes=_GROWING_CHUNK_BYTES
    )
    old: list[StoredChunk] = []
    new: list[StoredChunk] = []
    for leaf_id, parts in runs.items():
        page, place = pages[leaf_id // PAGE], leaf_id % PAGE
        live = [points for version, points in waiting.get(leaf_id, []) if version > page.chunked_through[place]]
        first_index = int(page.n_chunked[place])
        ordered = [*live, *parts]
        page.n_chunked[place] += sum(len(points) for points in ordered)
        page.chunked_through[place] = pages.version_of(leaf_id // PAGE)
        if last := _growing(last_chunks.get(leaf_id, []), {points.type for points in ordered}):
            old += last
            ordered = [*(chunk.points for chunk in last), *ordered]
            first_index = last[0].first_index
        new += cut_chunks(leaf_id, first_index, ordered)
    await replace_chunks(session, track_id, old, new)


def _growing(last: list[StoredChunk], new_types: set[ValueType]) -> list[StoredChunk]:
    """Return the last chunks from the first one on that can grow by points of these types."""
    at = next((at for at, chunk in enumerate(last) if chunk.points.type in new_types), len(last))
    return last[at:]


def _by_type(runs: Sequence[Points]) -> Sequence[Points]:
    """Bring runs of one type together: a series that mixes types gets few chunks and not one for each change.

    Only where no time is shared between types, for of equal times the order of arrival counts.
    """
    of_type: dict[ValueType, list[Points]] = {}
    for points in runs:
        of_type.setdefault(points.type, []).append(points)
    if len(of_type) == 1 or len(of_type) == len(runs):
        return runs
    times = [np.unique(np.concatenate([points.times for points in mine])) for mine in of_type.values()]
    if len(np.unique(np.concatenate(times))) < sum(map(len, times)):
        return runs
    return [points for mine in of_type.values() for points in mine]


def cut_chunks(leaf_id: int, first_index: int, runs: Sequence[Points]) -> list[StoredChunk]:
    """Join points of one type, order them by time, and cut them into chunks of about one size."""
    made: list[StoredChunk] = []
    runs = _by_type(runs)
    start = 0
    while start < len(runs):
        stop = start
        while stop < len(runs) and runs[stop].type is runs[start].type:
            stop += 1
        for part in _pieces(_by_time(join_points(runs[start:stop]))):
            made.append(StoredChunk(leaf_id, first_index, part))
            first_index += len(part)
        start = stop
    return made


def _by_time(points: Points) -> Points:
    if (points.times[1:] >= points.times[:-1]).all():
        return points
    # Stable, so that of equal times the one that arrived later stays the later one.
    return points.take(np.argsort(points.times, kind="stable"))


def _pieces(points: Points) -> Iterator[Points]:
    n_pieces = -(-len(points) // MAX_CHUNK_POINTS)
    if points.type is ValueType.STR:
        n_pieces = min(len(points), n_pieces + sum(len(value) for value in points.values) // _CHUNK_CHARS)
    cuts = [len(points) * piece // n_pieces for piece in range(n_pieces + 1)]
    for start, stop in pairwise(cuts):
        yield points.slice(start, stop)


async def _crowded_pages(session: Session, track_id: UUID, pages: VersionedPages) -> list[int]:
    crowded = []
    for number, (n, points, largest) in (await count_segments(session, track_id, list(pages))).items():
        page = pages[number]
        waiting = page.n_points > page.n_chunked
        is_full = points >= MIN_CHUNK_POINTS * int(np.count_nonzero(waiting))
        is_small = points <= _SMALL_PAGE_POINTS and (points - largest) * _LEFT_ALONE >= largest
        if is_full or n >= _TOO_MANY_SEGMENTS or (n >= _MANY_SEGMENTS and is_small):
            crowded.append(number)
    return crowded


async def tidy_page(session: Session, track_id: UUID, pages: VersionedPages, page: int) -> None:
    """Make the segments of a page into chunks where a series has grown long, and into one segment for the others."""
    live: Runs = {}
    through = pages[page].chunked_through
    for version, frames in await read_segments(session, track_id, page):
        for frame in frames:
            for leaf_id, points in frame.items():
                # A series that was deleted is not in its page any more; its points go with this.
                if version > through[leaf_id % PAGE] and pages[page].n_points[leaf_id % PAGE]:
                    live.setdefault(leaf_id, []).append(points)
    long = {leaf_id: parts for leaf_id, parts in live.items() if _deserves_chunk(parts)}
    await delete_segments(session, track_id, page)
    await _write_chunks(session, track_id, pages, long)
    short = {leaf_id: join_points(parts) for leaf_id, parts in sorted(live.items()) if leaf_id not in long}
    made = []
    for value_type in {points.type for points in short.values()}:
        of_type = [(leaf_id, points) for leaf_id, points in short.items() if points.type is value_type]
        made.append((page, pages.version_of(page), encode_segment(Grouped.of(of_type))))
    if made:
        await insert_segments(session, track_id, made)


def _deserves_chunk(parts: Sequence[Points]) -> bool:
    is_mixed = any(points.type is not parts[0].type for points in parts)
    return is_mixed or sum(len(points) for points in parts) >= MIN_CHUNK_POINTS
