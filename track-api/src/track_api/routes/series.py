"""Series: as they are drawn, and whole as a file."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.accounts.access import Right
from services.core.errors import (
    BadKey,
    BadQuery,
    LeafNotFound,
    MissingRight,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
)
from services.core.keys import check_key, split_key
from services.series.export import ExportFormat, export_pieces
from services.series.load import load_points
from services.series.losses import Loss, read_losses
from services.series.read import SeriesViews, read_series
from services.series.window import Axis, Window
from services.web.auth import ReadableTrack, check_access
from services.web.problem import responses
from track_api.deps import CurrentDatabase, CurrentResources, Reading, etag_of, marked, not_modified
from track_api.schemas.series import QueryAnswer, SeriesAnswer, SeriesQuery
from track_api.series_body import MSGPACK_TYPE, RAW, json_body, msgpack_body

router = APIRouter(tags=["series"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, BadKey)
Key = Annotated[str, Query(max_length=2000)]
# More are written by a thread, so that other answers do not wait for them.
_FEW_SERIES = 8
_MOST_SERIES = 2_000


@router.get("/tracks/{track_id}/series", responses=RAW | _ERRORS, response_model=SeriesAnswer)
async def get_series(
    request: Request,
    access: ReadableTrack,
    session: Reading,
    resources: CurrentResources,
    key: Annotated[list[str], Query(min_length=1, max_length=1000)],
    x: Axis = Axis.STEP,
    start: Annotated[float | None, Query(alias="from", allow_inf_nan=False)] = None,
    stop: Annotated[float | None, Query(alias="to", allow_inf_nan=False)] = None,
    buckets: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Answer with series of a track: up to `buckets` points as they are, above that in buckets on one common grid.

    Keys that hold no series are left out. `from` and `to` are positions on the axis `x`, both included.
    """
    etag = await etag_of(request, session, [access.track_id])
    if unchanged := not_modified(request, etag):
        return unchanged
    keys = [check_key(one) for one in key]
    views = await read_series(session, resources.sources, {access.track_id: keys}, Window(x, start, stop, buckets))
    losses = await read_losses(session, access.track_id, keys)
    response = await _answer(request, views, x, losses)
    marked(response, etag)
    return response


async def _answer(request: Request, views: SeriesViews, axis: Axis, losses: list[Loss] | None) -> Response:
    is_raw = MSGPACK_TYPE in request.headers.get("accept", "")
    write, media = (msgpack_body, MSGPACK_TYPE) if is_raw else (json_body, "application/json")
    if len(views.series) > _FEW_SERIES:
        body = await asyncio.to_thread(write, views, axis, losses)
    else:
        body = write(views, axis, losses)
    return Response(body, media_type=media, headers={"vary": "Accept"})


@router.post(
    "/series/query", responses=RAW | _ERRORS | responses(BadQuery), tags=["series"], response_model=QueryAnswer
)
async def query_series(request: Request, body: SeriesQuery, resources: CurrentResources) -> Response:
    """Answer with many series of many tracks on one axis and one grid."""
    asked: dict[UUID, list[str]] = {}
    # Before a connection is held: each right is asked for on one of its own, and there are only so many.
    for one in body.series:
        await check_access(request, one.track_id, Right.READ)
        asked.setdefault(one.track_id, []).extend(check_key(key) for key in one.keys)
    if sum(map(len, asked.values())) > _MOST_SERIES:
        raise BadQuery(f"One question asks for at most {_MOST_SERIES} series.")
    window = Window(body.x, body.start, body.stop, body.buckets)
    async with resources.database.read() as session:
        views = await read_series(session, resources.sources, asked, window)
    return await _answer(request, views, body.x, None)


_FILES = {
    ExportFormat.TEXT: ("txt", "text/plain; charset=utf-8"),
    ExportFormat.CSV: ("csv", "text/csv; charset=utf-8"),
    ExportFormat.ARROW: ("arrows", "application/vnd.apache.arrow.stream"),
    ExportFormat.PARQUET: ("parquet", "application/vnd.apache.parquet"),
}
_TEXT, _BINARY = {"schema": {"type": "string"}}, {"schema": {"type": "string", "format": "binary"}}
_EXPORTS: dict[int | str, dict[str, Any]] = {
    200: {"content": {m.partition(";")[0]: _TEXT if m.startswith("text/") else _BINARY for _, m in _FILES.values()}}
}


@router.get(
    "/tracks/{track_id}/export",
    responses=_ERRORS | responses(LeafNotFound) | _EXPORTS,
    response_class=StreamingResponse,
)
async def export_series(
    access: ReadableTrack,
    database: CurrentDatabase,
    key: Key,
    form: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.TEXT,
) -> StreamingResponse:
    """Stream all points of a series, in order of time, those of one time in order of arrival.

    `text` has `timestamp,log_value` lines, `csv` also the steps. `arrow` (the stream form of Arrow IPC) and `parquet`
    have the columns time (float64, unix seconds), step (float64, null where there is none) and value in its own type:
    float64, int64, bool or utf8. The values of a series that mixes integers and floats are float64 if that holds each
    of them exactly; any other mixture is utf8, with each value as `text` writes it.
    """
    # Not the session of the request: that one lasts until a slow reader has the last byte.
    async with database.read() as session:
        parts = (await load_points(session, access.track_id, [check_key(key)])).get(key)
    if not parts:
        raise LeafNotFound(f"There is no series under {key[:200]!r}.", key=key[:200])
    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in split_key(key)[1])
    suffix, media = _FILES[form]
    headers = {"content-disposition": f'attachment; filename="{name}.{suffix}"'}
    # The pieces are made in a thread, one when the one before has been sent.
    return StreamingResponse(export_pieces(parts, form), media_type=media, headers=headers)
