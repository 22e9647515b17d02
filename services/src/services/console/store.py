"""The SQL of console lines: blocks of compressed lines, numbered from 0 within their stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
import numpy as np
from backports import zstd
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.points import Floats
from services.storage.database import AnySession, Session
from services.storage.tables import console_blocks, console_streams, leaves

CONSOLE_FOLDER = "console"
_ENCODING_ZSTD = 1


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One line of a stream."""

    number: int
    time: float
    text: str


@dataclass(frozen=True, slots=True)
class ConsoleStream:
    """A stream and how long it is."""

    leaf_id: int
    key: str
    n_lines: int
    n_bytes: int
    last_at: float


def stream_key(stream: str) -> str:
    """Return the key of a stream."""
    return f"{CONSOLE_FOLDER}/{stream}"


async def append_lines(session: Session, track_id: UUID, leaf_id: int, times: Floats, lines: Sequence[str]) -> None:
    """Add lines to the end of a stream."""
    body = msgspec.msgpack.encode(list(lines))
    made = upsert(console_streams).values(
        track_id=track_id, leaf_id=leaf_id, n_lines=len(lines), n_bytes=len(body), last_at=float(times[-1])
    )
    n_lines = await session.scalar(
        made.on_conflict_do_update(
            index_elements=["track_id", "leaf_id"],
            set_={
                "n_lines": console_streams.c.n_lines + made.excluded.n_lines,
                "n_bytes": console_streams.c.n_bytes + made.excluded.n_bytes,
                "last_at": made.excluded.last_at,
            },
        ).returning(console_streams.c.n_lines)
    )
    await session.execute(
        insert(console_blocks).values(
            track_id=track_id,
            leaf_id=leaf_id,
            first_line=(n_lines or 0) - len(lines),
            n_lines=len(lines),
            encoding=_ENCODING_ZSTD,
            times=zstd.compress(times.tobytes(), 1),
            lines=zstd.compress(body, 1),
        )
    )


async def read_streams(session: AnySession, track_id: UUID, key: str | None = None) -> list[ConsoleStream]:
    """Return the streams of a track, or the one of a key."""
    query = (
        select(console_streams, leaves.c.key)
        .join(
            leaves,
            (leaves.c.track_id == console_streams.c.track_id) & (leaves.c.leaf_id == console_streams.c.leaf_id),
        )
        .where(console_streams.c.track_id == track_id)
        .order_by(leaves.c.key)
    )
    if key is not None:
        query = query.where(leaves.c.key == key)
    return [
        ConsoleStream(row.leaf_id, row.key, row.n_lines, row.n_bytes, row.last_at)
        for row in await session.execute(query)
    ]


async def read_lines(session: AnySession, track_id: UUID, leaf_id: int, first: int, limit: int) -> list[ConsoleLine]:
    """Return up to `limit` lines from number `first` on."""
    query = (
        select(console_blocks)
        .where(
            console_blocks.c.track_id == track_id,
            console_blocks.c.leaf_id == leaf_id,
            console_blocks.c.first_line < first + limit,
            console_blocks.c.first_line + console_blocks.c.n_lines > first,
        )
        .order_by(console_blocks.c.first_line)
    )
    found: list[ConsoleLine] = []
    for row in await session.execute(query):
        times = np.frombuffer(zstd.decompress(row.times), "<f8")
        lines = msgspec.msgpack.decode(zstd.decompress(row.lines), type=list[str])
        for offset, (at, line) in enumerate(zip(times.tolist(), lines, strict=True)):
            number = row.first_line + offset
            if first <= number < first + limit:
                found.append(ConsoleLine(number, at, line))
    return found


async def read_times(session: AnySession, track_id: UUID, leaf_id: int, first: int) -> Floats:
    """Return when each line was written, from line `first` on, which must be the first of a block."""
    query = (
        select(console_blocks.c.times)
        .where(
            console_blocks.c.track_id == track_id,
            console_blocks.c.leaf_id == leaf_id,
            console_blocks.c.first_line >= first,
        )
        .order_by(console_blocks.c.first_line)
    )
    parts = [np.frombuffer(zstd.decompress(packed), "<f8") for packed in await session.scalars(query)]
    return np.concatenate(parts) if parts else np.empty(0)


@dataclass(frozen=True, slots=True)
class ConsoleBlock:
    """Neighbouring lines as they rest; their text is not unpacked yet."""

    first_line: int
    n_lines: int
    packed: bytes

    def body(self) -> bytes:
        """Return the lines in msgpack."""
        return zstd.decompress(self.packed)


async def read_blocks(
    session: AnySession, track_id: UUID, leaf_id: int, first: int, limit: int
) -> Sequence[ConsoleBlock]:
    """Return up to `limit` blocks of a stream from the one with line `first` on."""
    query = (
        select(console_blocks.c.first_line, console_blocks.c.n_lines, console_blocks.c.lines)
        .where(
            console_blocks.c.track_id == track_id,
            console_blocks.c.leaf_id == leaf_id,
            console_blocks.c.first_line + console_blocks.c.n_lines > first,
        )
        .order_by(console_blocks.c.first_line)
        .limit(limit)
    )
    return [ConsoleBlock(*row) for row in await session.execute(query)]
