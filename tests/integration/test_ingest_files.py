"""Files through the real app: whole, in parts, resumed, refused; and no blob left that nobody refers to."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from support.ingest import MSGPACK, WRITER, Place, make_place, running_app

from services.core.clock import SystemClock
from services.core.errors import FileTooLarge
from services.files.actions import put_file
from services.files.store import get_file, list_files
from services.files.uploads import UploadCleaner, begin_upload
from services.storage.batch_body import WireBatch, WireConfig, encode_body
from services.storage.blobs import BlobStore
from services.storage.database import Database


@pytest.fixture
async def place(database: Database) -> Place:
    return await make_place(database)


@pytest.fixture
async def client(place: Place, service_environment: dict[str, str]) -> AsyncIterator[httpx2.AsyncClient]:
    async with running_app(place.token) as opened:
        yield opened


@pytest.fixture
def blobs(tmp_path: Path, service_environment: dict[str, str]) -> BlobStore:
    return BlobStore(service_environment["MLSTEAM_BLOB_URL"])


def _count_blobs(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "blobs").rglob("*"))


async def _content(database: Database, blobs: BlobStore, place: Place, key: str) -> bytes:
    async with database.read() as session:
        file = await get_file(session, place.track_id, key)
    content = b"".join([piece async for piece in blobs.read(file.blob_id, 0, file.size_bytes)])
    assert hashlib.sha256(content).hexdigest() == file.sha256
    return content


async def test_a_file_is_stored_and_replaced(
    client: httpx2.AsyncClient, place: Place, database: Database, blobs: BlobStore, tmp_path: Path
) -> None:
    url = f"/api/v3/tracks/{place.track_id}/files/report/last.html"
    for content in (b"<b>first</b>" * 1000, b"", b"second"):
        answer = await client.put(url, content=content, headers={"content-type": "text/html; charset=utf-8"})
        assert answer.status_code == 201, answer.text
        assert answer.json()["key"] == "report/last.html"
        assert answer.json()["size_bytes"] == len(content)
        assert answer.json()["content_type"] == "text/html; charset=utf-8"
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
        assert await _content(database, blobs, place, "report/last.html") == content
        assert _count_blobs(tmp_path) == 1


async def test_what_cannot_be_stored_leaves_nothing(
    client: httpx2.AsyncClient, place: Place, database: Database, tmp_path: Path
) -> None:
    body = encode_body(WireBatch(v=1, writer=WRITER, seq=1, configs=[WireConfig("taken", 1, 0.0)]))
    assert (await client.post(place.batches, content=body, headers=MSGPACK)).status_code == 200
    files = f"/api/v3/tracks/{place.track_id}/files"
    for key, headers, status, code in (
        ("taken", {}, 409, "kind_mismatch"),
        ("a//b", {}, 422, "bad_key"),
        ("a/%2e%2e/b", {}, 422, "bad_key"),
        ("a%00b", {}, 422, "bad_key"),
        ("a", {"x-content-sha256": "0" * 64}, 422, "checksum_mismatch"),
        ("a", {"x-content-sha256": "xyz"}, 422, "bad_value"),
        ("a", {"content-type": "no type"}, 422, "bad_value"),
        ("a", {"authorization": "Bearer x"}, 401, "unauthenticated"),
    ):
        answer = await client.put(f"{files}/{key}", content=b"hello", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (status, code), (key, answer.text)
    assert _count_blobs(tmp_path) == 0
    async with database.read() as session:
        assert await list_files(session, place.track_id) == []


async def test_a_stream_past_the_limit_is_cut(
    place: Place, database: Database, blobs: BlobStore, tmp_path: Path
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)

    with pytest.raises(FileTooLarge):
        await put_file(database, blobs, place.track_id, "big", endless(), clock=SystemClock(), max_bytes=20_000_000)
    assert _count_blobs(tmp_path) == 0


async def test_an_upload_is_resumed_and_finished(
    client: httpx2.AsyncClient, place: Place, database: Database, blobs: BlobStore, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 80_000
    uploads = f"/api/v3/ingest/tracks/{place.track_id}/uploads"
    announced = {
        "key": "model/last.pt",
        "size_bytes": len(content),
        "content_type": "application/x-model",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    made = await client.post(uploads, json=announced)
    assert made.status_code == 201, made.text
    size = made.json()["part_bytes"]
    upload = f"{uploads}/{made.json()['upload_id']}"
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    assert (await client.put(f"{upload}/parts/0", content=parts[0])).status_code == 204
    assert (await client.put(f"{upload}/parts/2", content=parts[2])).status_code == 204
    for number, bad, status, code in ((1, b"short", 422, "bad_value"), (1, parts[1] + b"x", 413, "file_too_large"),
                                      (3, b"", 422, "bad_value")):  # fmt: skip
        answer = await client.put(f"{upload}/parts/{number}", content=bad)
        assert (answer.status_code, answer.json()["error"]) == (status, code), answer.text
    early = await client.post(f"{upload}/finish")
    assert (early.status_code, early.json()["context"]) == (409, {"missing": [1]})
    # Resumed: ask what is there, send the rest; one part twice does no harm.
    state = (await client.get(upload)).json()
    assert state["parts"] == [0, 2]
    for number in (0, 1):
        assert (await client.put(f"{upload}/parts/{number}", content=parts[number])).status_code == 204
    finished = await client.post(f"{upload}/finish")
    assert finished.status_code == 201, finished.text
    assert finished.json()["sha256"] == announced["sha256"]
    assert await _content(database, blobs, place, "model/last.pt") == content
    assert _count_blobs(tmp_path) == 1
    assert (await client.post(f"{upload}/finish")).status_code == 404


async def test_an_upload_that_is_not_what_it_promised_is_refused(
    client: httpx2.AsyncClient, place: Place, tmp_path: Path
) -> None:
    uploads = f"/api/v3/ingest/tracks/{place.track_id}/uploads"
    made = await client.post(uploads, json={"key": "a", "size_bytes": 3, "sha256": "0" * 64})
    upload = f"{uploads}/{made.json()['upload_id']}"
    assert (await client.put(f"{upload}/parts/0", content=b"abc")).status_code == 204
    refused = await client.post(f"{upload}/finish")
    assert (refused.status_code, refused.json()["error"]) == (422, "checksum_mismatch")
    assert _count_blobs(tmp_path) == 1
    for bad in (
        {"key": "a"},
        {"key": "a", "size_bytes": -1},
        {"key": "a", "size_bytes": 2**50},
        {"key": "/", "size_bytes": 1},
    ):
        assert (await client.post(uploads, json=bad)).status_code in {413, 422}


async def test_uploads_that_nobody_finishes_go(
    place: Place, database: Database, blobs: BlobStore, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    upload = await begin_upload(database, place.track_id, "a", 3)
    url = f"/api/v3/ingest/tracks/{place.track_id}/uploads/{upload.upload_id}"
    assert (await client.put(f"{url}/parts/0", content=b"abc")).status_code == 204
    assert await UploadCleaner(database, blobs).run_once() == 0
    assert await UploadCleaner(database, blobs, stale_after=timedelta(0)).run_once() == 1
    assert (await client.get(url)).status_code == 404
    assert _count_blobs(tmp_path) == 0
