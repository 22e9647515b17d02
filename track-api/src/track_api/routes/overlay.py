"""Series of many tracks of one project over each other: every line on one grid, so that a page only draws."""

import asyncio
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from services.core.errors import BadKey, BadQuery, MissingRight, ProjectNotFound, Unauthenticated
from services.core.keys import check_key
from services.core.values import to_json
from services.projects.store import get_project
from services.series.read import SeriesViews, read_series
from services.series.window import Axis, Window
from services.tracks.store import keep_live
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentResources, Reading
from track_api.schemas.series import OverlayAnswer, OverlayQuery

router = APIRouter(tags=["series"])

_MOST_LINES = 2_000


@router.post(
    "/projects/{project}/overlay",
    response_model=OverlayAnswer,
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadKey, BadQuery),
)
async def overlay_series(
    project: str, body: OverlayQuery, principal: CurrentPrincipal, session: Reading, resources: CurrentResources
) -> Response:
    """Answer with the mean of each column of one grid for each series; tracks that are deleted are left out."""
    principal.require_user()
    found = await get_project(session, principal, project)
    keys = [check_key(key) for key in body.keys]
    if len(keys) * len(body.track_ids) > _MOST_LINES:
        raise BadQuery(f"One question asks for at most {_MOST_LINES} lines.")
    asked: dict[UUID, list[str]] = dict.fromkeys(await keep_live(session, found.project_id, body.track_ids), keys)
    window = Window(body.x, body.start, body.stop, body.buckets, is_common=True)
    views = await read_series(session, resources.sources, asked, window)
    return Response(await asyncio.to_thread(_write, views, body.x), media_type="application/json")


def _write(views: SeriesViews, axis: Axis) -> bytes:
    lines = [
        {
            "track_id": view.track_id,
            "key": view.key,
            "n_stored": view.n_stored,
            "n_drawn": view.n_drawn,
            "last": to_json(view.last[0]),
            # msgspec writes NaN, a column without a finite value, as null.
            "mean": view.buckets.mean.astype("f4").tolist() if view.buckets is not None else [],
        }
        for view in views.series
    ]
    x = views.grid.centres.tolist() if views.grid is not None else []
    return msgspec.json.encode({"x": axis.value, "at": x, "lines": lines})
