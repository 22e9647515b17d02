"""What a writer says of its track: still running, or how it ended."""

from fastapi import APIRouter

from ingest_api.deps import Open
from ingest_api.schemas import StatusIn
from services.core.errors import DatabaseDown, MissingRight, TooLarge, TrackDeleted, TrackNotFound, Unauthenticated
from services.tracks.actions import report_status
from services.tracks.model import TrackStatus
from services.web.auth import WritableTrack
from services.web.problem import responses

router = APIRouter(prefix="/api/v3/ingest/tracks/{track_id}", tags=["ingest"])


@router.post(
    "/status",
    status_code=204,
    responses=responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, TooLarge, DatabaseDown),
)
async def post_status(body: StatusIn, access: WritableTrack, resources: Open) -> None:
    """Report the status of a training; `running` is also its sign of life."""
    async with resources.database.transaction() as session:
        await report_status(session, access.track_id, TrackStatus(body.status), resources.clock)
    resources.changes.note_track(access.track_id, access.project_id)
