"""The query language of the tracks table: text to a tree of conditions. Pure.

    small_bert status:running tag:base p.lr=0.01 m.val/loss<0.3 created>2d (tag:a OR tag:b) -name:test

Words are looked for in names and tags. Conditions stand side by side (and), OR and parentheses join them, a minus or
NOT turns one round. `p.KEY` is a parameter (a config value), `m.KEY` the last value of a metric. Guarantees that what
cannot be understood is refused with its place in the text.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.core.errors import BadQuery
from services.listing.conditions import FIELDS, All, AnyOf, Compare, Field, FieldType, Has, Node, Not, Word
from services.tracks.model import TrackStatus

MAX_CHARS = 4_000
_MAX_DEPTH = 20
_MAX_CONDITIONS = 200


_ORDERED = frozenset({"<", "<=", ">", ">="})
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d|w)")
# A field with its operator; the key of a parameter or metric may be quoted.
_FIELD = re.compile(r"""(?P<name>[A-Za-z_]+)(?:\.(?P<key>"(?:[^"\\]|\\.)*"|[^\s:=!<>()"]+))?(?P<op>!=|<=|>=|=|<|>|:)""")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BARE = re.compile(r"[^\s()\"]+")
_SPACE = re.compile(r"\s*")


def parse_query(text: str, now: datetime) -> Node:
    """Read a query; a time span stands for the moment so long before `now`. Raises: BadQuery with the place."""
    if len(text) > MAX_CHARS:
        raise BadQuery(f"A query has at most {MAX_CHARS} characters.", position=MAX_CHARS, length=len(text) - MAX_CHARS)
    if (nul := text.find("\x00")) >= 0:
        raise BadQuery("A query holds no NUL.", position=nul, length=1)
    return _Parser(text, now).parse()


def parse_column(text: str) -> Field:
    """Read the name of a column: a field, `p.KEY` or `m.KEY`. Raises: BadQuery."""
    name, dot, key = text.partition(".")
    if dot and name in {"p", "m"} and key and "\x00" not in key:
        return Field(name, key)
    if not dot and name in FIELDS:
        return Field(name)
    raise BadQuery(f"{text[:100]!r} is no column: write one of {', '.join(FIELDS)}, p.KEY or m.KEY.", column=text[:100])


class _Parser:
    def __init__(self, text: str, now: datetime) -> None:
        self._text, self._now = text, now
        self._at, self._depth, self._n = 0, 0, 0

    def parse(self) -> Node:
        node = self._any()
        self._skip()
        if self._at < len(self._text):
            # Only a parenthesis ends a list of conditions early.
            raise self._error("This parenthesis closes nothing.", self._at, 1)
        return node

    def _error(self, detail: str, at: int, length: int) -> BadQuery:
        return BadQuery(f"{detail} (at character {at + 1})", position=at, length=max(1, length))

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None, "it matches nothing, too"  # noqa: S101 (an invariant)
        self._at = found.end()

    def _keyword(self, word: str) -> bool:
        end = self._at + len(word)
        if self._text[self._at : end] != word or (end < len(self._text) and self._text[end] not in ' \t\n()"'):
            return False
        self._at = end
        return True

    def _any(self) -> Node:
        nodes = [self._all()]
        while self._keyword("OR"):
            nodes.append(self._all(after_or=True))
        return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))

    def _all(self, *, after_or: bool = False) -> Node:
        nodes: list[Node] = []
        while True:
            self._skip()
            if self._at >= len(self._text) or self._text[self._at] == ")":
                break
            start = self._at
            if self._keyword("OR"):
                self._at = start
                break
            if nodes and self._keyword("AND"):
                continue
            nodes.append(self._one())
        if not nodes and (after_or or self._text[self._at : self._at + 2] == "OR"):
            raise self._error("OR needs a condition on both sides.", min(self._at, len(self._text) - 1), 2)
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _one(self) -> Node:
        start = self._at
        self._n += 1
        if self._n > _MAX_CONDITIONS:
            raise self._error(f"A query has at most {_MAX_CONDITIONS} conditions.", start, 1)
        if self._keyword("NOT") or self._is_minus():
            self._skip()
            if self._at >= len(self._text) or self._text[self._at] == ")":
                raise self._error("What is not wanted must follow here.", start, self._at - start)
            return Not(self._deeper(start, self._one))
        if self._text[self._at] == "(":
            self._at += 1
            node = self._deeper(start, self._any)
            if self._text[self._at : self._at + 1] != ")":
                raise self._error("This parenthesis is not closed.", start, 1)
            self._at += 1
            return node
        field = _FIELD.match(self._text, self._at)
        return self._condition(field) if field else Word(self._value("a word").casefold())

    def _is_minus(self) -> bool:
        if self._text[self._at] != "-" or self._at + 1 >= len(self._text) or self._text[self._at + 1].isspace():
            return False
        self._at += 1
        return True

    def _deeper(self, start: int, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error("The parentheses are nested too deep.", start, 1)
        node = parse()
        self._depth -= 1
        return node

    def _value(self, wanted: str) -> str:
        if self._text[self._at : self._at + 1] == '"':
            found = _QUOTED.match(self._text, self._at)
            if found is None:
                raise self._error("This quotation mark is not closed.", self._at, len(self._text) - self._at)
            self._at = found.end()
            return re.sub(r"\\(.)", r"\1", found[1])
        found = _BARE.match(self._text, self._at)
        if found is None:
            raise self._error(f"Here {wanted} is missing.", min(self._at, max(0, len(self._text) - 1)), 1)
        self._at = found.end()
        return found[0]

    def _condition(self, found: re.Match[str]) -> Node:
        start, name, key, op = self._at, found["name"].lower(), found["key"] or "", found["op"]
        if key.startswith('"'):
            key = re.sub(r"\\(.)", r"\1", key[1:-1])
        self._at = found.end()
        if name == "has" and not key:
            at = self._at
            written = self._value("a column")
            try:
                return Has(parse_column(written))
            except BadQuery as error:
                raise self._error(error.detail, at, self._at - at) from error
        name = "number" if name == "no" else name
        if (name in {"p", "m"}) != bool(key) or (name not in FIELDS and not key):
            known = "p.KEY and m.KEY" if name in {"p", "m"} else f"{', '.join(FIELDS)}, has, p.KEY and m.KEY"
            raise self._error(
                f"There is no field {found[0][: -len(op)]!r}; there are {known}.", start, len(found[0]) - len(op)
            )
        field = Field(name, key)
        if op in _ORDERED and field.type in {FieldType.TEXT, FieldType.STATUS, FieldType.TAG}:
            raise self._error(f"{name} has no order: compare it with : or = or !=.", found.end() - len(op), len(op))
        at = self._at
        is_quoted = self._text[at : at + 1] == '"'
        written = self._value(f"a value for {name}")
        try:
            return Compare(field, op, self._read(field.type, written, is_quoted=is_quoted))
        except ValueError as error:
            raise self._error(str(error), at, self._at - at) from error

    def _read(self, kind: FieldType, written: str, *, is_quoted: bool) -> float | str | datetime:
        match kind:
            case FieldType.NUMBER:
                return _number(written, "a number, such as 12")
            case FieldType.DURATION:
                span = _span(written)
                return span if span is not None else _number(written, "a time span, such as 90, 30s, 5m, 2h or 1d")
            case FieldType.MOMENT:
                return self._moment(written)
            case FieldType.STATUS:
                if written.lower() not in set(TrackStatus):
                    msg = f"A status is one of {', '.join(TrackStatus)}."
                    raise ValueError(msg)
                return written.lower()
            case FieldType.VALUE:
                number = None if is_quoted else _as_number(written)
                return written if number is None else number
            case _:
                return written

    def _moment(self, written: str) -> datetime:
        span = _span(written)
        try:
            if span is not None:
                return self._now - timedelta(seconds=span)
            moment = datetime.fromisoformat(written)
        except (ValueError, OverflowError):
            msg = "A moment is a time span back from now, such as 30m, 2d or 1w, or a date, such as 2026-11-28."
            raise ValueError(msg) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(written: str) -> float | None:
    found = _DURATION.fullmatch(written)
    return float(found[1]) * _UNITS[found[2]] if found else None


def _as_number(written: str) -> float | None:
    if written.lower() in {"true", "false"}:
        return float(written.lower() == "true")
    try:
        # Python's underscores and the names of infinity are fine; a number it is.
        return float(written)
    except ValueError:
        return None


def _number(written: str, wanted: str) -> float:
    number = _as_number(written)
    if number is None:
        msg = f"{written[:50]!r} is not {wanted}."
        raise ValueError(msg)
    return number
