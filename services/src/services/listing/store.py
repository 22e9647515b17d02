"""The SQL of the tracks table: what of a project changed lately, and the values of many tracks at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import func, or_, select

from services.core.values import LeafKind, Value, from_text
from services.listing.conditions import Field
from services.series.grouping import PAGE
from services.series.load import load_pages
from services.series.pages import SeriesPage
from services.series.store import read_pages_of_tracks
from services.series.tail import TailCache
from services.storage.database import AnySession, Database, ReadSession
from services.storage.tables import tracks
from services.tracks.model import Track
from services.tracks.store import select_tracks, track_of

# What one track may have in the table of its project: of each kind those that were logged first.
MAX_KEYS_A_TRACK = 500


@dataclass(frozen=True, slots=True)
class Changed:
    """A track as it is now; `version` changes with what was logged to it."""

    track: Track
    version: tuple[Any, ...]


async def read_time(session: AnySession) -> datetime:
    """Return the time of the database, by which its rows are dated."""
    now: datetime = (await session.execute(select(func.now()))).scalar_one()
    return now


async def read_changed(session: AnySession, project_id: UUID, since: datetime | None) -> list[Changed]:
    """Return the tracks of a project that changed since a moment, deleted ones too; None: all that are there."""
    query = select_tracks().add_columns(tracks.c.next_leaf_id, tracks.c.leaves_version)
    query = query.where(tracks.c.project_id == project_id, tracks.c.is_listed)
    if since is None:
        query = query.where(tracks.c.deleted_at.is_(None))
    else:
        is_heard = tracks.c.deleted_at.is_(None) & (tracks.c.last_seen_at >= since)
        query = query.where(or_(tracks.c.updated_at >= since, is_heard))
    rows = (await session.execute(query)).all()
    acked: dict[UUID, int] = {}
    if since is not None and rows:
        acked = await read_acked(session, [row.track_id for row in rows])
    return [Changed(track_of(row), (row.next_leaf_id, row.leaves_version, acked.get(row.track_id, 0))) for row in rows]


async def read_acked(session: AnySession, track_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many batches each track has had."""
    rows = await Database.fetch(
        session,
        "SELECT track_id, sum(acked_through) AS n FROM writers WHERE track_id = ANY($1::uuid[]) GROUP BY track_id",
        list(track_ids),
    )
    return {row["track_id"]: int(row["n"]) for row in rows}


async def read_values(
    session: ReadSession, tails: TailCache, track_ids: Collection[UUID]
) -> dict[UUID, list[tuple[Field, Value]]]:
    """Return the config values and the newest values of series of tracks."""
    leaves = await _read_leaves(session, track_ids)
    found = await _read_configs(session, leaves)
    pages = await _read_pages(session, tails, leaves)
    for track_id, of_track in leaves.items():
        leaf_ids = np.fromiter(of_track.series, np.int64, len(of_track.series))
        keys, numbers, places = list(of_track.series.values()), leaf_ids // PAGE, leaf_ids % PAGE
        for number, page in pages[track_id].items():
            chosen = np.flatnonzero((numbers == number) & (page.n_points[places] > 0))
            values = page.last_values(places[chosen])
            found[track_id] += [(Field("m", keys[at]), v) for at, v in zip(chosen.tolist(), values, strict=True)]
    return found


class _Leaves:
    __slots__ = ("configs", "series")

    def __init__(self) -> None:
        self.configs: dict[int, str] = {}
        self.series: dict[int, str] = {}


# One row a track, not one a leaf or value: of ten thousand tracks there are a million of those.


async def _read_leaves(session: ReadSession, track_ids: Collection[UUID]) -> dict[UUID, _Leaves]:
    rows = await Database.fetch(
        session,
        "SELECT asked.track_id, wanted.kind, l.leaf_ids, l.keys FROM unnest($1::uuid[]) AS asked(track_id)"
        " CROSS JOIN unnest($2::int[]) AS wanted(kind) CROSS JOIN LATERAL"
        "  (SELECT array_agg(leaf_id) AS leaf_ids, array_agg(key) AS keys FROM (SELECT leaf_id, key FROM leaves"
        "   WHERE leaves.track_id = asked.track_id AND leaves.kind = wanted.kind"
        "   ORDER BY leaf_id LIMIT $3) AS own) AS l"
        " WHERE l.leaf_ids IS NOT NULL",
        list(track_ids),
        [int(LeafKind.CONFIG), int(LeafKind.SERIES)],
        MAX_KEYS_A_TRACK,
    )
    found = {track_id: _Leaves() for track_id in track_ids}
    for row in rows:
        keys = dict(zip(row["leaf_ids"], row["keys"], strict=True))
        if row["kind"] == LeafKind.CONFIG:
            found[row["track_id"]].configs = keys
        else:
            found[row["track_id"]].series = keys
    return found


async def _read_configs(session: ReadSession, leaves: Mapping[UUID, _Leaves]) -> dict[UUID, list[tuple[Field, Value]]]:
    rows = await Database.fetch(
        session,
        "SELECT track_id, array_agg(leaf_id) AS leaf_ids, array_agg(type) AS types,"
        " array_agg(left(value, 1000)) AS texts FROM config_values WHERE track_id = ANY($1::uuid[]) GROUP BY track_id",
        list(leaves),
    )
    found: dict[UUID, list[tuple[Field, Value]]] = {track_id: [] for track_id in leaves}
    for row in rows:
        keys = leaves[row["track_id"]].configs
        found[row["track_id"]] = [
            (Field("p", keys[leaf_id]), from_text(kind, text))
            for leaf_id, kind, text in zip(row["leaf_ids"], row["types"], row["texts"], strict=True)
            if leaf_id in keys
        ]
    return found


async def _read_pages(
    session: ReadSession, tails: TailCache, leaves: dict[UUID, _Leaves]
) -> dict[UUID, dict[int, SeriesPage]]:
    numbers = {track_id: sorted({leaf_id // PAGE for leaf_id in of.series}) for track_id, of in leaves.items()}
    read = await tails.read_many(session, list(leaves))
    settled = await read_pages_of_tracks(session, {t: wanted for t, wanted in numbers.items() if not read[t].names})
    pages = {track_id: {n: held.page for n, held in of.items()} for track_id, of in settled.items()}
    for track_id, tail in read.items():
        if tail.names:
            leaf_ids = {key: leaf_id for leaf_id, key in leaves[track_id].series.items()}
            pages[track_id] = await load_pages(session, track_id, numbers[track_id], leaf_ids, tail)
    return pages
