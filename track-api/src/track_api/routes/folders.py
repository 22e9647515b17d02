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
from services.core.values import LeafKind
from services.folders.delete import delete_folder
from services.folders.find import find_entry, find_leaves_below, find_position
from services.folders.tree import read_shown_level, read_tree, read_values
from services.web.auth import ReadableTrack, WritableTrack
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentResources, Reading, etag_of, marked, not_modified
from track_api.schemas.folders import EntryOut, KindName, LeavesOut, LevelOut, PositionOut, TreeOut, ValuesOut

router = APIRouter(prefix="/tracks/{track_id}", tags=["folders"])

Offset = Annotated[int, Query(ge=0, le=2**31)]
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


@router.get("/level", responses=_ERRORS, response_model=LevelOut)
async def get_level(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    path: Annotated[str, Query(max_length=2000)] = "",
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """Answer with some entries of one folder: folders first, then by name with numbers by their size."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    entries, n_entries = await read_shown_level(
        session, resources.sources, access.track_id, check_folder(path), offset=offset, limit=limit
    )
    return _json({"path": path, "offset": offset, "n_entries": n_entries, "entries": entries}, etag)


@router.get("/level/position", responses=_ERRORS)
async def get_position(
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    path: Annotated[str, Query(max_length=2000)] = "",
    name: Annotated[str, Query(max_length=1024, description="The whole name")] = "",
    starts: Annotated[str, Query(max_length=200, description="How it starts, without regard to case")] = "",
    after: Annotated[int, Query(ge=-1, le=2**31, description="With `starts`: behind this position, going round")] = -1,
) -> PositionOut:
    """Answer with the place of a name among the entries that `level` gives."""
    found, n_entries = await find_position(
        session, resources.sources, access.track_id, check_folder(path), name=name, starts=starts, after=after
    )
    return PositionOut(position=found, n_entries=n_entries)


@router.get("/entry", responses=_ERRORS | responses(LeafNotFound), response_model=EntryOut)
async def get_entry(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    key: Annotated[str, Query(max_length=2000, min_length=1)],
) -> Response:
    """Answer with what stands at one key: its leaf, and how many leaves lie below it."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    entry = await find_entry(session, resources.sources, access.track_id, check_key(key))
    if entry is None:
        raise LeafNotFound(f"There is nothing under {key[:200]!r}.", key=key[:200])
    return _json(entry, etag)


@router.get("/leaves", responses=_ERRORS, response_model=LeavesOut)
async def get_leaves(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    path: Annotated[str, Query(max_length=2000)] = "",
    q: Annotated[str, Query(max_length=200, description="Words that the key must hold")] = "",
    without: Annotated[list[str] | None, Query(max_length=10, description="Folders to leave out")] = None,
    kind: KindName | None = None,
    offset: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> Response:
    """Answer with leaves at any depth below a folder, by kind and words, and with how many there are of each kind."""
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    left_out = [check_folder(folder) for folder in without or ()]
    found = await find_leaves_below(
        session, resources.sources, access.track_id, check_folder(path), words=q, without=left_out,
        kind=LeafKind[kind.upper()] if kind else None, offset=offset, limit=limit,
    )  # fmt: skip
    return _json({"path": path, "counts": found.counts, "entries": found.entries}, etag)


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
