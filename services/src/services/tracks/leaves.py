"""The leaves of a track's tree: which keys exist, of what kind, under which number.

Called by the group writer and by files. Guarantees that a key of a track holds one kind of leaf and keeps its number.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from services.core.values import LeafKind
from services.storage.database import AnySession, Database, Session
from services.storage.tables import leaves


@dataclass(frozen=True, slots=True)
class Leaf:
    """One key of a track."""

    leaf_id: int
    key: str
    kind: LeafKind


async def find_leaves(session: AnySession, track_id: UUID, keys: Sequence[str]) -> dict[str, Leaf]:
    """Return the leaves that exist among the keys."""
    rows = await Database.fetch(
        session,
        "SELECT leaf_id, key, kind FROM leaves WHERE track_id = $1 AND key = ANY($2::text[])",
        track_id,
        list(keys),
    )
    return {row["key"]: Leaf(row["leaf_id"], row["key"], LeafKind(row["kind"])) for row in rows}


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
    """Make the leaves of one track that are missing; see `ensure_leaves_of_tracks`."""
    return (await ensure_leaves_of_tracks(session, {track_id: kinds}))[track_id]


async def ensure_leaves_of_tracks(
    session: Session, wanted: Mapping[UUID, Mapping[str, LeafKind]]
) -> dict[UUID, dict[str, Leaf]]:
    """Make the leaves that are missing and return those of all keys, by track.

    A key that already holds another kind comes back with that other kind: the caller compares and refuses.
    The rows of the tracks are locked while leaves are made, so two writers never give one number twice.
    """
    found = await find_leaves_of_tracks(session, wanted)
    lacking = {track_id for track_id, kinds in wanted.items() if len(found[track_id]) < len(kinds)}
    if not lacking:
        return found
    await Database.fetch(
        session,
        "SELECT 1 FROM tracks WHERE track_id = ANY($1::uuid[]) ORDER BY track_id FOR NO KEY UPDATE",
        sorted(lacking),
    )
    # Another writer may have made some between the first look and the lock.
    found |= await find_leaves_of_tracks(session, {track_id: wanted[track_id] for track_id in lacking})
    missing = {
        track_id: [(key, kind) for key, kind in wanted[track_id].items() if key not in found[track_id]]
        for track_id in lacking
    }
    counts = {track_id: len(keys) for track_id, keys in missing.items() if keys}
    rows = await Database.fetch(
        session,
        "UPDATE tracks SET next_leaf_id = next_leaf_id + new.n FROM unnest($1::uuid[], $2::int[]) AS new(track_id, n)"
        " WHERE tracks.track_id = new.track_id RETURNING tracks.track_id, next_leaf_id - new.n AS first",
        list(counts),
        list(counts.values()),
    )
    made: list[tuple[UUID, int, str, int]] = []
    for row in rows:
        track_id = row["track_id"]
        for leaf_id, (key, kind) in enumerate(missing[track_id], row["first"]):
            made.append((track_id, leaf_id, key, int(kind)))
            found[track_id][key] = Leaf(leaf_id, key, kind)
    await Database.copy_rows(session, leaves, made, ("track_id", "leaf_id", "key", "kind"))
    return found


async def find_leaves_of_tracks(
    session: AnySession, wanted: Mapping[UUID, Collection[str]]
) -> dict[UUID, dict[str, Leaf]]:
    """Return the leaves that exist among the keys of each track."""
    found: dict[UUID, dict[str, Leaf]] = {track_id: {} for track_id in wanted}
    rows = await Database.fetch(
        session,
        "SELECT track_id, leaf_id, leaves.key, kind FROM unnest($1::uuid[], $2::text[]) AS asked(of_track, name)"
        ' JOIN leaves ON track_id = of_track AND leaves.key = name COLLATE "C"',
        [track_id for track_id, keys in wanted.items() for _ in keys],
        [key for keys in wanted.values() for key in keys],
    )
    for row in rows:
        found[row["track_id"]][row["key"]] = Leaf(row["leaf_id"], row["key"], LeafKind(row["kind"]))
    return found
