"""putObject of the published client: points to append, or a value or a file to put in place of another.

That client drops all that it holds of a round when one of its calls fails. So this waits where other addresses answer
429 or 503, and what cannot be stored becomes a loss mark on the page; an error is for requests of no such client.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import UUID

from backports import zstd
from fastapi import APIRouter, Query, Request

from ingest_api.body import announced_bytes, read_batch_body
from ingest_api.deps import Open
from ingest_api.multipart import content_of
from ingest_api.resources import Resources
from services.accounts.access import Right
from services.core.errors import (
    BadValue,
    BlobStoreDown,
    DatabaseDown,
    KindMismatch,
    RejectReason,
    ServerBusy,
    WriteQueueFull,
)
from services.core.keys import check_key
from services.files.actions import put_file
from services.ingest import published
from services.ingest.accept import MAX_STRING_CHARS, accept
from services.ingest.batch import Ack, Reject
from services.storage.batch_body import Encoding, WireBatch, decode_body, encode_body
from services.web.auth import TrackAccess, check_access

PATH = "/api/v2/objects"
# Which keys are series. An append says that itself, so this may come late or never.
_METADATA = ".track_metadata.yaml"
_MAX_BYTES = 64 << 20
_PATIENCE_S = 60.0
_PAUSE_S = 0.25
T = TypeVar("T")

router = APIRouter(include_in_schema=False)


@router.post(PATH)
async def post_object(
    request: Request,
    bucket_name: UUID,
    obj_path: Annotated[str, Query(max_length=4096)],
    resources: Open,
    part_offset: int | None = None,
    part_size: int | None = None,
) -> dict[str, object]:
    """Store what a published client puts; answered when it is committed."""
    access = await check_access(request, bucket_name, Right.WRITE)
    check_key(obj_path)
    if part_offset not in {None, -1}:
        raise BadValue("Objects are put whole, or appended to with part_offset -1.", field="part_offset")
    with resources.intake.hold(announced_bytes(request, _MAX_BYTES)):
        sent = await read_batch_body(request, _MAX_BYTES, _MAX_BYTES)
        content = content_of(sent.plain, request.headers.get("content-type", ""))
        if part_size is not None and part_size != len(content):
            raise BadValue(f"part_size says {part_size} bytes, {len(content)} came.", field="part_size")
        put = _Put(resources, access, obj_path, content)
        if part_offset == -1:
            rejects = await put.append() if content else []
        else:
            rejects = [] if obj_path == _METADATA else await put.replace()
    return {"size": len(content), "rejects": [{"reason": r.reason, "detail": r.detail} for r in rejects]}


async def _patiently(store: Callable[[], Awaitable[T]]) -> T:
    """Store, and where there is no room or no database at this moment, try again for a while."""
    loop = asyncio.get_running_loop()
    ends_at = loop.time() + _PATIENCE_S
    while True:
        try:
            return await store()
        except (WriteQueueFull, ServerBusy, DatabaseDown, BlobStoreDown):
            if loop.time() > ends_at:
                raise
        await asyncio.sleep(_PAUSE_S)


class _Put:
    """One object on its way in."""

    def __init__(self, resources: Resources, access: TrackAccess, key: str, content: bytes) -> None:
        self._resources = resources
        self._access = access
        self._key = key
        self._content = content
        self._now = resources.clock.now().timestamp()

    async def append(self) -> list[Reject]:
        """Store points. Raises: MalformedBatch."""
        wire = published.append_batch(self._key, self._content)
        rejects = (await self._write(wire)).rejects
        if rejects:
            await self._mark(wire.writer, wire.seq + 1, rejects)
        return rejects

    async def replace(self) -> list[Reject]:
        """Store a config value; what is none, or whose key holds a file, as a file."""
        text = self._text()
        wire = published.config_batch(self._key, text or "", self._now)
        rejects: list[Reject] = []
        if text is not None:
            rejects = (await self._write(wire)).rejects
            if not rejects:
                return []
        try:
            await _patiently(self._put_file)
        except KindMismatch as error:
            rejects = rejects or [Reject("config", 0, self._key, RejectReason.KIND_MISMATCH, error.detail)]
            await self._mark(wire.writer, 1 if text is None else 2, rejects)
            return rejects
        return []

    def _text(self) -> str | None:
        try:
            text = self._content.decode()
        except UnicodeDecodeError:
            return None
        return None if len(text) > MAX_STRING_CHARS or "\x00" in text else text

    async def _put_file(self) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield self._content

        opened, access = self._resources, self._access
        file = await put_file(opened.database, opened.blobs, access.track_id, self._key, pieces(), clock=opened.clock)
        opened.changes.note(access.track_id, access.project_id, [file.key])

    async def _mark(self, writer: str, seq: int, rejects: list[Reject]) -> None:
        await self._write(
            published.loss_batch(self._key, self._content, rejects, writer=writer, seq=seq, now=self._now)
        )

    async def _write(self, wire: WireBatch) -> Ack:
        plain = encode_body(wire)
        batch = accept(
            decode_body(plain),
            track_id=self._access.track_id,
            project_id=self._access.project_id,
            encoding=int(Encoding.MSGPACK_ZSTD),
            stored=zstd.compress(plain, 1),
        )
        return await _patiently(lambda: self._resources.writer.write(batch))
