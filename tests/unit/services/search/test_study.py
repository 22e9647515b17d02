"""What a study proposes and which trials it gives up; with the real Optuna."""

import math
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import optuna
import pytest

from services.search.model import Curve, Plan, Trial, TrialState
from services.search.space import Dimension, identify, read_space
from services.search.study import judge, propose

HARD = {"lr": ["log 0.0001:1.0:5"], "width": ["log 16:256:5"], "layers": ["1:10:1"], "kind": ["a", "b", "c"]}
SMALL = Plan(objective="loss", direction="minimize", n_trials=30)


def _trial(params: dict[str, Any], state: TrialState, value: float | None, curve: Curve | None = None) -> Trial:
    return Trial(uuid4(), uuid4(), params, state, value, curve or Curve())


def _loss(choice: dict[str, Any]) -> float:
    rate, width = math.log10(choice["lr"]) + 2, math.log2(choice["width"] / 64)
    return rate**2 + width**2 + (choice["layers"] - 7) ** 2 / 20 + (choice["kind"] != "b")


def _run(plan: Plan, space: Sequence[Dimension], loss: Callable[[dict[str, Any]], float], at_once: int) -> list[Trial]:
    trials: list[Trial] = []
    while len(trials) < plan.n_trials:
        chosen = propose(plan, space, trials, min(at_once, plan.n_trials - len(trials)))
        trials += [_trial(choice, TrialState.COMPLETE, loss(choice)) for choice in chosen]
    return trials


def test_it_learns() -> None:
    """What it tries after it has learned is better than what chance tries, seed by seed."""
    space, later = read_space(HARD), {}
    for sampler in ("tpe", "random"):
        for seed in range(4):
            plan = SMALL.model_copy(update={"sampler": sampler, "seed": seed})
            values = [trial.value or 0 for trial in _run(plan, space, _loss, 2)]
            later[sampler, seed] = sorted(values[15:])[7]
    assert all(later["tpe", seed] < later["random", seed] for seed in range(4)), later


def test_the_same_trials_give_the_same_proposals_in_any_process() -> None:
    space = read_space(HARD)
    plan = SMALL.model_copy(update={"n_trials": 14})
    trials = _run(plan, space, _loss, 1)
    trials[3] = replace(trials[3], state=TrialState.FAILED, value=None)
    trials[5] = replace(trials[5], state=TrialState.PRUNED, curve=Curve([0, 4], [9.0, 8.0], [1.0, 2.0]))
    running = [_trial(choice, TrialState.RUNNING, None) for choice in propose(plan, space, trials, 2)]
    assert propose(plan, space, [*trials, *running], 3) == propose(plan, space, [*trials, *running], 3)
    # One after the other is the same as two at once, as those that run are known.
    both = propose(plan, space, trials, 2)
    [first] = propose(plan, space, trials, 1)
    assert first == both[0]
    other = plan.model_copy(update={"seed": 1})
    assert propose(other, space, [], 3) != propose(plan, space, [], 3)


def test_nothing_is_tried_twice_until_all_was_tried() -> None:
    space = read_space({"a": [1, 2, 3], "b": [True, 1], "c": ["0:1:1"]})
    trials: list[Trial] = []
    # It would like to stay at the best.
    for _ in range(12):
        [choice] = propose(SMALL, space, trials, 1)
        trials.append(_trial(choice, TrialState.COMPLETE, 0.0 if choice["a"] == 1 else 5.0))
    assert len({identify(trial.params) for trial in trials}) == 12
    assert propose(SMALL, space, trials, 5) == []


def test_values_that_are_not_finite_do_no_harm() -> None:
    space = read_space(HARD)
    trials = [
        _trial(choice, TrialState.COMPLETE, value)
        for choice, value in zip(propose(SMALL, space, [], 12), [math.inf, -math.inf, *[1.0] * 10], strict=True)
    ]
    assert len(propose(SMALL, space, trials, 2)) == 2


def _curve(values: Sequence[float], *, begun: float = 0) -> Curve:
    return Curve(list(range(len(values))), list(values), [begun + step for step in range(len(values))])


def _verdicts(pruner: str, curves: Sequence[tuple[TrialState, Curve]], **plan: Any) -> dict[int, str]:
    trials = [_trial({}, state, curve.values[-1] if curve.values else None, curve) for state, curve in curves]
    numbers: dict[UUID, int] = {trial.job_id: number for number, trial in enumerate(trials)}
    said = judge(Plan(objective="score", direction="maximize", pruner=pruner, **plan), trials)
    # The order in which the rows came is nobody's business.
    random.Random(1).shuffle(trials)
    assert judge(Plan(objective="score", direction="maximize", pruner=pruner, **plan), trials) == said
    return {numbers[job_id]: cause for job_id, cause in said.items()}


def test_worse_than_the_median() -> None:
    complete = [(TrialState.COMPLETE, _curve([n, n + 1, n + 2])) for n in range(5)]
    worse = (TrialState.RUNNING, _curve([1, 1.5]))
    better = (TrialState.RUNNING, _curve([1, 3.5]))
    new = (TrialState.RUNNING, Curve())
    assert _verdicts("median", [*complete, worse, better, new]) == {5: "pruned: worse than the median at step 1"}
    # Too few to know a median, too early, or nobody asked for it.
    assert _verdicts("median", [*complete[1:], worse]) == {}
    assert _verdicts("median", [*complete, worse], prune_after=2) == {}
    assert _verdicts("none", [*complete, worse]) == {}
    # One that went further than all others is judged where they were.
    far = (TrialState.RUNNING, _curve([0, 0, 0, 0, 0, 9]))
    assert _verdicts("median", [*complete, far]) == {5: "pruned: worse than the median at step 2"}
    nan = (TrialState.RUNNING, _curve([math.nan, math.nan]))
    assert 5 in _verdicts("median", [*complete, nan])


def test_not_among_the_best_quarter() -> None:
    others = [(TrialState.COMPLETE, _curve([n] * 20, begun=n)) for n in range(4, 8)]
    worse = (TrialState.RUNNING, _curve([5] * 6, begun=100))
    best = (TrialState.RUNNING, _curve([9] * 6, begun=100))
    assert _verdicts("asha", [*others, worse, best]) == {4: "pruned: not among the best quarter at step 1"}
    assert _verdicts("asha", [*others, worse], prune_after=10) == {}
    # It is compared with those that were there before it, not with who came later.
    early = (TrialState.RUNNING, _curve([5] * 6, begun=-100))
    assert _verdicts("asha", [*others, early]) == {}
    # As long as none is complete, nobody knows how long a quarter is.
    assert _verdicts("asha", [worse, best]) == {}


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_rule_of_the_rungs_is_optunas(direction: str) -> None:
    """Trials one after the other, each asked at each of its steps: both stop the same ones at the same step."""
    plan = Plan(objective="score", direction=direction, pruner="asha", prune_after=2)  # type: ignore[arg-type]
    study = optuna.create_study(
        direction=direction, pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=4)
    )
    chance, ended, n_stopped = random.Random(3), list[Trial](), 0
    for number in range(60):
        values = [chance.random() + step / 20 for step in range(40)]
        asked = study.ask()
        for step, value in enumerate(values):
            asked.report(value, step)
            so_far = _trial({}, TrialState.RUNNING, value, _curve(values[: step + 1], begun=number * 100))
            is_stopped = asked.should_prune()
            assert bool(judge(plan, [*ended, so_far])) == is_stopped, (number, step)
            if is_stopped:
                n_stopped += 1
                break
        if is_stopped:
            study.tell(asked, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(asked, value)
        ended.append(replace(so_far, state=TrialState.PRUNED if is_stopped else TrialState.COMPLETE))
    assert 20 < n_stopped < 60


def test_one_that_is_being_stopped_is_not_judged_again() -> None:
    complete = [_trial({}, TrialState.COMPLETE, 9.0, _curve([9, 9])) for _ in range(5)]
    bad = _trial({}, TrialState.RUNNING, 0.0, _curve([0, 0]))
    for pruner in ("median", "asha"):
        plan = Plan(objective="score", pruner=pruner)
        assert list(judge(plan, [*complete, replace(bad, curve=_curve([0, 0], begun=50))])) == [bad.job_id]
        assert judge(plan, [*complete, replace(bad, why="pruned: before")]) == {}


@pytest.mark.parametrize("module", ["services.runner.__main__", "track_api.main"])
def test_optuna_is_not_imported_before_it_is_needed(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print('optuna' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
