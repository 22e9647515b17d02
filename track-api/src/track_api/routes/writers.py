"""Who logged to a track, and what was lost on the way."""

from dataclasses import asdict

from fastapi import APIRouter

from services.core.errors import MissingRight, TrackDeleted, TrackNotFound, Unauthenticated
from services.ingest.writers import list_losses, list_writers
from services.web.auth import ReadableTrack
from services.web.problem import responses
from track_api.deps import Reading
from track_api.schemas.series import LossOut
from track_api.schemas.writers import WriterOut, WritersOut

router = APIRouter(tags=["tracks"])


@router.get(
    "/tracks/{track_id}/writers", responses=responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted)
)
async def get_writers(access: ReadableTrack, session: Reading) -> WritersOut:
    """Answer with the processes that logged to a track, and with every loss that they told of."""
    writers = await list_writers(session, access.track_id)
    losses = await list_losses(session, access.track_id)
    return WritersOut(
        writers=[WriterOut.model_validate(one) for one in writers], losses=[LossOut(**asdict(one)) for one in losses]
    )
