"""Console lines, by range and from the end; of several streams as one."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.console.order import Cuts
from services.console.read import Console, open_console, read_page
from services.console.search import search_lines
from services.console.store import CONSOLE_FOLDER, ConsoleStream, read_streams, stream_key
from services.core.errors import BadQuery, LeafNotFound, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.storage.database import Database, ReadSession
from services.web.auth import ReadableTrack, TrackAccess
from services.web.problem import responses
from track_api.deps import CurrentDatabase, CurrentResources, Reading, etag_of, marked, not_modified
from track_api.resources import Resources
from track_api.schemas.console import ConsoleOut, HitsOut, LineOut

router = APIRouter(prefix="/tracks/{track_id}/console", tags=["console"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, LeafNotFound)
_NAME = "[a-z0-9_-]{1,64}"
StreamName = Annotated[
    str,
    Path(
        pattern=rf"^{_NAME}(\+{_NAME}){{0,3}}$",
        description="A stream; several with + between them (`stdout+stderr`) are read as one, in the order of times",
    ),
]
# A page shows what was found so far and asks for the rest, so no call has to look at all of a long stream.
_SEARCH_S = 0.1
_LINES_AT_ONCE = 5_000


async def _open(session: ReadSession, resources: Resources, access: TrackAccess, stream: str) -> Console:
    held = {found.key: found for found in await read_streams(session, access.track_id)}
    keys = [stream_key(name) for name in dict.fromkeys(stream.split("+"))]
    # One of several that has not said anything yet is as good as empty.
    streams = [held.get(key) or ConsoleStream(-1, key, 0, 0, 0.0) for key in keys]
    if not any(key in held for key in keys):
        raise LeafNotFound(f"There is no console stream {stream!r}.", stream=stream)
    return await open_console(session, resources.sources.shared, access.track_id, streams)


@router.get("/{stream}/search", responses=_ERRORS)
async def search_console(
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    stream: StreamName,
    q: Annotated[str, Query(min_length=1, max_length=200, description="Text to look for, without regard to case")],
    first: Annotated[int, Query(alias="from", ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> HitsOut:
    """Answer with the lines that hold a text; ask again from `next_line` until that is `n_lines`."""
    console = await _open(session, resources, access, stream)
    hits = await search_lines(session, console, q, first=first, limit=limit, lasts_s=_SEARCH_S)
    return HitsOut(stream=stream, n_lines=console.n_lines, numbers=hits.numbers, next_line=hits.next_line)


@router.get(
    "/{stream}/text",
    responses=_ERRORS | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def get_console_text(
    access: ReadableTrack, database: CurrentDatabase, resources: CurrentResources, stream: StreamName
) -> StreamingResponse:
    """Stream all lines of a stream as text to save, as they were written."""
    # Not the session of the request: that one lasts until a slow reader has the last byte.
    async with database.read() as session:
        console = await _open(session, resources, access, stream)
    headers = {"content-disposition": f'attachment; filename="{stream.replace("+", "-")}.txt"'}
    pieces = _pieces(database, console)
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)


async def _pieces(database: Database, console: Console) -> AsyncIterator[str]:
    cuts = console.cuts_at(0)
    while sum(cuts) < console.n_lines:
        async with database.read() as session:
            page = await read_page(session, console, cuts, _LINES_AT_ONCE)
        cuts = page.behind
        yield "".join(line.text + "\n" for _, line in page.lines)


@router.get("/{stream}", responses=_ERRORS | responses(BadQuery), response_model=ConsoleOut)
async def get_console(
    request: Request,
    response: Response,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    stream: StreamName,
    first: Annotated[
        int | None, Query(alias="from", ge=-(2**53), le=2**53, description="First line; negative counts from the end")
    ] = None,
    after: Annotated[
        str | None, Query(pattern=r"^\d{1,15}(\.\d{1,15}){0,3}$", description="A cursor: `next` of another answer")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response | ConsoleOut:
    """Answer with lines of a stream: the last ones, from a number on, or those after a cursor."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    console = await _open(session, resources, access, stream)
    marked(response, etag)
    if after is not None:
        cuts = _cuts_of(after, console)
    else:
        start = -limit if first is None else first
        cuts = console.cuts_at(max(0, console.n_lines + start) if start < 0 else start)
    page = await read_page(session, console, cuts, limit)
    return ConsoleOut(
        stream=stream,
        n_lines=console.n_lines,
        first=sum(cuts),
        begin=_cursor(page.before),
        next=_cursor(page.behind),
        lines=[
            LineOut(number=number, stream=found.key.removeprefix(f"{CONSOLE_FOLDER}/"), time=line.time, text=line.text)
            for number, (found, line) in enumerate(page.lines, sum(cuts))
        ],
    )


def _cursor(cuts: Cuts) -> str:
    return ".".join(map(str, cuts))


def _cuts_of(cursor: str, console: Console) -> Cuts:
    cuts = tuple(map(int, cursor.split(".")))
    if len(cuts) != len(console.streams):
        raise BadQuery("This cursor is of other streams.", field="after")
    return cuts
