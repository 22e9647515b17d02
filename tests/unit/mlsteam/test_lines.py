"""Bytes of a terminal to lines."""

from hypothesis import given
from hypothesis import strategies as st

from mlsteam.capture.lines import MAX_LINE_BYTES, REDRAWN_EVERY_S, LineFolder


def lines_of(*writes: bytes) -> list[str]:
    folder = LineFolder()
    return [line for data in writes for line in folder.feed(data, 0.0)] + folder.finish()


def test_plain_lines_come_as_they_were_written() -> None:
    assert lines_of(b"a\n\nb", b"c\nd") == ["a", "", "bc", "d"]
    assert lines_of(b"windows\r\nline\r\n") == ["windows", "line"]


def test_a_progress_bar_is_its_last_drawing() -> None:
    assert lines_of(b"\r 1%", b"\r 50%", b"\r100%\n", b"done\n") == ["100%", "done"]
    assert lines_of(b" 1%\r", b" 2%\r", b"\n") == [" 2%"]
    assert lines_of(b"1/9\b\b\b2/9\b\b\b9/9\n") == ["9/9"]


def test_a_long_progress_bar_shows_now_and_then() -> None:
    folder = LineFolder()
    shown = [line for second in range(25) for line in folder.feed(b"\r%d" % second, float(second))]
    assert shown == [str(int(REDRAWN_EVERY_S)), str(int(2 * REDRAWN_EVERY_S))]
    assert folder.feed(b"\r24\n", 25.0) == ["24"]


def test_colours_stay_and_movements_go() -> None:
    assert lines_of(b"\x1b[31mred\x1b[0m\x1b[K\x1b[2A\x1b]0;title\x07\n") == ["\x1b[31mred\x1b[0m"]


@given(st.lists(st.binary(max_size=200)))
def test_any_bytes_are_lines_that_the_server_takes(writes: list[bytes]) -> None:
    for line in lines_of(*writes):
        assert line.encode().decode() == line
        assert "\0" not in line
        assert "\n" not in line


@given(st.text(alphabet="aä€😀 ", max_size=50), st.lists(st.integers(0, 200), max_size=5))
def test_a_character_that_was_written_in_two_parts_is_one(text: str, cuts: list[int]) -> None:
    raw, at = text.encode(), 0
    writes = []
    for cut in sorted(cuts):
        writes.append(raw[at:cut])
        at = max(at, cut)
    assert "".join(lines_of(*writes, raw[at:] + b"\n")) == text


def test_a_very_long_line_is_cut_into_pieces_and_nothing_is_lost() -> None:
    text = "ä" * MAX_LINE_BYTES
    for writes in ([text.encode() + b"\n"], [text.encode(), b"\n"]):
        pieces = lines_of(*writes)
        assert "".join(pieces) == text
        assert all(len(piece.encode()) <= MAX_LINE_BYTES for piece in pieces)
