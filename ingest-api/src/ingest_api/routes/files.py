"""Files in: whole, or in parts that can be resumed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Request

from ingest_api.deps import Open
from ingest_api.schemas import BYTES_REQUEST, FileOut, UploadIn, UploadOut, UploadStateOut
from services.core.errors import (
    BadKey,
    BadValue,
    BlobStoreDown,
    ChecksumMismatch,
    DatabaseDown,
    FileTooLarge,
    KindMismatch,
    MissingRight,
    ServiceError,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
    UploadIncomplete,
    UploadNotFound,
)
from services.files import store
from services.files.actions import put_file
from services.files.uploads import begin_upload, finish_upload, put_part
from services.web.auth import WritableTrack
from services.web.problem import responses

router = APIRouter(tags=["files"])

_UPLOADS = "/api/v3/ingest/tracks/{track_id}/uploads"
_ALWAYS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, DatabaseDown)
Sha256 = Annotated[str | None, Header(alias="X-Content-SHA256", description="Checked against what arrives")]


@router.put(
    "/api/v3/tracks/{track_id}/files/{key:path}",
    status_code=201,
    responses=responses(*_ALWAYS, BadKey, BadValue, KindMismatch, FileTooLarge, ChecksumMismatch, BlobStoreDown),
    openapi_extra={"requestBody": BYTES_REQUEST},
)
async def put_whole_file(
    request: Request, key: str, access: WritableTrack, resources: Open, sha256: Sha256 = None
) -> FileOut:
    """Store the body as a file, in place of the one before it under this key."""
    file = await put_file(
        resources.database,
        resources.blobs,
        access.track_id,
        key,
        request.stream(),
        clock=resources.clock,
        content_type=request.headers.get("content-type"),
        sha256=sha256,
    )
    resources.changes.note(access.track_id, access.project_id, [file.key])
    return FileOut.of(file)


@router.post(_UPLOADS, status_code=201, responses=responses(*_ALWAYS, BadKey, BadValue, FileTooLarge, KindMismatch))
async def post_upload(body: UploadIn, access: WritableTrack, resources: Open) -> UploadOut:
    """Announce a file that will arrive in parts."""
    upload = await begin_upload(
        resources.database,
        access.track_id,
        body.key,
        body.size_bytes,
        content_type=body.content_type,
        sha256=body.sha256,
    )
    return UploadOut(upload_id=upload.upload_id, part_bytes=upload.part_bytes)


@router.get(_UPLOADS + "/{upload_id}", responses=responses(*_ALWAYS, UploadNotFound))
async def get_upload(upload_id: UUID, access: WritableTrack, resources: Open) -> UploadStateOut:
    """Tell which parts have arrived, so that the rest can be sent."""
    async with resources.database.read() as session:
        upload = await store.get_upload(session, access.track_id, upload_id)
        parts = await store.read_parts(session, access.track_id, upload_id)
    return UploadStateOut(
        upload_id=upload.upload_id,
        key=upload.key,
        size_bytes=upload.size_bytes,
        part_bytes=upload.part_bytes,
        parts=list(parts),
    )


@router.put(
    _UPLOADS + "/{upload_id}/parts/{number}",
    status_code=204,
    responses=responses(*_ALWAYS, UploadNotFound, BadValue, FileTooLarge, BlobStoreDown),
    openapi_extra={"requestBody": BYTES_REQUEST},
)
async def put_upload_part(
    request: Request,
    upload_id: UUID,
    number: Annotated[int, Path(ge=0, le=10**6)],
    access: WritableTrack,
    resources: Open,
) -> None:
    """Store one part; every part but the last has exactly `part_bytes`."""
    await put_part(
        resources.database,
        resources.blobs,
        access.track_id,
        upload_id,
        number=number,
        content=request.stream(),
    )


@router.post(
    _UPLOADS + "/{upload_id}/finish",
    status_code=201,
    responses=responses(*_ALWAYS, UploadNotFound, UploadIncomplete, ChecksumMismatch, KindMismatch, BlobStoreDown),
)
async def post_finish(upload_id: UUID, access: WritableTrack, resources: Open) -> FileOut:
    """Join the parts into the file."""
    file = await finish_upload(resources.database, resources.blobs, access.track_id, upload_id, clock=resources.clock)
    resources.changes.note(access.track_id, access.project_id, [file.key])
    return FileOut.of(file)
