"""Delete series, wherever their points rest, and give their space back.

Called by services.folders inside its transaction. Guarantees that what was logged before is gone; whoever logs the key
again starts a new series.
"""

from collections.abc import Collection
from uuid import UUID

from services.series.chunk_store import delete_chunks
from services.series.grouping import PAGE
from services.series.settle import tidy_page
from services.series.store import VersionedPages, read_pages
from services.series.tail import read_whole_tail
from services.storage.batch_log import claim_track, refuse_series
from services.storage.database import Session


async def delete_series(session: Session, track_id: UUID, leaf_ids: dict[str, int]) -> None:
    """Delete series, given by key."""
    # The transposer must not move what is being deleted.
    await claim_track(session, track_id, wait=True)
    await _refuse_waiting(session, track_id, leaf_ids)
    await delete_chunks(session, track_id, list(leaf_ids.values()))
    numbers = sorted({leaf_id // PAGE for leaf_id in leaf_ids.values()})
    pages = await VersionedPages.open(session, track_id, sorted(await read_pages(session, track_id, numbers)))
    for leaf_id in leaf_ids.values():
        if leaf_id // PAGE in pages:
            pages[leaf_id // PAGE].clear(leaf_id % PAGE)
    for page in pages:
        # Written anew without them: a segment holds the points of many series in one row.
        await tidy_page(session, track_id, pages, page)
    await pages.write(session, track_id)


async def _refuse_waiting(session: Session, track_id: UUID, keys: Collection[str]) -> None:
    tail = await read_whole_tail(session, track_id)
    refused: list[tuple[UUID, int, list[int]]] = []
    for (writer, seq), (body, _) in zip(tail.names, tail.bodies, strict=True):
        indexes: list[int] = []
        start = 0
        for columns in body.series:
            indexes += [start + place for key in keys for place in columns.keys.places_of(key)]
            start += len(columns.keys)
        if indexes:
            refused.append((writer, seq, indexes))
    await refuse_series(session, track_id, refused)
