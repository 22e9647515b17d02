"""Files of the built page are packed for those who can unpack them, and once."""

import gzip
from pathlib import Path

import pytest
from fastapi import Request
from starlette.responses import FileResponse

from track_api.routes.page import _file


def _request(accepted: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-encoding", accepted.encode())]})


def test_text_is_packed(tmp_path: Path) -> None:
    script = tmp_path / "a.js"
    script.write_text("let a = 1;\n" * 1000)
    answer = _file(_request("gzip, deflate, br"), script, "no-cache")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert gzip.decompress(bytes(answer.body)) == script.read_bytes()
    assert len(answer.body) < 200
    script.write_text("let b = 2;\n")
    assert gzip.decompress(bytes(_file(_request("gzip"), script, "no-cache").body)) == b"let b = 2;\n"


@pytest.mark.parametrize(("name", "accepted"), [("a.js", "br"), ("a.png", "gzip"), ("a.js", "")])
def test_other_files_go_as_they_are(tmp_path: Path, name: str, accepted: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    answer = _file(_request(accepted), tmp_path / name, "no-cache")
    assert isinstance(answer, FileResponse)
    assert "content-encoding" not in answer.headers
