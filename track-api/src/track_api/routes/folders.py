"""The folder tree of a track, and the values in it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.core.errors import BadCursor, BadKey, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.core.keys import check_folder
from services.core.values import to_json
from services.folders.tree import build_tree, load_leaves
from services.web.auth import ReadableTrack
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import Reading, etag_of, marked, not_modified
from track_api.schemas.folders import EntryOut, TreeOut, ValuesOut

router = APIRouter(prefix="/tracks/{track_id}", tags=["folders"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, BadKey)


@router.get("/tree", responses=_ERRORS | responses(BadCursor), response_model=TreeOut)
async def get_tree(
    request: Request,
    response: Response,
    access: ReadableTrack,
    session: Reading,
    path: Annotated[str, Query(max_length=2000)] = "",
    depth: Annotated[int, Query(ge=0, le=100, description="Levels to answer with; 0 for all")] = 1,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100_000)] = 100_000,
) -> Response | TreeOut:
    """Answer with what lies below a folder path, by name; `limit` counts the entries of the first level."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    marked(response, etag)
    entries = list(build_tree(await load_leaves(session, access.track_id, check_folder(path)), path).values())
    entries.sort(key=lambda entry: entry.name)
    if cursor:
        after = read_cursor(cursor, str)[0]
        entries = [entry for entry in entries if entry.name > after]
    more = write_cursor(entries[limit - 1].name) if len(entries) > limit else None
    return TreeOut(path=path, entries=[EntryOut.of(entry, depth - 1) for entry in entries[:limit]], next_cursor=more)


@router.get("/values", responses=_ERRORS, response_model=ValuesOut)
async def get_values(
    request: Request,
    response: Response,
    access: ReadableTrack,
    session: Reading,
    prefix: Annotated[str, Query(max_length=2000)] = "",
) -> Response | ValuesOut:
    """Answer with config values and last values of series at or below a folder path."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    marked(response, etag)
    leaves = await load_leaves(session, access.track_id, check_folder(prefix))
    return ValuesOut(values={key: to_json(leaf.value) for key, leaf in leaves.items() if leaf.value is not None})
