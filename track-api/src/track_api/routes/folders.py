"""The folder tree of a track, and the values in it."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from services.core.errors import (
    BadCursor,
    BadKey,
    LeafNotFound,
    MissingRight,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
)
from services.core.keys import check_folder, check_key
from services.folders.delete import delete_folder
from services.folders.tree import read_tree, read_values
from services.web.auth import ReadableTrack, WritableTrack
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
    name: Annotated[str | None, Query(max_length=2000, description="Only the entry of this name")] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 100_000,
) -> Response:
    """Answer with what lies below a folder path, by name; `limit` counts the entries of the first level."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    after = read_cursor(cursor, str)[0] if cursor else ""
    entries, more = await read_tree(
        session,
        resources.sources,
        access.track_id,
        check_folder(path),
        depth=depth,
        name=name,
        after=after,
        limit=limit,
    )
    cursor = write_cursor(more) if more is not None else None
    return _json({"path": path, "entries": entries, "next_cursor": cursor}, etag)


@router.delete("/tree", status_code=204, responses=_ERRORS | responses(LeafNotFound))
async def delete_tree(
    access: WritableTrack, resources: CurrentResources, path: Annotated[str, Query(max_length=2000, min_length=1)]
) -> None:
    """Delete a key, or a folder with all that lies below it. A key that is logged again afterwards starts anew."""
    async with resources.database.transaction() as session:
        blobs = await delete_folder(session, access.track_id, check_key(path))
    resources.changes.note(access.track_id, access.project_id, None)
    # After the commit: a blob without a row is waste, a row without its blob would be a loss.
    await resources.blobs.delete(blobs)


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
