"""Console lines, by range and from the end."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.console.store import read_lines, read_streams, stream_key
from services.core.errors import LeafNotFound, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.web.auth import ReadableTrack
from services.web.problem import responses
from track_api.deps import Reading, etag_of, marked, not_modified
from track_api.schemas.console import ConsoleOut, LineOut

router = APIRouter(prefix="/tracks/{track_id}/console", tags=["console"])


@router.get(
    "/{stream}",
    responses=responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, LeafNotFound),
    response_model=ConsoleOut,
)
async def get_console(
    request: Request,
    response: Response,
    access: ReadableTrack,
    session: Reading,
    stream: Annotated[str, Path(pattern="^[a-z0-9_-]{1,64}$")],
    first: Annotated[
        int | None, Query(alias="from", ge=-(2**53), le=2**53, description="First line; negative counts from the end")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response | ConsoleOut:
    """Answer with lines of a stream: the last ones, or from a number on."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    found = await read_streams(session, access.track_id, stream_key(stream))
    if not found:
        raise LeafNotFound(f"There is no console stream {stream!r}.", stream=stream)
    marked(response, etag)
    n_lines = found[0].n_lines
    start = -limit if first is None else first
    start = max(0, n_lines + start) if start < 0 else start
    lines = await read_lines(session, access.track_id, found[0].leaf_id, start, limit)
    return ConsoleOut(
        stream=stream, n_lines=n_lines, first=start, lines=[LineOut.model_validate(line) for line in lines]
    )
