"""Bytes of a terminal to lines of text: progress bars folded, cursor movements removed, long lines cut in pieces.

Called by tee.py (which is a process of its own, so this file imports nothing of ours) and streams.py. Guarantees that
every text that was shown for good becomes a line, whatever bytes come.
"""

import re

MAX_LINE_BYTES = 16_384
# A progress bar that is redrawn for hours without a line's end shows its state this often.
REDRAWN_EVERY_S = 10.0
# Cursor movements and erasures; colours (which end in m) stay.
_MOVES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")
_REDRAWS = re.compile(rb"[\r\b]")


def _visible(raw: bytes) -> bytes:
    """Return the last drawing of a line that was drawn over with carriage returns or backspaces."""
    drawings = _REDRAWS.split(raw)
    return next((drawing for drawing in reversed(drawings) if drawing), b"")


class LineFolder:
    """Turns the bytes of one stream into lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_drawing = False
        self._shown, self._shown_at = "", 0.0

    def feed(self, data: bytes, now: float) -> list[str]:
        """Take what was written at a time, and return the lines that are complete."""
        *whole, rest = (self._rest + data).split(b"\n")
        lines = [text for raw in whole for text in self._end_line(raw)]
        if b"\r" in rest or b"\b" in rest:
            if not self._is_drawing:
                self._is_drawing, self._shown_at = True, now
            # A return at the end shows nothing new; it only says that the next drawing begins at the left.
            rest = _visible(rest) + (b"\r" if rest.endswith((b"\r", b"\b")) else b"")
            lines += self._show(rest, now)
        while len(rest) > MAX_LINE_BYTES:
            lines.append(_text(_head(rest)))
            rest = rest[len(_head(rest)) :]
        self._rest = rest
        return lines

    def _show(self, rest: bytes, now: float) -> list[str]:
        if now - self._shown_at < REDRAWN_EVERY_S:
            return []
        text = _text(rest.rstrip(b"\r"))
        self._shown, self._shown_at = text, now
        return [text] if text.strip() else []

    def _end_line(self, raw: bytes) -> list[str]:
        was_drawn = self._is_drawing or b"\r" in raw or b"\b" in raw
        shown, self._shown, self._is_drawing = self._shown, "", False
        if not was_drawn:
            return [_text(raw)] if len(raw) <= MAX_LINE_BYTES else [_text(piece) for piece in _pieces(raw)]
        texts = [_text(piece) for piece in _pieces(_visible(raw))]
        return [] if texts == [shown] and shown else texts

    def finish(self) -> list[str]:
        """Return what was written without a line's end."""
        rest, self._rest = self._rest, b""
        return [text for text in self._end_line(rest) if text.strip()] if rest else []


def _head(raw: bytes) -> bytes:
    end = MAX_LINE_BYTES
    # Not inside a character: its following bytes begin with the bits 10.
    while end > MAX_LINE_BYTES - 4 and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end]


def _pieces(raw: bytes) -> list[bytes]:
    pieces = []
    while len(raw) > MAX_LINE_BYTES:
        pieces.append(_head(raw))
        raw = raw[len(pieces[-1]) :]
    return [*pieces, raw]


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    if text.isprintable():
        return text
    if "\x1b" in text:
        text = _MOVES.sub("", text)
    return _CONTROL.sub("\ufffd", text)
