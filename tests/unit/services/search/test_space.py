"""What is searched of hyperparameters as labs have them."""

import json

import pytest

from services.core.errors import BadValue
from services.search.actions import fit
from services.search.model import Plan
from services.search.space import count_space, first_untried, identify, read_space


def test_a_range_keeps_its_values_and_a_log_range_only_its_ends() -> None:
    space = {
        d.name: d
        for d in read_space(
            {
                "step": ["0:1:0.25"],
                "down": ["10:4:-3"],
                "log": ["log 0.001:0.1:5"],
                "whole": ["log 256:16:3"],
                "listed": [32, 64, 128],
                "mixed": ["log 1:100:3", 7],
                "same": [1, 1.0, True, "1", 1],
            }
        )
    }
    assert space["step"].values == (0, 0.25, 0.5, 0.75, 1)
    assert space["step"].is_ordered
    assert space["down"].values == (10, 7, 4)
    assert (space["log"].low, space["log"].high, space["log"].n_values) == (0.001, 0.1, None)
    assert (space["whole"].low, space["whole"].high, space["whole"].n_values) == (16, 256, 241)
    assert (space["listed"].values, space["listed"].is_ordered) == ((32, 64, 128), False)
    assert space["mixed"].values == (1, 10, 100, 7)
    assert [repr(value) for value in space["same"].values] == ["1", "True", "'1'"]


def test_every_value_finds_its_way_back() -> None:
    for dimension in read_space({"a": ["0:1:0.1"], "b": [True, 1, "1", 2.5], "c": [1e22]}):
        for place, value in enumerate(dimension.values):
            # As a database gives it back.
            assert dimension.place_of(json.loads(json.dumps(value))) == place
            assert dimension.value_at(place) is value
    [log] = read_space({"lr": ["log 1e-5:0.3:4"]})
    assert log.value_at(0.00123456789) == 0.00123457
    assert (log.value_at(1.0000000001e-5), log.value_at(0.3)) == (1e-5, 0.3)
    assert log.value_at(0.29999999999) <= 0.3
    [whole] = read_space({"n": ["log 2:64:4"]})
    assert repr(whole.value_at(17)) == "17"


@pytest.mark.parametrize(
    "bad", [{}, {"a": []}, {"a": ["log 0:1:3"]}, {"a": ["1:0:1"]}, {"a/b": [1]}, {"a": ["0:99999:1"]}]
)
def test_what_cannot_be_searched_is_refused(bad: dict[str, list[object]]) -> None:
    with pytest.raises(BadValue):
        read_space(bad)  # type: ignore[arg-type]


def test_numbers_too_large_to_be_told_apart_are_no_range() -> None:
    [text] = read_space({"a": [f"0:{10**400}:1"]})
    assert text.values == (f"0:{10**400}:1",)


def test_no_more_trials_than_combinations() -> None:
    plan = Plan(objective="a", n_trials=20)
    assert fit(plan, {"a": [1, 2], "b": ["1:3:1"]}).n_trials == 6
    assert fit(plan, {"a": [1, 2], "b": ["log 0.1:1:2"]}).n_trials == 20
    assert fit(plan, {"a": ["log 1:1000:2"]}).n_trials == 20


def test_what_was_not_tried_is_found() -> None:
    space = read_space({"a": [1, 2], "b": ["log 3:4:2"]})
    assert count_space(space) == 4
    tried = set()
    for _ in range(4):
        choice = first_untried(space, tried, 3)
        assert choice is not None
        tried.add(identify(choice))
    assert len(tried) == 4
    assert first_untried(space, tried, 3) is None
    assert first_untried(read_space({"a": ["log 0.1:1:2"]}), set(), 0) is None
