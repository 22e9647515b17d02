"""How a file of the page is packed: Brotli where it was built and is taken, else gzip, else as it is."""

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from track_api.routes.page import _file


def _request(accepted: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"accept-encoding", accepted.encode())]})


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br; q=0.000, gzip;q=0", None),
        ("br;q=1.0", "br"),
        ("", None),
    ],
)
def test_the_browser_says_how_a_script_is_packed(tmp_path: Path, accepted: str, coding: str | None) -> None:
    script = tmp_path / "page.js"
    script.write_text("1")
    script.with_name("page.js.br").write_text("packed")
    answer = _file(_request(accepted), script, "no-cache")
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "Accept-Encoding"
    if coding == "gzip":
        assert gzip.decompress(bytes(answer.body)) == b"1"
    else:
        assert isinstance(answer, FileResponse)
        assert Path(answer.path).read_text() == ("packed" if coding == "br" else "1")


def test_what_was_not_packed_is_packed_when_asked_for(tmp_path: Path) -> None:
    script = tmp_path / "theme.js"
    script.write_text("1")
    assert _file(_request("gzip, br"), script, "no-cache").headers["content-encoding"] == "gzip"
    picture = tmp_path / "dot.png"
    picture.write_bytes(b"1")
    assert "content-encoding" not in _file(_request("gzip, br"), picture, "no-cache").headers
