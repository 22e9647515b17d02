"""Which files of a track TensorBoard gets, and how their copies grow."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.core.ids import new_id
from services.files.model import TrackFile
from services.storage.blobs import BlobStore
from services.tensorboard.runs import run_name
from services.tensorboard.uploads import RewrittenError, UploadCopies, place_of, wanted_files


def file(key: str, size: int = 1, blob_id: UUID | None = None) -> TrackFile:
    return TrackFile(key, blob_id or new_id(), size, "text/plain", "00" * 32, datetime.now(UTC))


def test_event_files_and_what_lies_below_a_projector_are_wanted() -> None:
    keys = ["a/events.out.tfevents.1", "b/model.pt", "p/projector_config.pbtxt", "p/00/t/tensors.tsv", "pq/x.tsv"]
    assert [found.key for found in wanted_files([file(key) for key in keys])] == [keys[0], keys[2], keys[3]]


@pytest.mark.parametrize("key", ["../x.tfevents", "a/../../x.tfevents", "/x.tfevents", "a\\..\\x", "a" * 300])
def test_no_name_leads_out_of_the_folder(key: str) -> None:
    assert place_of(key) is None


def test_names_of_runs_are_plain_segments() -> None:
    assert [run_name(name) for name in ("a/b", "..", "", "x" * 300, "訓練")] == ["a_b", "_..", "_", "x" * 100, "訓練"]


async def test_a_copy_grows_and_says_when_it_became_another(tmp_path: Path) -> None:
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")

    async def put(content: bytes) -> TrackFile:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        made = file("t/e.tfevents.1", len(content))
        await blobs.put(made.blob_id, pieces())
        return made

    copies = UploadCopies(blobs, tmp_path / "data", max_bytes=100)
    copy = tmp_path / "data" / "t" / "e.tfevents.1"
    await copies.update([await put(b"one")])
    before = copy.stat().st_ino
    await copies.update([await put(b"one two")])
    assert (copy.read_bytes(), copy.stat().st_ino) == (b"one two", before)
    with pytest.raises(RewrittenError):
        await copies.update([await put(b"two three")])
    await UploadCopies(blobs, tmp_path / "small", max_bytes=2).update([await put(b"one")])
    assert not (tmp_path / "small").exists()


async def test_a_file_that_is_gone_is_not_shown_on_and_an_empty_one_may_grow(tmp_path: Path) -> None:
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")

    async def put(key: str, content: bytes) -> TrackFile:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        made = file(key, len(content))
        await blobs.put(made.blob_id, pieces())
        return made

    copies = UploadCopies(blobs, tmp_path / "data", max_bytes=100)
    first, second = await put("t/e.tfevents.1", b"one"), await put("t/e.tfevents.1.part0001", b"")
    await copies.update([first, second])
    await copies.update([first, await put("t/e.tfevents.1.part0001", b"two")])
    assert (tmp_path / "data" / "t" / "e.tfevents.1.part0001").read_bytes() == b"two"
    with pytest.raises(RewrittenError):
        await copies.update([first])


async def test_a_copy_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    class Unsteady:
        def __init__(self, *pieces: bytes | Exception) -> None:
            self.pieces = list(pieces)

        async def read(self, *_: object) -> AsyncIterator[bytes]:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece

    copies = UploadCopies(Unsteady(b"one ", OSError("away")), tmp_path, max_bytes=100)  # type: ignore[arg-type]
    whole = file("t/e.tfevents.1", 7)
    with pytest.raises(OSError, match="away"):
        await copies.update([whole])
    before = (tmp_path / whole.key).stat().st_ino
    copies.blobs = Unsteady(b"one tw", b"o")  # type: ignore[assignment]
    await copies.update([whole])
    assert ((tmp_path / whole.key).read_bytes(), (tmp_path / whole.key).stat().st_ino) == (b"one two", before)


async def test_a_link_in_place_of_a_copy_is_not_followed(tmp_path: Path) -> None:
    blobs = BlobStore(f"file://{tmp_path / 'blobs'}")
    target = tmp_path / "target"
    target.write_bytes(b"untouched")
    (tmp_path / "data" / "files").mkdir(parents=True)
    (tmp_path / "data" / "files" / "e.tfevents.1").symlink_to(target)
    with pytest.raises(OSError, match="tfevents"):
        await UploadCopies(blobs, tmp_path / "data", max_bytes=100).update([file("e.tfevents.1")])
    assert target.read_bytes() == b"untouched"
