"""Lines of the published client to points: what it sent comes back, whatever its values hold."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import MalformedBatch
from services.core.values import WireType
from services.ingest.published import append_batch, config_batch, read_lines, typed

_TIMES = st.floats(1.6e9, 1.9e9).map(lambda at: round(at, 6)).filter(lambda at: not at.is_integer())
_LOOKS_LIKE_A_POINT = re.compile(r"^[0-9]{10}\.[0-9]+, ", re.MULTILINE)
_TEXTS = st.text(st.characters(codec="utf-8")).filter(lambda text: not _LOOKS_LIKE_A_POINT.search(text))


@given(st.lists(st.tuples(_TIMES, _TEXTS), min_size=1))
def test_any_text_comes_back(points: list[tuple[float, str]]) -> None:
    raw = "".join(f"{at}, {text}\n" for at, text in points).encode()
    times, texts = read_lines(raw)
    assert times == [at for at, _ in points]
    assert texts == [text for _, text in points]


@given(st.binary(max_size=200))
def test_any_bytes_are_points_or_refused(raw: bytes) -> None:
    try:
        times, texts = read_lines(raw)
    except MalformedBatch:
        return
    assert len(times) == len(texts) > 0
    assert append_batch("a", raw).series


@given(st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans()))
def test_numbers_stay_what_they_are(value: float | bool) -> None:
    back = typed(str(value))
    assert type(back) is type(value)
    assert back == value or (math.isnan(value) and isinstance(back, float) and math.isnan(back))


@pytest.mark.parametrize(
    "text",
    ["007", "1_000", " 1", "1 ", "", "-", ".", "1e", "0x10", "٣", "Infinity", "tensor(0.3)", "1,5", "9" * 5000, "true",
     "00.5", "+", "1.2.3", str(2**63), "NaN"],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_text(text: str) -> None:
    assert typed(text) == text


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"1, 2", b"x, 2\n", b"1e9, 2\n", b"-1.5, 2\n", b"1700000000.25,2\n", b"\xff\xfe"]
)
def test_what_has_no_time_is_refused_or_read_as_it_stands(raw: bytes) -> None:
    if raw == b"1, 2":
        assert read_lines(raw) == ([1.0], ["2"])
        return
    with pytest.raises(MalformedBatch):
        read_lines(raw)


def test_a_repeated_append_is_the_same_batch_and_an_assignment_never_is() -> None:
    raw = b"1700000000.25, 1\n1700000000.5, x\n1700000000.75, 2.5\n"
    first, again = append_batch("a", raw), append_batch("a", raw)
    assert (first.writer, first.seq) == (again.writer, again.seq)
    assert first.writer != append_batch("b", raw).writer
    assert first.writer != append_batch("a", raw + b"1700000001.5, 1\n").writer
    assert [group.type for group in first.series] == [WireType.I64, WireType.STR, WireType.F64]
    assert config_batch("a", "1", 0.0).writer != config_batch("a", "1", 0.0).writer
