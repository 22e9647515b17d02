"""The file that is rewritten in place: whatever a crash leaves of a write, the content before or after it is there."""

from pathlib import Path

import pytest

from mlsteam.disk import Slate, reserve_file

SIZE = 1024


def test_the_newest_content_is_read(tmp_path: Path) -> None:
    slate = Slate(tmp_path / "state", SIZE)
    assert slate.read() == b""
    for number in range(5):
        slate.write(b"%d" % number)
        assert slate.read() == Slate(tmp_path / "state", SIZE).read() == b"%d" % number
    assert (tmp_path / "state").stat().st_size == SIZE


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_write_that_is_torn_at_any_byte_leaves_the_old_or_the_new(tmp_path: Path, writes: int) -> None:
    path = tmp_path / "state"
    reserve_file(path, SIZE)
    slate = Slate(path, SIZE)
    for number in range(writes):
        slate.write(b"content %d" % number)
    before = path.read_bytes()
    slate.write(b"a longer content than that")
    after = path.read_bytes()
    for kept in range(SIZE + 1):
        path.write_bytes(after[:kept] + before[kept:])
        assert slate.read() in {b"content %d" % (writes - 1), b"a longer content than that"}
        path.write_bytes(before[:kept] + after[kept:])
        assert slate.read() in {b"content %d" % (writes - 1), b"a longer content than that"}


def test_a_file_that_is_no_slate_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "state"
    for content in (b"", b"{}", b"\xff" * SIZE, bytes(SIZE)):
        path.write_bytes(content)
        assert Slate(path, SIZE).read() == b""
