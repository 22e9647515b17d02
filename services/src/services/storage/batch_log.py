"""The batch log: one row per batch, written in the transaction that acknowledges it, gone when it is transposed.

Called by the group writer (append), the transposer (take, drop) and the readers of series (tail).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy import text

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


@dataclass(frozen=True, slots=True)
class NextBatch:
    """A batch whose keys were known at a version of its track's leaves."""

    batch: LoggedBatch
    leaves_version: int


_APPEND_NEXT = """
    WITH moved AS (
        UPDATE writers w SET acked_through = asked.last_seq, last_rejects = '[]', updated_at = now()
        FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::int[])
                  AS asked(track_id, writer, first_seq, last_seq, leaves_version)
              ORDER BY track_id, writer) AS asked
        JOIN tracks t ON t.track_id = asked.track_id AND t.leaves_version = asked.leaves_version
                     AND t.deleted_at IS NULL
        WHERE w.track_id = asked.track_id AND w.writer = asked.writer AND w.acked_through = asked.first_seq - 1
        RETURNING w.track_id, w.writer
    )
    INSERT INTO batch_log (track_id, writer, seq, n_points, encoding, body)
    SELECT given.* FROM unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::int[], $10::smallint[], $11::bytea[])
        AS given(track_id, writer, seq, n_points, encoding, body)
    JOIN moved USING (track_id, writer)
    RETURNING track_id, writer
"""


async def append_next_batches(session: Session, batches: Sequence[NextBatch]) -> set[tuple[UUID, UUID]]:
    """Write batches that continue their writers' sequences, in one statement; return the (track, writer) that did.

    The batches of one writer are consecutive and in order. Those of a writer that is unknown or stands elsewhere, or
    whose track is gone or has other leaves than were known, are left alone. Guarded against a deletion of the track at
    the same moment by the writer's row: a deletion removes these rows first, and waits for them.
    """
    ends: dict[tuple[UUID, UUID], tuple[int, int, int]] = {}
    for item in batches:
        key = (item.batch.track_id, item.batch.writer)
        first = ends[key][0] if key in ends else item.batch.seq
        ends[key] = (first, item.batch.seq, item.leaves_version)
    logged = [item.batch for item in batches]
    rows = await Database.fetch(
        session,
        _APPEND_NEXT,
        [track_id for track_id, _ in ends],
        [writer for _, writer in ends],
        [first for first, _, _ in ends.values()],
        [last for _, last, _ in ends.values()],
        [version for _, _, version in ends.values()],
        [b.track_id for b in logged],
        [b.writer for b in logged],
        [b.seq for b in logged],
        [b.n_points for b in logged],
        [b.encoding for b in logged],
        [b.body for b in logged],
    )
    return {(row["track_id"], row["writer"]) for row in rows}


async def append_batches(session: Session, batches: Sequence[LoggedBatch]) -> None:
    """Write one row per batch."""
    rows = [(b.track_id, b.writer, b.seq, b.n_points, sorted(b.refused), b.encoding, b.body) for b in batches]
    await Database.copy_rows(session, batch_log, rows, _COLUMNS)


_NAMED_COLUMNS = ", ".join(_COLUMNS)


def _batch(row: asyncpg.Record) -> LoggedBatch:
    return LoggedBatch(
        row["track_id"], row["writer"], row["seq"], row["n_points"], frozenset(row["refused"]), row["encoding"],
        row["body"],
    )  # fmt: skip


async def read_tail(session: AnySession, track_id: UUID, *, max_points: int) -> list[LoggedBatch]:
    """Return the oldest batches of a track that were not transposed yet, in the order of their commit.

    Only so many that they hold about `max_points`, and at least one.
    """
    rows = await Database.fetch(
        session,
        # Numbers first, bodies after: a window over rows with their bodies would sort all of them.
        f"SELECT {_NAMED_COLUMNS} FROM batch_log JOIN ("  # noqa: S608 (our own names)
        " SELECT writer, seq, sum(n_points) OVER (ORDER BY received_at, writer, seq) - n_points AS before"
        " FROM batch_log WHERE track_id = $1) AS counted USING (writer, seq)"
        " WHERE track_id = $1 AND before < $2 ORDER BY received_at, writer, seq",
        track_id,
        max_points,
    )
    return [_batch(row) for row in rows]


Names = dict[tuple[UUID, int], frozenset[int]]


async def list_tails(session: AnySession, track_ids: Sequence[UUID]) -> dict[UUID, Names]:
    """Return writer and number of all batches of tracks that were not transposed yet, in the order of their commit.

    With each, the running index of the series in it that must not be read.
    """
    rows = await Database.fetch(
        session,
        "SELECT track_id, writer, seq, refused FROM batch_log WHERE track_id = ANY($1::uuid[])"
        " ORDER BY received_at, writer, seq",
        list(track_ids),
    )
    found: dict[UUID, Names] = {track_id: {} for track_id in track_ids}
    for row in rows:
        found[row["track_id"]][row["writer"], row["seq"]] = frozenset(row["refused"])
    return found


async def read_batches(session: AnySession, track_id: UUID, names: Sequence[tuple[UUID, int]]) -> list[LoggedBatch]:
    """Return some batches of a track, in any order."""
    rows = await Database.fetch(
        session,
        f"SELECT {_NAMED_COLUMNS} FROM unnest($2::uuid[], $3::bigint[]) AS named(writer, seq)"  # noqa: S608 (our own names)
        " JOIN batch_log USING (writer, seq) WHERE track_id = $1",
        track_id,
        [writer for writer, _ in names],
        [seq for _, seq in names],
    )
    return [_batch(row) for row in rows]


async def claim_track(session: Session, track_id: UUID, *, wait: bool) -> bool:
    """Claim the moving of a track's points until the end of the transaction; without waiting, say whether it worked."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    rows = await Database.fetch(session, f"SELECT {function}(hashtextextended($1, 0)) AS got", str(track_id))
    return wait or bool(rows[0]["got"])


async def refuse_series(session: Session, track_id: UUID, refused: Sequence[tuple[UUID, int, list[int]]]) -> None:
    """Note for batches (writer, number) the running index of series that must not be read any more."""
    for writer, seq, indexes in refused:
        await Database.fetch(
            session,
            "UPDATE batch_log SET refused = refused || $4::int[] WHERE track_id = $1 AND writer = $2 AND seq = $3",
            track_id,
            writer,
            seq,
            indexes,
        )


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


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the batch log, and the tracks that are due, oldest first."""

    n_rows: int
    n_points: int
    age_s: float
    due: list[UUID]


async def find_backlog(session: AnySession, *, rested_s: float, many_points: int) -> Backlog:
    """Return what waits; a track is due when its oldest row has rested long enough, or when many of its points wait."""
    rows = await Database.fetch(
        session,
        "SELECT track_id, count(*) AS n_rows, sum(n_points) AS n_points,"
        " extract(epoch FROM clock_timestamp() - min(received_at))::float8 AS age_s"
        " FROM batch_log GROUP BY track_id ORDER BY age_s DESC",
    )
    return Backlog(
        n_rows=sum(row["n_rows"] for row in rows),
        n_points=sum(row["n_points"] for row in rows),
        age_s=max((row["age_s"] for row in rows), default=0.0),
        due=[row["track_id"] for row in rows if row["age_s"] >= rested_s or row["n_points"] >= many_points],
    )
