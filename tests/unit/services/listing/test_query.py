"""The query language: what people write becomes conditions, and what cannot be understood is refused with its place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.errors import BadQuery
from services.listing.conditions import All, AnyOf, Compare, Field, Has, Node, Not, Word
from services.listing.query import parse_column, parse_query

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LR = Field("p", "lr")


def _parse(text: str) -> Node:
    return parse_query(text, NOW)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", All(())),
        ("BERT", Word("bert")),
        ('"two words"', Word("two words")),
        ("status:running", Compare(Field("status"), ":", "running")),
        ("p.lr=0.01", Compare(LR, "=", 0.01)),
        ("m.val/loss<0.3", Compare(Field("m", "val/loss"), "<", 0.3)),
        ('m."a b"!=nan', None),
        ('p.opt="1"', Compare(Field("p", "opt"), "=", "1")),
        ("p.flag=True", Compare(Field("p", "flag"), "=", 1.0)),
        ("created>2d", Compare(Field("created"), ">", NOW - timedelta(days=2))),
        ("created<2026-11-01", Compare(Field("created"), "<", datetime(2026, 11, 1, tzinfo=UTC))),
        ("duration>=1.5h", Compare(Field("duration"), ">=", 5400.0)),
        ("no:12", Compare(Field("number"), ":", 12.0)),
        ("a b", All((Word("a"), Word("b")))),
        ("a AND b", All((Word("a"), Word("b")))),
        ("a OR b c", AnyOf((Word("a"), All((Word("b"), Word("c")))))),
        ("-(a OR tag:b)", Not(AnyOf((Word("a"), Compare(Field("tag"), ":", "b"))))),
        ("NOT a", Not(Word("a"))),
        ("has:m.loss", Has(Field("m", "loss"))),
        ("calm-heron-12", Word("calm-heron-12")),
        ("ORANGE", Word("orange")),
    ],
)
def test_what_is_written(text: str, node: Node | None) -> None:
    assert node is None or _parse(text) == node
    _parse(text)


@pytest.mark.parametrize(
    ("text", "position", "length", "said"),
    [
        ("foo:bar", 0, 3, "no field 'foo'"),
        ("a status:busy", 9, 4, "A status is one of"),
        ("created>soon", 8, 4, "A moment is"),
        ("number:x", 7, 1, "not a number"),
        ("name>a", 4, 1, "no order"),
        ('tag:"x', 4, 2, "not closed"),
        ("(a", 0, 1, "not closed"),
        ("a )", 2, 1, "closes nothing"),
        ("a OR", 3, 2, "both sides"),
        ("p.lr=", 4, 1, "missing"),
        ("p=1", 0, 1, "p.KEY"),
        ("has:x", 4, 1, "no column"),
        ("-)", 0, 1, "not wanted"),
        ("a\x00", 1, 1, "NUL"),
    ],
)
def test_what_is_wrong_is_shown_where_it_is(text: str, position: int, length: int, said: str) -> None:
    with pytest.raises(BadQuery) as caught:
        _parse(text)
    assert said in caught.value.detail
    assert (caught.value.context["position"], caught.value.context["length"]) == (position, length)


def test_hostile_nesting_is_refused() -> None:
    for text in ("(" * 500, "-" * 3000 + "a", "a OR " * 700, "x" * 5000):
        with pytest.raises(BadQuery):
            _parse(text)


@given(st.text(alphabet='ab01.:=<>!-()" \\pmnORAND\n', max_size=60))
def test_any_text_is_read_or_refused_within_it(text: str) -> None:
    refused = None
    try:
        _parse(text)
    except BadQuery as error:
        refused = error.context
    assert refused is None or (0 <= refused["position"] <= len(text) and refused["length"] >= 1)


def test_columns() -> None:
    assert parse_column("p.lr") == LR
    assert str(parse_column("m.val/loss")) == "m.val/loss"
    for bad in ("", "p.", "x.y", "p", "loss"):
        with pytest.raises(BadQuery):
            parse_column(bad)
