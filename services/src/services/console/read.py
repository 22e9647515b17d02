"""Lines out: of one stream, or of several in the order of their times.

Called by track-api. A place counts the lines of all streams from 0 and may be another one when a line comes late; a
cursor says how many lines of each stream have been seen, and stays right whatever comes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.console.order import Cuts, Order
from services.console.store import ConsoleLine, ConsoleStream, read_lines, read_times
from services.core.cache import ByteLru
from services.storage.database import ReadSession


@dataclass(frozen=True, slots=True)
class Console:
    """Streams read as one; a single one needs no order."""

    track_id: UUID
    streams: Sequence[ConsoleStream]
    order: Order | None

    @property
    def n_lines(self) -> int:
        """Return how many lines there are."""
        return self.streams[0].n_lines if self.order is None else len(self.order.of)

    def cuts_at(self, place: int) -> Cuts:
        """Return the cursor of a place."""
        return (place,) if self.order is None else self.order.cuts_at(place)


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """Lines with the stream of each, and the cursors before and behind them; their numbers are those of the stream."""

    before: Cuts
    behind: Cuts
    lines: list[tuple[ConsoleStream, ConsoleLine]]


async def open_console(
    session: ReadSession, cache: ByteLru[Any], track_id: UUID, streams: Sequence[ConsoleStream]
) -> Console:
    """Return streams ready to be read as one."""
    if len(streams) == 1:
        return Console(track_id, streams, None)
    name = ("console order", track_id, *(stream.leaf_id for stream in streams))
    held: Order = cache.get(name) or Order.empty(len(streams))
    lengths = tuple(stream.n_lines for stream in streams)
    if any(has > n for has, n in zip(held.lengths, lengths, strict=True)):
        # Somebody else has read later than this session.
        return Console(track_id, streams, await asyncio.to_thread(held.until, lengths))
    if held.lengths != lengths:
        more = [
            await read_times(session, track_id, stream.leaf_id, has)
            for stream, has in zip(streams, held.lengths, strict=True)
        ]
        held = await asyncio.to_thread(held.extended, more)
        cache.put(name, held, held.size_bytes)
    return Console(track_id, streams, held)


async def read_page(session: ReadSession, console: Console, cuts: Cuts, limit: int) -> ConsolePage:
    """Return up to `limit` lines that follow a cursor."""
    if console.order is None:
        of = [0] * max(0, min(limit, console.n_lines - cuts[0]))
    else:
        of = console.order.following(cuts, limit)
    wanted = [of.count(stream) for stream in range(len(console.streams))]
    found = [
        iter(await read_lines(session, console.track_id, stream.leaf_id, cut, n) if n else ())
        for stream, cut, n in zip(console.streams, cuts, wanted, strict=True)
    ]
    # A stream that is deleted meanwhile has nothing more to say.
    lines = [(console.streams[stream], line) for stream in of if (line := next(found[stream], None)) is not None]
    return ConsolePage(cuts, tuple(cut + n for cut, n in zip(cuts, wanted, strict=True)), lines)
