"""Points and summaries of series, merged from chunks, segments and the batch log on one snapshot.

Called by readers. Guarantees that data is visible as soon as it is committed, once, wherever it rests at that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from services.core.points import Points
from services.core.values import LeafKind, Value, ValueType
from services.series.chunk_store import read_chunk_column, read_chunk_facts
from services.series.chunks import decode_chunk
from services.series.grouping import PAGE, LeafIds, arrange, columns_of
from services.series.pages import SeriesPage, add_points, empty_page, pages_of
from services.series.store import read_frames, read_pages
from services.series.tail import Tail, read_whole_tail
from services.storage.batch_body import KeyList
from services.storage.database import ReadSession
from services.tracks.leaves import find_leaves, list_leaves


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """How long a series is and where it stands."""

    key: str
    n_points: int
    type: ValueType
    value: Value
    step: float | None
    time: float


async def load_points(session: ReadSession, track_id: UUID, keys: Sequence[str]) -> dict[str, list[Points]]:
    """Return all points of series by key, in order of arrival; keys without a series are absent."""
    leaves = await find_leaves(session, track_id, keys)
    leaf_ids = [leaf.leaf_id for leaf in leaves.values() if leaf.kind is LeafKind.SERIES]
    pages = await read_pages(session, track_id, sorted({leaf_id // PAGE for leaf_id in leaf_ids}))
    chunks = await read_chunk_facts(session, track_id, leaf_ids)
    frames = await read_frames(session, track_id, leaf_ids)
    tail = await read_whole_tail(session, track_id)
    found: dict[str, list[Points]] = {}
    for key, leaf in leaves.items():
        facts = chunks.get(leaf.leaf_id, [])
        data = await read_chunk_column(session, track_id, facts) if facts else []
        parts = [decode_chunk(f.type, f.encoding, raw) for f, raw in zip(facts, data, strict=True)]
        held = pages.get(leaf.leaf_id // PAGE)
        through = int(held.page.chunked_through[leaf.leaf_id % PAGE]) if held else 0
        parts += [points for version, points in frames.get(leaf.leaf_id, []) if version > through]
        parts += tail.points_of(key)
        if parts and leaf.kind is LeafKind.SERIES:
            found[key] = parts
    return found


async def load_summaries(session: ReadSession, track_id: UUID) -> dict[str, SeriesSummary]:
    """Return how long every series of a track is and where it stands, by key."""
    leaves = {leaf.key: leaf.leaf_id for leaf in await list_leaves(session, track_id, kind=LeafKind.SERIES)}
    pages = await load_pages(session, track_id, None, leaves, await read_whole_tail(session, track_id))
    found = {}
    for key, leaf_id in leaves.items():
        page, place = pages.get(leaf_id // PAGE), leaf_id % PAGE
        if page is not None and page.n_points[place]:
            step = float(page.last_step[place])
            found[key] = SeriesSummary(
                key,
                int(page.n_points[place]),
                ValueType(int(page.last_type[place])),
                page.last_value(place),
                None if np.isnan(step) else step,
                float(page.last_time[place]),
            )
    return found


async def load_pages(
    session: ReadSession, track_id: UUID, numbers: Sequence[int] | None, leaf_ids: Mapping[str, int], tail: Tail
) -> dict[int, SeriesPage]:
    """Return pages of a track (None: all) with what is still in the batch log added.

    `leaf_ids` are those of all series of the track.
    """
    pages = {number: held.page for number, held in (await read_pages(session, track_id, numbers)).items()}
    wanted = None if numbers is None else set(numbers)
    numbered: dict[KeyList, LeafIds] = {}

    def leaf_ids_of(keys: KeyList) -> LeafIds:
        if keys not in numbered:
            found = np.array([leaf_ids.get(key, -1) for key in keys.keys], np.int64)
            numbered[keys] = found if wanted is None else np.where(np.isin(found // PAGE, list(wanted)), found, -1)
        return numbered[keys]

    for number, part in pages_of(arrange(list(columns_of(tail.bodies, leaf_ids_of)))):
        add_points(pages.setdefault(number, empty_page()), number * PAGE, part)
    return pages
