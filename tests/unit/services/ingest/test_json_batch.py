"""JSON becomes the same bytes that the client sends."""

import json
import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.batches import points_of

from services.core.errors import MalformedBatch
from services.core.values import ValueType
from services.ingest.json_batch import convert_json
from services.storage.batch_body import BatchBody, decode_body

_HEAD = {"writer": "0" * 32, "seq": 1}


def _convert(**fields: object) -> BatchBody:
    return decode_body(convert_json(json.dumps(_HEAD | fields).encode(), 100.0))


def test_what_is_left_out_is_filled_in() -> None:
    body = _convert(
        series=[{"key": "a", "values": [1, 2]}],
        configs=[{"key": "c", "value": 1}],
        console=[{"stream": "stdout", "lines": ["x"]}],
    )
    assert body.sent_at == 100.0
    [(index, key, points)] = points_of(body)
    assert (index, key, points.type, points.times.tolist()) == (0, "a", ValueType.INT, [100.0, 100.0])
    assert np.isnan(points.steps).all()
    assert body.configs[0].time == 100.0
    assert body.console[0].times.tolist() == [100.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], ValueType.INT),
        ([1, 2.5], ValueType.FLOAT),
        ([1.5, "NaN"], ValueType.FLOAT),
        ([True], ValueType.BOOL),
        (["NaN"], ValueType.STR),
        ([], ValueType.FLOAT),
    ],
)
def test_types_are_inferred(values: list[object], expected: ValueType) -> None:
    [(_, _, points)] = points_of(_convert(series=[{"key": "a", "values": values}]))
    assert points.type is expected


def test_special_numbers_are_named() -> None:
    series = {"key": "a", "type": "f64", "values": ["NaN", "Infinity", "-Infinity"], "steps": [1, None, 2.5]}
    [(_, _, points)] = points_of(_convert(series=[series]))
    assert math.isnan(points.value_at(0))  # type: ignore[arg-type]
    assert [points.value_at(1), points.value_at(2)] == [math.inf, -math.inf]
    assert repr(points.steps.tolist()) == "[1.0, nan, 2.5]"


@pytest.mark.parametrize(
    "series",
    [
        {"values": [1]},
        {"key": "a", "keys": ["a"], "values": [1]},
        {"key": "a", "values": [1, True]},
        {"key": "a", "values": [1, "x"]},
        {"key": "a", "values": ["x", True]},
        {"key": "a", "values": [None]},
        {"key": "a", "values": [2**63]},
        {"key": "a", "values": [10**400, 0.5]},
        {"key": "a", "type": "i64", "values": [1.5]},
        {"key": "a", "type": "str", "values": [1]},
        {"key": "a", "type": "bool", "values": [1]},
        {"key": "a", "values": [1], "times": [1, 2]},
        {"key": "a", "values": [1], "steps": []},
        {"key": "a", "values": [1], "times": [10**400]},
        {"key": "a", "values": [1], "stpes": [1]},
        {"keys": ["a", "b"], "values": [1, 2, 3], "times": [1]},
        {"keys": ["a"], "counts": [2], "values": [1]},
    ],
)
def test_what_does_not_fit_is_malformed(series: dict[str, object]) -> None:
    with pytest.raises(MalformedBatch):
        _convert(series=[series])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"writer":"%s","seq":1,"configs":[{"key":"a","value":%d}]}' % (b"0" * 32, 2**70),
        b'{"writer":"%s","seq":1,"configs":[{"key":"a","value":%d}]}' % (b"0" * 32, -(2**70)),
        b'{"writer":"%s","seq":1,"configs":[{"key":"a","value":"\\ud800"}]}' % (b"0" * 32),
        b'{"writer":"%s","seq":1,"series":[{"key":"a","values":["\\ud800"]}]}' % (b"0" * 32),
    ],
)
def test_what_the_wire_cannot_hold_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedBatch):
        decode_body(convert_json(raw, 0.0))


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("key", "keys", "counts", "type", "values", "times", "steps", "stream", "lines", "value", "time", "count")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.lists(st.dictionaries(st.sampled_from(_FIELDS), _anything, max_size=6), max_size=2)
            for name in ("series", "configs", "console", "losses")
        },
    )
)
def test_anything_is_a_batch_or_malformed(fields: dict[str, object]) -> None:
    with suppress(MalformedBatch):
        _convert(**fields)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_malformed(raw: bytes) -> None:
    for decode in (lambda: convert_json(raw, 0.0), lambda: decode_body(raw)):
        with pytest.raises(MalformedBatch):
            decode()
