"""Series: as they are drawn, and whole as text."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from services.accounts.access import Right
from services.core.errors import BadKey, LeafNotFound, MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.core.keys import check_key, split_key
from services.series.export import ExportFormat, export_lines
from services.series.load import load_points
from services.series.losses import read_losses
from services.series.read import Axis, Window, read_series
from services.web.auth import ReadableTrack, check_access
from services.web.problem import responses
from track_api.deps import Reading, etag_of, marked, not_modified
from track_api.schemas.series import (
    LossOut,
    QueryAnswer,
    SeriesAnswer,
    SeriesOut,
    SeriesQuery,
    TrackSeriesOut,
    series_fields,
)

router = APIRouter(tags=["series"])

_ERRORS = responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, BadKey)
Key = Annotated[str, Query(max_length=2000)]


@router.get("/tracks/{track_id}/series", responses=_ERRORS, response_model=SeriesAnswer)
async def get_series(
    request: Request,
    access: ReadableTrack,
    session: Reading,
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
    views = await read_series(session, access.track_id, keys, Window(x, start, stop, buckets))
    losses = await read_losses(session, access.track_id, keys)
    answer = SeriesAnswer.model_construct(
        x=x,
        series=[SeriesOut.model_construct(**series_fields(view)) for view in views],
        losses=[LossOut.model_validate(loss, from_attributes=True) for loss in losses],
    )
    return _json(answer, etag)


def _json(answer: SeriesAnswer | QueryAnswer, etag: str) -> Response:
    # Written by pydantic at once: the framework would first make Python lists of every number again.
    response = Response(answer.model_dump_json(by_alias=True), media_type="application/json")
    marked(response, etag)
    return response


@router.post("/series/query", responses=_ERRORS, tags=["series"], response_model=QueryAnswer)
async def query_series(request: Request, body: SeriesQuery, session: Reading) -> Response:
    """Answer with many series of many tracks on one axis."""
    found: list[TrackSeriesOut] = []
    window = Window(body.x, body.start, body.stop, body.buckets)
    for asked in body.series:
        await check_access(request, asked.track_id, Right.READ)
        views = await read_series(session, asked.track_id, [check_key(key) for key in asked.keys], window)
        found += [TrackSeriesOut.model_construct(track_id=asked.track_id, **series_fields(view)) for view in views]
    answer = QueryAnswer.model_construct(x=body.x, series=found)
    return Response(answer.model_dump_json(), media_type="application/json")


@router.get(
    "/tracks/{track_id}/export",
    responses=_ERRORS
    | responses(LeafNotFound)
    | {200: {"content": {"text/plain": {"schema": {"type": "string"}}, "text/csv": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def export_series(
    access: ReadableTrack,
    session: Reading,
    key: Key,
    form: Annotated[ExportFormat, Query(alias="format")] = ExportFormat.TEXT,
) -> StreamingResponse:
    """Stream all points of a series: `timestamp,log_value` lines, or CSV with steps."""
    parts = (await load_points(session, access.track_id, [check_key(key)])).get(key)
    if not parts:
        raise LeafNotFound(f"There is no series under {key[:200]!r}.", key=key[:200])

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in iterate_in_threadpool(export_lines(parts, form)):
            # A string may hold half of a surrogate pair, which UTF-8 has no bytes for.
            yield piece.encode(errors="replace")

    name = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in split_key(key)[1])
    suffix, media = ("csv", "text/csv") if form is ExportFormat.CSV else ("txt", "text/plain")
    headers = {"content-disposition": f'attachment; filename="{name}.{suffix}"'}
    return StreamingResponse(pieces(), media_type=f"{media}; charset=utf-8", headers=headers)
