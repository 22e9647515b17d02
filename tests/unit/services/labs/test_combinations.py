"""Hyperparameters to combinations."""

import time

import pytest

from services.core.errors import BadValue
from services.labs.combinations import combine, expand, expand_range


def test_a_grid_keeps_order_and_types() -> None:
    made = combine({"lr": [0.1, 0.01], "hidden": [32, 64], "flag": [True]})
    assert made == [
        {"lr": 0.1, "hidden": 32, "flag": True},
        {"lr": 0.1, "hidden": 64, "flag": True},
        {"lr": 0.01, "hidden": 32, "flag": True},
        {"lr": 0.01, "hidden": 64, "flag": True},
    ]
    assert [type(value) for value in made[0].values()] == [float, int, bool]
    assert list(made[0]) == ["lr", "hidden", "flag"]


def test_without_hyperparameters_there_is_one_combination() -> None:
    assert combine({}) == [{}]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1:5:2", [1, 3, 5]),
        ("0:1:0.25", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("0:0.3:0.1", [0.0, 0.1, 0.2, 0.3]),
        ("5:1:-2", [5, 3, 1]),
        ("log 0.001:1:4", [0.001, 0.01, 0.1, 1]),
        ("adam", None),
        ("a:b:c", None),
        ("http://x:1", None),
    ],
)
def test_ranges(text: str, values: list[float] | None) -> None:
    assert expand_range(text) == values


@pytest.mark.parametrize("text", ["1:5:0", "1:5:-1", "0:1:1e-9", "log 0:1:3", "log 1:2:1", "log 1:2:1000000"])
def test_ranges_without_an_end_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        expand_range(text)


@pytest.mark.parametrize("bad", [{"a/b": [1]}, {"..": [1]}, {"": [1]}, {"a": []}, {"a": [float("inf")]}])
def test_bad_hyperparameters_are_refused(bad: dict[str, list[float]]) -> None:
    with pytest.raises(BadValue):
        expand(bad)  # type: ignore[arg-type]


def test_a_million_is_refused_and_a_sample_of_it_is_not() -> None:
    lists = {name: ["0:99:1"] for name in "abcdef"}
    with pytest.raises(BadValue, match="1,000,000,000,000"):
        combine(lists)  # type: ignore[arg-type]
    began = time.process_time()
    first = combine(lists, n_random=50, seed=7)  # type: ignore[arg-type]
    assert time.process_time() - began < 1
    assert first == combine(lists, n_random=50, seed=7)  # type: ignore[arg-type]
    assert first != combine(lists, n_random=50, seed=8)  # type: ignore[arg-type]
    assert len({tuple(choice.values()) for choice in first}) == 50


def test_a_sample_larger_than_the_grid_is_the_grid() -> None:
    made = combine({"a": [1, 2], "b": [3, 4]}, n_random=9, seed=1)
    assert sorted(tuple(choice.values()) for choice in made) == [(1, 3), (1, 4), (2, 3), (2, 4)]
