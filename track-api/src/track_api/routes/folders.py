"""The folder tree of a track, and the values in it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from services.core.errors import BadCursor, BadKey, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.core.keys import check_folder
from services.folders.tree import read_tree, read_values
from services.web.auth import ReadableTrack
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentResources, Reading, etag_of, marked, not_modified
from track_api.schemas.folders import TreeOut, ValuesOut

router = APIRouter(prefix="/tracks/{track_id}", tags=["folders"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, BadKey)


@router.get("/tree", responses=_ERRORS | responses(BadCursor), response_model=TreeOut)
async def get_tree(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    path: Annotated[str, Query(max_length=2000)] = "",
    depth: Annotated[int, Query(ge=0, le=100, description="Levels to answer with; 0 for all")] = 1,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 100_000,
) -> Response:
    """Answer with what lies below a folder path, by name; `limit` counts the entries of the first level."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    after = read_cursor(cursor, str)[0] if cursor else ""
    entries, more = await read_tree(
        session, resources.sources, access.track_id, check_folder(path), depth=depth, after=after, limit=limit
    )
    cursor = write_cursor(more) if more is not None else None
    return _json({"path": path, "entries": entries, "next_cursor": cursor}, etag)


@router.get("/values", responses=_ERRORS, response_model=ValuesOut)
async def get_values(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    prefix: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """Answer with config values and last values of series at or below a folder path."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    return _json({"values": await read_values(session, resources.sources, access.track_id, check_folder(prefix))}, etag)


def _json(answer: object, etag: str) -> Response:
    # Ten thousand entries are usual; the framework's checks of what is ours would take most of the time.
    response = Response(msgspec.json.encode(answer), media_type="application/json")
    marked(response, etag)
    return response
