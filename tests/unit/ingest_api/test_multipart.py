"""The one file of a form: its bytes exactly, whatever they are, and a clear refusal of everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.multipart import content_of
from services.core.errors import MalformedBatch, UnsupportedMediaType

_BOUNDARY = "9d1c5d4c0d5b"
_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"
_HEAD = b'Content-Disposition: form-data; name="obj"; filename="obj"'


def form(content: bytes, *, head: bytes = _HEAD, end: bytes = b"--\r\n") -> bytes:
    start = b"--" + _BOUNDARY.encode()
    return start + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" + start + end


@given(st.binary(max_size=300))
def test_any_content_comes_back(content: bytes) -> None:
    assert content_of(form(content), _TYPE) == content
    assert content_of(content, "application/octet-stream") == content


@pytest.mark.parametrize("content", [b"", b"\r\n", b"\r\n\r\n", b"--", b"x--" + _BOUNDARY.encode(), b"\x00" * 1000])
def test_content_that_looks_like_a_form_comes_back(content: bytes) -> None:
    assert content_of(form(content), _TYPE) == content


def test_a_quoted_boundary_and_parameters_are_understood() -> None:
    assert content_of(form(b"x"), f'Multipart/Form-Data; charset=utf-8; boundary="{_BOUNDARY}"') == b"x"


@given(st.binary(max_size=100))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with pytest.raises(MalformedBatch):
        content_of(body, _TYPE)


@pytest.mark.parametrize("kept", range(0, len(form(b"abc")) - 4, 3))
def test_a_form_that_is_cut_is_refused(kept: int) -> None:
    with pytest.raises(MalformedBatch):
        content_of(form(b"abc")[:kept], _TYPE)


def test_two_parts_are_refused() -> None:
    first = form(b"a", end=b"")
    with pytest.raises(MalformedBatch, match="more than one"):
        content_of(first + b"\r\n" + _HEAD + b"\r\n\r\nb\r\n--" + _BOUNDARY.encode() + b"--\r\n", _TYPE)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=x", "multipart/form-data; boundary=é"],
)
def test_another_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        content_of(form(b"x"), content_type)
