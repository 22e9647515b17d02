"""The batch log: one row per batch, written in the transaction that acknowledges it, gone when it is transposed.

Called by the group writer (append), the transposer (take, drop) and the readers of series (tail).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text

from services.core.telemetry import BATCH_LOG_ROWS
from services.storage.batch_body import BatchBody, decode_stored
from services.storage.database import AnySession, Database, Session
from services.storage.tables import batch_log

_COLUMNS = ("track_id", "writer", "seq", "n_points", "refused", "encoding", "body")


@dataclass(frozen=True, slots=True)
class LoggedBatch:
    """One row of the batch log."""

    track_id: UUID
    writer: UUID
    seq: int
    n_points: int
    refused: frozenset[int]
    encoding: int
    body: bytes

    def decode(self) -> BatchBody:
        """Decode the body; it was checked before it was stored."""
        return decode_stored(self.encoding, self.body)


async def append_batches(session: Session, batches: Sequence[LoggedBatch]) -> None:
    """Write one row per batch."""
    rows = [(b.track_id, b.writer, b.seq, b.n_points, sorted(b.refused), b.encoding, b.body) for b in batches]
    await Database.copy_rows(session, batch_log, rows, _COLUMNS)


async def read_tail(session: AnySession, track_id: UUID, *, max_points: int | None = None) -> list[LoggedBatch]:
    """Return the batches of a track that were not transposed yet, in the order of their commit.

    With `max_points`, only so many of the oldest that they hold about that many points, and at least one.
    """
    columns = [batch_log.c[name] for name in _COLUMNS]
    order = (batch_log.c.received_at, batch_log.c.writer, batch_log.c.seq)
    query = select(*columns).where(batch_log.c.track_id == track_id)
    if max_points is not None:
        before = func.sum(batch_log.c.n_points).over(order_by=order) - batch_log.c.n_points
        inner = query.add_columns(before.label("before"), batch_log.c.received_at).subquery()
        query = (
            select(*(inner.c[name] for name in _COLUMNS))
            .where(inner.c.before < max_points)
            .order_by(inner.c.received_at, inner.c.writer, inner.c.seq)
        )
    else:
        query = query.order_by(*order)
    return [
        LoggedBatch(row.track_id, row.writer, row.seq, row.n_points, frozenset(row.refused), row.encoding, row.body)
        for row in await session.execute(query)
    ]


async def drop_batches(session: Session, track_id: UUID, batches: Sequence[LoggedBatch]) -> None:
    """Delete rows that were transposed in the same transaction."""
    marks = {"track_id": track_id, "writers": [b.writer for b in batches], "seqs": [b.seq for b in batches]}
    await session.execute(
        text(
            "DELETE FROM batch_log USING unnest(CAST(:writers AS uuid[]), CAST(:seqs AS bigint[])) AS done(writer, seq)"
            " WHERE batch_log.track_id = :track_id"
            " AND batch_log.writer = done.writer AND batch_log.seq = done.seq"
        ),
        marks,
    )


async def find_backlog(session: AnySession, *, rested_s: float, many_points: int) -> list[UUID]:
    """Return the tracks whose oldest row has rested long enough, or that have many points waiting; oldest first."""
    oldest = func.min(batch_log.c.received_at)
    query = (
        select(batch_log.c.track_id, func.count().label("n_rows"), oldest.label("oldest"))
        .group_by(batch_log.c.track_id)
        .having(
            (oldest < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, rested_s))
            | (func.sum(batch_log.c.n_points) >= many_points)
        )
        .order_by(oldest)
    )
    rows = (await session.execute(query)).all()
    BATCH_LOG_ROWS.set(await session.scalar(select(func.count()).select_from(batch_log)) or 0)
    return [row.track_id for row in rows]
