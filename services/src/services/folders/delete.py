"""Delete a key, or a folder with all that lies below it, from a track that may be written at that moment."""

from uuid import UUID

from sqlalchemy import Integer, any_, cast, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.core.errors import LeafNotFound
from services.core.values import LeafKind
from services.series.delete import delete_series
from services.storage.database import Session
from services.storage.tables import config_values, console_blocks, console_streams, files, leaves, loss_marks, tracks
from services.tracks.leaves import list_leaves


async def delete_folder(session: Session, track_id: UUID, path: str) -> list[UUID]:
    """Delete the leaf at a path and every leaf below it; return the blobs to delete once this is committed.

    Raises: LeafNotFound.
    """
    # Writers that know these keys compare the version, and look again.
    changed = update(tracks).where(tracks.c.track_id == track_id)
    await session.execute(changed.values(leaves_version=tracks.c.leaves_version + 1))
    gone = await list_leaves(session, track_id, path)
    if not gone:
        raise LeafNotFound(f"There is nothing under {path[:200]!r}.", key=path[:200])
    if series := {leaf.key: leaf.leaf_id for leaf in gone if leaf.kind is LeafKind.SERIES}:
        await delete_series(session, track_id, series)
    wanted = any_(cast([leaf.leaf_id for leaf in gone], ARRAY(Integer)))
    held = select(files.c.blob_id).where(files.c.track_id == track_id, files.c.leaf_id == wanted)
    blobs = list(await session.scalars(held))
    for table in (config_values, console_blocks, console_streams, files, leaves):
        await session.execute(delete(table).where(table.c.track_id == track_id, table.c.leaf_id == wanted))
    below = loss_marks.c.key.startswith(path + "/", autoescape=True) | (loss_marks.c.key == path)
    await session.execute(delete(loss_marks).where(loss_marks.c.track_id == track_id, below))
    return blobs
