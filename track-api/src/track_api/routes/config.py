"""What a client may know before it signs in."""

from fastapi import APIRouter

from services.accounts.store import find_administrator
from services.core.keys import MAX_KEY_BYTES
from services.files.model import MAX_FILE_BYTES, PART_BYTES
from services.ingest.limits import MAX_BATCH_BYTES, MAX_BATCH_DECODED_BYTES
from track_api.deps import CurrentResources, Reading
from track_api.schemas.config import ConfigOut, Limits

router = APIRouter(tags=["config"])


@router.get("/config")
async def get_config(resources: CurrentResources, session: Reading) -> ConfigOut:
    """Answer with versions, limits and addresses; open to everybody."""
    return ConfigOut(
        version="1.0.0",
        ingest_address=resources.settings.ingest_address,
        is_set_up=await find_administrator(session) is not None,
        limits=Limits(
            max_batch_bytes=MAX_BATCH_BYTES,
            max_batch_decoded_bytes=MAX_BATCH_DECODED_BYTES,
            max_key_bytes=MAX_KEY_BYTES,
            part_bytes=PART_BYTES,
            max_file_bytes=MAX_FILE_BYTES,
        ),
    )
