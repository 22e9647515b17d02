"""Write checked batches inside one transaction: order, resends, kinds of keys, and each kind of entry to its table.

Called by the group writer only.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Uuid, any_, case, cast, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.configs.store import ConfigRow, upsert_configs
from services.console.store import append_lines, stream_key
from services.core.errors import RejectReason, SequenceGap, ServiceError, TrackDeleted, TrackNotFound
from services.core.values import LeafKind
from services.ingest.batch import Ack, Batch, Reject
from services.ingest.known import KnownKeys
from services.storage.batch_log import LoggedBatch, NextBatch, append_batches, append_next_batches
from services.storage.database import Session
from services.storage.tables import loss_marks, tracks, writers
from services.tracks.leaves import Leaf, ensure_leaves_of_tracks
from services.tracks.model import TrackStatus

_MAX_STORED_REJECTS = 1000


@dataclass(frozen=True, slots=True)
class Written:
    """An answer for each batch, and the batches whose keys are known, at which version, once this is committed."""

    answers: list[Ack | ServiceError]
    learned: list[tuple[Batch, int]]


async def write_batches(session: Session, batches: Sequence[Batch], known: KnownKeys) -> Written:
    """Write what is new in the batches.

    What only continues a series of batches with known keys is one statement for all of them; the rest is looked at
    closely. Rows are locked in one order everywhere (tracks, then writers), so that replicas wait and never deadlock.
    """
    answers: dict[int, Ack | ServiceError] = {}
    by_writer: dict[tuple[UUID, UUID], list[tuple[int, Batch]]] = defaultdict(list)
    for position, batch in sorted(enumerate(batches), key=lambda item: item[1].seq):
        by_writer[batch.track_id, batch.writer].append((position, batch))
    for key in await _write_continuing(session, by_writer, known):
        for position, batch in by_writer.pop(key):
            answers[position] = Ack(batch.seq, [], is_duplicate=False)
    rest = [item for items in by_writer.values() for item in items]
    learned: list[tuple[Batch, int]] = []
    if rest:
        answers |= await _write_closely(session, rest, known, learned)
    return Written([answers[position] for position in range(len(batches))], learned)


async def _write_continuing(
    session: Session, by_writer: Mapping[tuple[UUID, UUID], list[tuple[int, Batch]]], known: KnownKeys
) -> set[tuple[UUID, UUID]]:
    asked: list[NextBatch] = []
    for items in by_writer.values():
        versions = {known.version_of(batch) if batch.holds_only_series else None for _, batch in items}
        version = versions.pop() if len(versions) == 1 else None
        is_run = all(after.seq == before.seq + 1 for (_, before), (_, after) in pairwise(items))
        if version is not None and is_run:
            asked += [NextBatch(_logged(batch), version) for _, batch in items]
    return await append_next_batches(session, asked) if asked else set()


def _logged(batch: Batch) -> LoggedBatch:
    return LoggedBatch(
        batch.track_id, batch.writer, batch.seq, batch.n_points, batch.refused, batch.encoding, batch.body
    )


async def _write_closely(
    session: Session, batches: Sequence[tuple[int, Batch]], known: KnownKeys, learned: list[tuple[Batch, int]]
) -> dict[int, Ack | ServiceError]:
    gone, versions = await _lock_tracks(session, {batch.track_id for _, batch in batches})
    marks = await _lock_writers(session, {(b.track_id, b.writer) for _, b in batches if b.track_id not in gone})
    answers: dict[int, Ack | ServiceError] = {}
    fresh: list[tuple[int, Batch]] = []
    repeated: list[tuple[int, Batch]] = []
    for position, batch in batches:
        if batch.track_id in gone:
            known.forget(batch.track_id)
            answers[position] = gone[batch.track_id]
            continue
        mark = marks[batch.track_id, batch.writer]
        if batch.seq > mark.acked_through + 1:
            answers[position] = SequenceGap(expected=mark.acked_through + 1)
        elif batch.seq <= mark.acked_through:
            repeated.append((position, batch))
        else:
            mark.acked_through, mark.is_changed = batch.seq, True
            fresh.append((position, batch))
    if fresh:
        for position, batch in await _write_fresh(session, fresh):
            answers[position] = Ack(batch.seq, batch.rejects, is_duplicate=False)
            marks[batch.track_id, batch.writer].rejects = batch.rejects
            if not batch.rejects and all(counts.all() for _, counts in batch.series):
                learned.append((batch, versions[batch.track_id]))
        await _store_marks(session, marks)
    for position, batch in repeated:
        mark = marks[batch.track_id, batch.writer]
        # Only the newest answer is remembered: a client has one batch in flight, so no other is ever asked for again.
        rejects = mark.rejects if batch.seq == mark.acked_through else []
        answers[position] = Ack(mark.acked_through, rejects, is_duplicate=True)
    return answers


class _Mark:
    """How far a writer has come."""

    __slots__ = ("acked_through", "is_changed", "rejects")

    def __init__(self, acked_through: int, rejects: list[Reject]) -> None:
        self.acked_through = acked_through
        self.rejects = rejects
        self.is_changed = False


async def _lock_tracks(session: Session, track_ids: set[UUID]) -> tuple[dict[UUID, ServiceError], dict[UUID, int]]:
    """Return the tracks that are gone, and the version of the leaves of the others."""
    query = (
        select(tracks.c.track_id, tracks.c.deleted_at, tracks.c.name, tracks.c.leaves_version)
        .where(tracks.c.track_id.in_(track_ids))
        .order_by(tracks.c.track_id)
        .with_for_update(key_share=True)
    )
    found = {row.track_id: row for row in await session.execute(query)}
    gone: dict[UUID, ServiceError] = {}
    for track_id in track_ids:
        row = found.get(track_id)
        if row is None:
            gone[track_id] = TrackNotFound(track_id=str(track_id))
        elif row.deleted_at is not None:
            gone[track_id] = TrackDeleted(track_id=str(track_id), name=row.name)
    return gone, {track_id: row.leaves_version for track_id, row in found.items()}


async def _lock_writers(session: Session, wanted: set[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], _Mark]:
    ordered = sorted(wanted)
    parameters = {"tracks": [track for track, _ in ordered], "writers": [writer for _, writer in ordered]}
    unnest = "unnest(CAST(:tracks AS uuid[]), CAST(:writers AS uuid[])) AS asked(track_id, writer)"
    await session.execute(
        text(
            f"INSERT INTO writers (track_id, writer, acked_through) SELECT track_id, writer, 0 FROM {unnest}"  # noqa: S608 (our own text)
            " ON CONFLICT DO NOTHING"
        ),
        parameters,
    )
    rows = await session.execute(
        text(
            f"SELECT w.track_id, w.writer, w.acked_through, w.last_rejects FROM writers w JOIN {unnest}"  # noqa: S608 (our own text)
            " USING (track_id, writer) ORDER BY w.track_id, w.writer FOR UPDATE OF w"
        ).columns(
            last_rejects=writers.c.last_rejects.type, track_id=writers.c.track_id.type, writer=writers.c.writer.type
        ),
        parameters,
    )
    return {
        (row.track_id, row.writer): _Mark(
            row.acked_through, [Reject(**{**r, "reason": RejectReason(r["reason"])}) for r in row.last_rejects]
        )
        for row in rows
    }


async def _store_marks(session: Session, marks: dict[tuple[UUID, UUID], _Mark]) -> None:
    changed = [(key, mark) for key, mark in marks.items() if mark.is_changed]
    await session.execute(
        text(
            "UPDATE writers SET acked_through = new.acked_through, last_rejects = new.last_rejects, updated_at = now()"
            " FROM unnest(CAST(:tracks AS uuid[]), CAST(:writers AS uuid[]), CAST(:marks AS bigint[]),"
            " CAST(:rejects AS jsonb[])) AS new(track_id, writer, acked_through, last_rejects)"
            " WHERE writers.track_id = new.track_id AND writers.writer = new.writer"
        ),
        {
            "tracks": [key[0] for key, _ in changed],
            "writers": [key[1] for key, _ in changed],
            "marks": [mark.acked_through for _, mark in changed],
            "rejects": [_rejects_json(mark.rejects) for _, mark in changed],
        },
    )


def _rejects_json(rejects: Sequence[Reject]) -> str:
    # \u0000 cannot stand in PostgreSQL's jsonb, and a refused key may well hold it.
    kept: list[dict[str, Any]] = [asdict(reject) for reject in rejects[:_MAX_STORED_REJECTS]]
    for reject in kept:
        reject["key"] = reject["key"].replace("\x00", "\ufffd")
    return msgspec.json.encode(kept).decode()


async def _write_fresh(session: Session, fresh: list[tuple[int, Batch]]) -> list[tuple[int, Batch]]:
    """Write new batches and return them as they were written: without entries whose key holds another kind."""
    leaves_of = await _ensure_leaves(session, [batch for _, batch in fresh])
    settled = [(position, _settle_kinds(batch, leaves_of[batch.track_id])) for position, batch in fresh]
    batches = [batch for _, batch in settled]
    if logged := [_logged(b) for b in batches if b.series]:
        await append_batches(session, logged)
    configs = [
        ConfigRow(b.track_id, leaves_of[b.track_id][c.key].leaf_id, c.type, c.text, c.time)
        for b in batches
        for c in b.configs
    ]
    if configs:
        await upsert_configs(session, configs)
    for b in batches:
        for _, console in b.console:
            leaf = leaves_of[b.track_id][stream_key(console.stream)]
            await append_lines(session, b.track_id, leaf.leaf_id, console.times, console.lines)
    await _write_losses(session, batches)
    return settled


async def _ensure_leaves(session: Session, batches: list[Batch]) -> dict[UUID, dict[str, Leaf]]:
    wanted: dict[UUID, dict[str, LeafKind]] = defaultdict(dict)
    for batch in sorted(batches, key=lambda b: b.track_id):
        kinds = wanted[batch.track_id]
        for _, key, _n in batch.stored_series():
            kinds.setdefault(key, LeafKind.SERIES)
        for config in batch.configs:
            kinds.setdefault(config.key, LeafKind.CONFIG)
        for _, console in batch.console:
            kinds.setdefault(stream_key(console.stream), LeafKind.CONSOLE)
    return await ensure_leaves_of_tracks(session, wanted)


def _settle_kinds(batch: Batch, found: dict[str, Leaf]) -> Batch:
    """Turn every entry whose key holds another kind into a reject."""
    bad_series = [(i, key) for i, key, _ in batch.stored_series() if found[key].kind is not LeafKind.SERIES]
    bad_configs = [c for c in batch.configs if found[c.key].kind is not LeafKind.CONFIG]
    bad_console = [
        (i, stream_key(c.stream)) for i, c in batch.console if found[stream_key(c.stream)].kind is not LeafKind.CONSOLE
    ]
    if not (bad_series or bad_configs or bad_console):
        return batch
    refused = {i for i, _ in bad_series}
    rejects = [_mismatch("series", i, found[key]) for i, key in bad_series]
    rejects += [_mismatch("config", c.index, found[c.key]) for c in bad_configs]
    rejects += [_mismatch("console", i, found[key]) for i, key in bad_console]
    bad_blocks = {i for i, _ in bad_console}
    bad_values = {c.index for c in bad_configs}
    return replace(
        batch,
        configs=[c for c in batch.configs if c.index not in bad_values],
        console=[item for item in batch.console if item[0] not in bad_blocks],
        refused=batch.refused | refused,
        rejects=batch.rejects + rejects,
    )


def _mismatch(entry: str, index: int, leaf: Leaf) -> Reject:
    held = leaf.kind.name.lower()
    return Reject(entry, index, leaf.key, RejectReason.KIND_MISMATCH, f"The key already holds a {held}.")


async def _write_losses(session: Session, batches: list[Batch]) -> None:
    rows = [
        {"track_id": b.track_id, "writer": b.writer, "seq": b.seq, "position": position, "key": loss.key,
         "count": loss.count, "first_at": loss.first_at, "last_at": loss.last_at, "reason": loss.reason}
        for b in batches
        for position, loss in enumerate(b.losses)
    ]  # fmt: skip
    if rows:
        await session.execute(insert(loss_marks), rows)


async def touch_tracks(session: Session, track_ids: Sequence[UUID]) -> None:
    """Note that tracks were heard of; one that was only created runs now. Called every few seconds for each."""
    # A row that somebody else holds is being touched by them.
    held = (
        select(tracks.c.track_id)
        .where(tracks.c.track_id == any_(cast(list(track_ids), ARRAY(Uuid))), tracks.c.deleted_at.is_(None))
        .order_by(tracks.c.track_id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    is_created = tracks.c.status == TrackStatus.CREATED.value
    await session.execute(
        update(tracks)
        .where(tracks.c.track_id.in_(held))
        .values(
            last_seen_at=func.now(),
            started_at=func.coalesce(tracks.c.started_at, func.now()),
            status=case((is_created, TrackStatus.RUNNING.value), else_=tracks.c.status),
        )
    )
