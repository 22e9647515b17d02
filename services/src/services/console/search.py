"""Which lines hold a text: block by block, in a thread, so that nobody waits for a stream of millions of lines.

Called by track-api.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from services.console.read import Console
from services.console.store import ConsoleBlock, read_blocks
from services.storage.database import ReadSession

_BLOCKS_AT_ONCE = 16
# What was found is told soon; after that much, each call is worth its way.
_SHORTEST_S = 0.025


@dataclass(frozen=True, slots=True)
class Hits:
    """Places of lines that hold a text, of the lines from where the search began to `next_line` (excluded)."""

    numbers: list[int]
    next_line: int


async def search_lines(
    session: ReadSession, console: Console, wanted: str, *, first: int, limit: int, lasts_s: float
) -> Hits:
    """Look for a text without regard to case, from place `first` on.

    Ends after so many hits, soon after the first one, or when its time is over: a long console is searched in several
    calls, and each is short.
    """
    began = time.monotonic()
    needle = _Needle(wanted)
    at = list(console.cuts_at(first))
    found: list[int] = []
    while True:
        places = [_place(console, stream, number) for stream, number in enumerate(at)]
        elapsed = time.monotonic() - began
        # Each stream is searched as far as the others, so that what comes next is known.
        nearest = min(places)
        if (
            nearest >= console.n_lines
            or elapsed >= lasts_s
            or (found and elapsed >= _SHORTEST_S)
            or len(found) >= limit
        ):
            break
        stream = places.index(nearest)
        blocks = await read_blocks(
            session, console.track_id, console.streams[stream].leaf_id, at[stream], _BLOCKS_AT_ONCE
        )
        if not blocks:
            break
        numbers, at[stream] = await asyncio.to_thread(
            needle.find, blocks, at[stream], until=began + lasts_s, soon=began + _SHORTEST_S, limit=limit
        )
        found += [_place(console, stream, number) for number in numbers]
    # What lies behind the stream that is least far will be found again, in its order.
    hits = sorted(place for place in found if place < nearest)
    return Hits(hits[:limit], hits[limit - 1] + 1 if len(hits) > limit else nearest)


def _place(console: Console, stream: int, number: int) -> int:
    return number if console.order is None else console.order.place_of(stream, number)


class _Needle:
    def __init__(self, wanted: str) -> None:
        self._text = wanted.casefold()
        # A look at the bytes spares taking apart what cannot hold it.
        self._raw = self._text.encode() if self._text.isascii() else None

    def find(
        self, blocks: Sequence[ConsoleBlock], first: int, *, until: float, soon: float, limit: int
    ) -> tuple[list[int], int]:
        """Return the lines from `first` on that hold the text, and the line behind what was looked at."""
        found: list[int] = []
        at = first
        for block in blocks:
            body = block.body()
            at = block.first_line + block.n_lines
            if self._raw is None or self._raw in body.lower():
                lines = msgspec.msgpack.decode(body, type=list[str])
                found += [
                    block.first_line + offset
                    for offset, line in enumerate(lines)
                    if self._text in line.casefold() and block.first_line + offset >= first
                ]
            now = time.monotonic()
            if now >= until or len(found) >= limit or (found and now >= soon):
                break
        return found, at
