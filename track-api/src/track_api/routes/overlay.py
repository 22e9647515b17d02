"""Series of many tracks of one project over each other: every line on one grid, so that a page only draws."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.core.errors import BadKey, BadQuery, MissingRight, ProjectNotFound, Unauthenticated
from services.core.keys import check_key
from services.projects.store import get_project
from services.series.read import read_series
from services.series.window import Window
from services.tracks.store import keep_live
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentResources, Reading
from track_api.schemas.series import OverlayAnswer, OverlayQuery
from track_api.series_body import MSGPACK_TYPE, RAW, overlay_json, overlay_msgpack

router = APIRouter(tags=["series"])

_MOST_LINES = 2_000


@router.post(
    "/projects/{project}/overlay",
    response_model=OverlayAnswer,
    responses=RAW | responses(Unauthenticated, MissingRight, ProjectNotFound, BadKey, BadQuery),
)
async def overlay_series(
    request: Request, project: str, body: OverlayQuery, principal: CurrentPrincipal, session: Reading,
    resources: CurrentResources,
) -> Response:  # fmt: skip
    """Answer with the mean of each column of one grid for each series; tracks that are deleted are left out.

    As msgpack, `at` is little-endian float64 and each `mean` float32, NaN where a column is empty.
    """
    principal.require_user()
    found = await get_project(session, principal, project)
    keys = [check_key(key) for key in body.keys]
    if len(keys) * len(body.track_ids) > _MOST_LINES:
        raise BadQuery(f"One question asks for at most {_MOST_LINES} lines.")
    asked: dict[UUID, list[str]] = dict.fromkeys(await keep_live(session, found.project_id, body.track_ids), keys)
    window = Window(body.x, body.start, body.stop, body.buckets, is_common=True)
    views = await read_series(session, resources.sources, asked, window)
    is_raw = MSGPACK_TYPE in request.headers.get("accept", "")
    write, media = (overlay_msgpack, MSGPACK_TYPE) if is_raw else (overlay_json, "application/json")
    return Response(await asyncio.to_thread(write, views, body.x), media_type=media, headers={"vary": "Accept"})
