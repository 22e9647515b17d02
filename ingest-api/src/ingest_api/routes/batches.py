"""POST a batch, the hot address: parsed by hand, because a framework's checks would cost more than the commit."""

import msgspec
from backports import zstd
from fastapi import APIRouter, Request, Response

from ingest_api.body import announced_bytes, read_batch_body
from ingest_api.deps import Open
from ingest_api.schemas import BATCH_REQUEST, MSGPACK_TYPE, BatchOut
from services.core.errors import (
    BatchTooLarge,
    DatabaseDown,
    MalformedBatch,
    MissingRight,
    SequenceGap,
    ServerBusy,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
    UnsupportedMediaType,
    WriteQueueFull,
)
from services.ingest.accept import accept
from services.ingest.json_batch import convert_json
from services.ingest.limits import MAX_BATCH_BYTES, MAX_BATCH_DECODED_BYTES, MAX_JSON_BYTES
from services.storage.batch_body import Encoding, decode_body
from services.web.auth import WritableTrack
from services.web.problem import responses

router = APIRouter(prefix="/api/v3/ingest/tracks/{track_id}", tags=["ingest"])

_MSGPACK_TYPES = frozenset({MSGPACK_TYPE, "application/msgpack"})
_ERRORS = responses(
    MalformedBatch, Unauthenticated, MissingRight, TrackNotFound, SequenceGap, TrackDeleted, BatchTooLarge,
    UnsupportedMediaType, WriteQueueFull, ServerBusy, DatabaseDown,
)  # fmt: skip


@router.post(
    "/batches",
    response_model=BatchOut,
    responses=_ERRORS,
    openapi_extra={"requestBody": BATCH_REQUEST},
)
async def post_batch(request: Request, access: WritableTrack, resources: Open) -> Response:
    """Store a batch of entries; answered when it is committed. Sending it again changes nothing."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = content_type == "application/json"
    if not is_json and content_type not in _MSGPACK_TYPES:
        raise UnsupportedMediaType(f"Send a batch as {MSGPACK_TYPE} or application/json.", content_type=content_type)
    with resources.intake.hold(announced_bytes(request, MAX_BATCH_BYTES)):
        sent = await read_batch_body(request, MAX_BATCH_BYTES, MAX_JSON_BYTES if is_json else MAX_BATCH_DECODED_BYTES)
        now = resources.clock.now().timestamp()
        if is_json:
            plain = convert_json(sent.plain, now)
            encoding, stored = Encoding.MSGPACK_ZSTD, zstd.compress(plain, 1)
        else:
            plain, stored = sent.plain, sent.raw
            encoding = Encoding.MSGPACK_ZSTD if sent.is_zstd else Encoding.MSGPACK
        batch = accept(
            decode_body(plain),
            track_id=access.track_id,
            project_id=access.project_id,
            encoding=int(encoding),
            stored=stored,
        )
        ack = await resources.writer.write(batch)
    answer = {
        "acked_through": ack.acked_through,
        "rejects": ack.rejects,
        "is_duplicate": ack.is_duplicate,
        "server_time": now,
        "commands": [],
    }
    return Response(msgspec.json.encode(answer), media_type="application/json")
