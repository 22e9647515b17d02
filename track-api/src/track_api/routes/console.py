"""Console lines, by range and from the end."""

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.console.store import ConsoleStream, read_lines, read_streams, search_lines, stream_key
from services.core.errors import LeafNotFound, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.storage.database import Database, ReadSession
from services.web.auth import ReadableTrack, TrackAccess
from services.web.problem import responses
from track_api.deps import CurrentDatabase, Reading, etag_of, marked, not_modified
from track_api.schemas.console import ConsoleOut, HitsOut, LineOut

router = APIRouter(prefix="/tracks/{track_id}/console", tags=["console"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, LeafNotFound)
StreamName = Annotated[str, Path(pattern="^[a-z0-9_-]{1,64}$")]
# A page shows what was found so far and asks for the rest, so no call has to look at all of a long stream.
_SEARCH_S = 0.1
_LINES_AT_ONCE = 5_000


async def _stream(session: ReadSession, access: ReadableTrack, stream: str) -> ConsoleStream:
    found = await read_streams(session, access.track_id, stream_key(stream))
    if not found:
        raise LeafNotFound(f"There is no console stream {stream!r}.", stream=stream)
    return found[0]


@router.get("/{stream}/search", responses=_ERRORS)
async def search_console(
    access: ReadableTrack,
    session: Reading,
    stream: StreamName,
    q: Annotated[str, Query(min_length=1, max_length=200, description="Text to look for, without regard to case")],
    first: Annotated[int, Query(alias="from", ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> HitsOut:
    """Answer with the lines that hold a text; ask again from `next_line` until that is `n_lines`."""
    found = await _stream(session, access, stream)
    hits = await search_lines(
        session, access.track_id, found.leaf_id, q, first=first, limit=limit, until=time.monotonic() + _SEARCH_S
    )
    return HitsOut(stream=stream, n_lines=found.n_lines, numbers=hits.numbers, next_line=hits.next_line)


@router.get(
    "/{stream}/text",
    responses=_ERRORS | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def get_console_text(access: ReadableTrack, database: CurrentDatabase, stream: StreamName) -> StreamingResponse:
    """Stream all lines of a stream as text to save, as they were written."""
    # Not the session of the request: that one lasts until a slow reader has the last byte.
    async with database.read() as session:
        found = await _stream(session, access, stream)
    headers = {"content-disposition": f'attachment; filename="{stream}.txt"'}
    pieces = _pieces(database, access, found)
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)


async def _pieces(database: Database, access: TrackAccess, stream: ConsoleStream) -> AsyncIterator[str]:
    for first in range(0, stream.n_lines, _LINES_AT_ONCE):
        limit = min(_LINES_AT_ONCE, stream.n_lines - first)
        async with database.read() as session:
            lines = await read_lines(session, access.track_id, stream.leaf_id, first, limit)
        yield "".join(line.text + "\n" for line in lines)


@router.get("/{stream}", responses=_ERRORS, response_model=ConsoleOut)
async def get_console(
    request: Request,
    response: Response,
    access: ReadableTrack,
    session: Reading,
    stream: StreamName,
    first: Annotated[
        int | None, Query(alias="from", ge=-(2**53), le=2**53, description="First line; negative counts from the end")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response | ConsoleOut:
    """Answer with lines of a stream: the last ones, or from a number on."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    found = await _stream(session, access, stream)
    marked(response, etag)
    n_lines = found.n_lines
    start = -limit if first is None else first
    start = max(0, n_lines + start) if start < 0 else start
    lines = await read_lines(session, access.track_id, found.leaf_id, start, limit)
    return ConsoleOut(
        stream=stream, n_lines=n_lines, first=start, lines=[LineOut.model_validate(line) for line in lines]
    )
