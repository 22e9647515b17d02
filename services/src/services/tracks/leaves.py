"""The leaves of a track's tree: which keys exist, of what kind, under which number.

Called by the group writer and by files. Guarantees that a key of a track holds one kind of leaf and keeps its number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Text, any_, cast, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.core.values import LeafKind
from services.storage.database import AnySession, Session
from services.storage.tables import leaves, tracks


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key of a track."""

    leaf_id: int
    key: str
    kind: LeafKind


# PostgreSQL takes at most 32,767 parameters a statement; arrays are one each, rows of an insert are not.
_INSERT_ROWS = 5_000


async def find_leaves(session: AnySession, track_id: UUID, keys: Sequence[str]) -> dict[str, Leaf]:
    """Return the leaves that exist among the keys."""
    rows = await session.execute(
        select(leaves.c.leaf_id, leaves.c.key, leaves.c.kind).where(
            leaves.c.track_id == track_id, leaves.c.key == any_(cast(list(keys), ARRAY(Text)))
        )
    )
    return {row.key: Leaf(row.leaf_id, row.key, LeafKind(row.kind)) for row in rows}


async def list_leaves(
    session: AnySession, track_id: UUID, prefix: str = "", kind: LeafKind | None = None
) -> list[Leaf]:
    """Return every leaf at or below a folder path (or at the key itself), ordered by key."""
    query = select(leaves.c.leaf_id, leaves.c.key, leaves.c.kind).where(leaves.c.track_id == track_id)
    if prefix:
        # "0" is the character after "/": with bytewise order this range is exactly what lies below the folder.
        below = (leaves.c.key >= prefix + "/") & (leaves.c.key < prefix + "0")
        query = query.where(below | (leaves.c.key == prefix))
    if kind is not None:
        query = query.where(leaves.c.kind == int(kind))
    rows = await session.execute(query.order_by(leaves.c.key))
    return [Leaf(row.leaf_id, row.key, LeafKind(row.kind)) for row in rows]


async def ensure_leaves(session: Session, track_id: UUID, kinds: Mapping[str, LeafKind]) -> dict[str, Leaf]:
    """Make the leaves that are missing and return those of all keys.

    A key that already holds another kind comes back with that other kind: the caller compares and refuses.
    The track's row is locked while leaves are made, so two writers never give one number twice.
    """
    found = await find_leaves(session, track_id, list(kinds))
    if len(found) == len(kinds):
        return found
    await session.execute(
        select(tracks.c.track_id).where(tracks.c.track_id == track_id).with_for_update(key_share=True)
    )
    # Another writer may have made some between the first look and the lock.
    found = await find_leaves(session, track_id, list(kinds))
    missing = [key for key in kinds if key not in found]
    if not missing:
        return found
    after = await session.scalar(
        update(tracks)
        .where(tracks.c.track_id == track_id)
        .values(next_leaf_id=tracks.c.next_leaf_id + len(missing))
        .returning(tracks.c.next_leaf_id)
    )
    assert after is not None, "the caller has checked that the track exists"  # noqa: S101 (an invariant, not a check of input)
    made = [Leaf(after - len(missing) + i, key, kinds[key]) for i, key in enumerate(missing)]
    for start in range(0, len(made), _INSERT_ROWS):
        await session.execute(
            insert(leaves),
            [
                {"track_id": track_id, "leaf_id": leaf.leaf_id, "key": leaf.key, "kind": int(leaf.kind)}
                for leaf in made[start : start + _INSERT_ROWS]
            ],
        )
    return found | {leaf.key: leaf for leaf in made}
