"""What may be logged, and what is refused where it is written."""

import math
import re
from typing import Any

import numpy as np
import pytest

from mlsteam.errors import BadKeyError, BadValueError
from mlsteam.keys import check_key, join_key
from mlsteam.values import flatten, plain_number, plain_value


@pytest.mark.parametrize("key", ["loss", "a/b", "損失/訓練", "a b", "x" * 1024])
def test_good_keys_pass(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", ".", "a/../b", "a\nb", "a\x85", "x" * 1025, "\ud800", 3])
def test_bad_keys_raise(key: Any) -> None:
    with pytest.raises(BadKeyError):
        check_key(key)


def test_a_key_below_a_folder() -> None:
    assert join_key("a", "b") == "a/b"


@pytest.mark.parametrize("value", [True, -(2**63), 2**63 - 1, 0.5, math.inf, "text"])
def test_plain_values_stay(value: Any) -> None:
    assert plain_value(value) == value
    assert type(plain_value(value)) is type(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(2**60), 2**60),
        (np.bool_(True), True),
        (np.array([2.0]), 2.0),
        (np.float64(1), 1.0),
    ],
)
def test_scalars_of_numpy_become_plain(value: Any, plain: Any) -> None:
    assert plain_value(value) == plain
    assert type(plain_value(value)) is type(plain)


@pytest.mark.parametrize("value", [2**63, None, [1], np.array([1, 2]), object(), "x" * 70_000, "\ud800"])
def test_what_is_no_value_raises(value: Any) -> None:
    with pytest.raises(BadValueError):
        plain_value(value)


def test_a_dict_is_folders() -> None:
    assert dict(flatten("m", {"a": 1, "b": {"c": "x"}})) == {"m/a": 1, "m/b/c": "x"}


@pytest.mark.parametrize("step", [math.nan, math.inf, "1", True, 10**400])
def test_a_step_is_a_finite_number(step: Any) -> None:
    with pytest.raises(BadValueError):
        plain_number(step, "A step")


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "Leave it out"),
        ({"a": 1}, "track.log({...})"),
        ([1, "a"], ".extend(values)"),
        (b"x", ".upload(content)"),
        (object(), "not object.$"),
    ],
)
def test_what_is_no_value_is_told_where_it_belongs(value: object, advice: str) -> None:
    with pytest.raises(BadValueError, match=advice if advice.endswith("$") else re.escape(advice)):
        plain_value(value)
