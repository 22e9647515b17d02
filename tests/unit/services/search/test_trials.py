"""What a job with its series is to a search."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from services.core.points import Points
from services.core.values import ValueType
from services.jobs.model import Job, JobState
from services.search.model import Curve, Plan, Trial, TrialState, best_of, gives_up, trial_of
from services.search.trials import curve_of
from services.series.column import Column

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = Plan(objective="val/loss", direction="minimize")


def _job(state: JobState) -> Job:
    return Job(
        uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), state, {"params": {"x": 1}}, None, None, None, None,
        None, "", "exit code 1", NOW, NOW, NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "value", "pruned", "is_a"),
    [
        (JobState.QUEUED, None, None, TrialState.RUNNING),
        (JobState.RUNNING, 1.0, None, TrialState.RUNNING),
        (JobState.STOPPING, 1.0, "pruned", TrialState.RUNNING),
        (JobState.SUCCEEDED, 1.0, None, TrialState.COMPLETE),
        # It was faster than the pruner.
        (JobState.SUCCEEDED, 1.0, "pruned", TrialState.COMPLETE),
        (JobState.SUCCEEDED, None, None, TrialState.FAILED),
        (JobState.SUCCEEDED, float("nan"), None, TrialState.FAILED),
        (JobState.STOPPED, 1.0, "pruned", TrialState.PRUNED),
        (JobState.FAILED, 1.0, "pruned", TrialState.PRUNED),
        (JobState.STOPPED, None, "pruned", TrialState.FAILED),
        (JobState.STOPPED, 1.0, None, TrialState.FAILED),
        (JobState.FAILED, 1.0, None, TrialState.FAILED),
        (JobState.LOST, 1.0, None, TrialState.FAILED),
    ],
)
def test_a_job_is_a_trial(state: JobState, value: float | None, pruned: str | None, is_a: TrialState) -> None:
    trial = trial_of(_job(state), value, Curve(), "val/loss", pruned)
    assert trial.state is is_a
    assert bool(trial.why) == (is_a in {TrialState.FAILED, TrialState.PRUNED} or state is JobState.STOPPING)


def _trials(*values: float | None) -> list[Trial]:
    state = {True: TrialState.FAILED, False: TrialState.COMPLETE}
    return [Trial(uuid4(), uuid4(), {}, state[value is None], value, Curve(), "why") for value in values]


def test_the_best_is_complete_and_the_first_of_equals() -> None:
    trials = [*_trials(3.0, None, -1.0, -1.0), replace(_trials(-9.0)[0], state=TrialState.PRUNED)]
    assert best_of(PLAN, trials) is trials[2]
    assert best_of(PLAN.model_copy(update={"direction": "maximize"}), trials) is trials[0]
    assert best_of(PLAN, _trials(None)) is None


def test_ten_in_vain_are_enough() -> None:
    assert gives_up(PLAN, _trials(*[None] * 9)) == ""
    assert gives_up(PLAN, _trials(*[None] * 9, 1.0)) == ""
    assert "None of 10 trials gave a value of val/loss" in gives_up(PLAN, _trials(*[None] * 10))


def _source(settled: Any, recent: Any = None) -> Any:
    return SimpleNamespace(
        type=ValueType.FLOAT, settled=settled, recent=recent, joined=lambda: settled.with_later(recent)
    )


def _points(steps: list[float], values: list[float] | None = None) -> Points:
    numbers = np.array(values if values is not None else range(len(steps)), np.float64)
    return Points(ValueType.FLOAT, numbers, np.arange(len(steps), dtype=np.float64), np.array(steps, np.float64))


def test_a_curve_is_in_order_of_steps_and_the_later_of_equal_ones_counts() -> None:
    curve = curve_of(_source(Column([_points([2, 0, 1, 0.5, 2], [1, 2, 3, 4, 5])])))
    # A fraction of a step belongs to the step that was before.
    assert (curve.steps, curve.values) == ([0, 1, 2], [2, 3, 5])
    none = curve_of(_source(Column([_points([np.nan, np.nan], [7, 8])])))
    assert (none.steps, none.values) == ([0, 1], [7, 8])
    assert curve_of(_source(None)) == Curve()
    assert curve_of(_source(object())) == Curve()


def test_long_curves_are_compared_at_the_same_few_steps() -> None:
    one = curve_of(_source(Column([_points([float(n) for n in range(100_000)])])))
    other = curve_of(_source(Column([_points([float(n) for n in range(50_000)])])))
    assert one.steps[:300] == [*range(256), *range(256, 344, 2)]
    assert len(one.steps) < 1500
    assert list(other.steps) == list(one.steps)[: len(other.steps)]
    assert one.values[:256] == [float(n) for n in range(256)]
    # The value is that of the very step, not of a neighbour.
    assert list(one.values) == [float(step) for step in one.steps]
