"""The one place that knows Optuna: which combination to try next, and which trial is not worth going on.

Called by the search keeper, in a thread. Optuna is imported when a search needs it, and keeps nothing: the study is
made anew of the trials each time. Guarantees that the same trials, plan and seed give the same answer in whatever
process.
"""

import importlib.util
import math
from bisect import insort
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np

from services.labs.combinations import Combination
from services.search.model import Plan, Trial, TrialState
from services.search.space import Dimension, first_untried, identify

_TRIES = 10
_ASHA_FACTOR = 4


def can_search() -> bool:
    """Say whether Optuna is installed, without importing it."""
    return importlib.util.find_spec("optuna") is not None


def _optuna() -> Any:
    import optuna  # noqa: PLC0415 (optional, and 0.2 s and 60 MB that a runner without a search can do without)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _distribution(dimension: Dimension) -> Any:
    distributions = _optuna().distributions
    if dimension.range is not None:
        kind = distributions.IntDistribution if dimension.is_whole else distributions.FloatDistribution
        return kind(dimension.low, dimension.high, log=True)
    places = len(dimension.values)
    if dimension.is_ordered:
        return distributions.IntDistribution(0, places - 1)
    return distributions.CategoricalDistribution(range(places))


def _seed(plan: Plan, number: int) -> int:
    # One of its own for each trial: the sampler is new each time, and would say the same again.
    return int(np.random.SeedSequence([plan.seed, number]).generate_state(1)[0])


def _sampler(plan: Plan, seed: int) -> Any:
    samplers = _optuna().samplers
    return samplers.TPESampler(seed=seed) if plan.sampler == "tpe" else samplers.RandomSampler(seed=seed)


def _frozen(trial: Trial, space: Sequence[Dimension], distributions: dict[str, Any]) -> Any:
    optuna = _optuna()
    states = optuna.trial.TrialState
    state = {
        TrialState.RUNNING: states.RUNNING,
        TrialState.COMPLETE: states.COMPLETE,
        TrialState.PRUNED: states.PRUNED,
        TrialState.FAILED: states.FAIL,
    }[trial.state]
    last = dict(zip(trial.curve.steps[-1:], trial.curve.values[-1:], strict=True))
    return optuna.trial.create_trial(
        state=state,
        params={d.name: d.place_of(trial.params[d.name]) for d in space},
        distributions=distributions,
        # Of a pruned one the sampler looks at how far it came.
        intermediate_values=last if state is states.PRUNED else None,
        value=trial.value if state in {states.COMPLETE, states.PRUNED} else None,
    )


def propose(plan: Plan, space: Sequence[Dimension], trials: Sequence[Trial], n_wanted: int) -> list[Combination]:
    """Return the next combinations to try, none of them tried before; fewer only when there are no more."""
    optuna = _optuna()
    distributions = {dimension.name: _distribution(dimension) for dimension in space}
    study = optuna.create_study(direction=plan.direction)
    study.add_trials([_frozen(trial, space, distributions) for trial in trials])
    tried = {identify(trial.params) for trial in trials}
    chosen: list[Combination] = []
    for number in range(len(trials), len(trials) + n_wanted):
        study.sampler = _sampler(plan, _seed(plan, number))
        choice = _ask(study, space, distributions, tried)
        if choice is None:
            # It believes in what it knows; a repetition would only say the same.
            choice = first_untried(space, tried, _seed(plan, number))
        if choice is None:
            break
        tried.add(identify(choice))
        chosen.append(choice)
    return chosen


def _ask(study: Any, space: Sequence[Dimension], distributions: dict[str, Any], tried: set[Any]) -> Combination | None:
    for _ in range(_TRIES):
        asked = study.ask(distributions)
        choice = {d.name: d.value_at(asked.params[d.name]) for d in space}
        if identify(choice) not in tried:
            return choice
        study.tell(asked, state=_optuna().trial.TrialState.FAIL)
    return None


def judge(plan: Plan, trials: Sequence[Trial]) -> dict[UUID, str]:
    """Return which running trials are to be stopped, and why."""
    if plan.pruner == "median":
        return _judge_by_median(plan, trials)
    return _judge_by_rungs(plan, trials) if plan.pruner == "asha" else {}


def _judge_by_median(plan: Plan, trials: Sequence[Trial]) -> dict[UUID, str]:
    optuna = _optuna()
    states, create_trial = optuna.trial.TrialState, optuna.trial.create_trial
    study = optuna.create_study(direction=plan.direction)
    pruner = optuna.pruners.MedianPruner(n_warmup_steps=plan.prune_after)
    # Of infinite values there is no median.
    complete = [
        (trial.value, {step: value for step, value in _points(trial).items() if math.isfinite(value)})
        for trial in trials
        if trial.state is TrialState.COMPLETE
    ]
    study.add_trials(
        [create_trial(state=states.COMPLETE, value=value, intermediate_values=points) for value, points in complete]
    )
    worst = -math.inf if plan.direction == "maximize" else math.inf
    known = set().union(*(points for _, points in complete))
    verdicts = {}
    for trial in trials:
        # At the last step that can be compared: it may have gone further than any other.
        last = max(known.intersection(trial.curve.steps), default=None) if trial.is_stoppable else None
        if last is None:
            continue
        points = {s: worst if math.isnan(value) else value for s, value in _points(trial).items() if s <= last}
        if pruner.prune(study, create_trial(state=states.RUNNING, intermediate_values=points)):
            verdicts[trial.job_id] = f"pruned: worse than the median at step {last}"
    return verdicts


def _points(trial: Trial) -> dict[int, float]:
    return dict(zip(trial.curve.steps, trial.curve.values, strict=True))


def _judge_by_rungs(plan: Plan, trials: Sequence[Trial]) -> dict[UUID, str]:
    # Not Optuna's own: that one takes notes in a study as trials come by, and would have to be shown all of them again
    # each time, which takes seconds with a thousand. The rule is the same.
    complete = [trial.curve.steps[-1] for trial in trials if trial.state is TrialState.COMPLETE and trial.curve.steps]
    least = plan.prune_after or (max(max(complete) // 100, 1) if complete else 0)
    sign = 1 if plan.direction == "maximize" else -1
    known: dict[int, list[float]] = {}
    verdicts: dict[UUID, str] = {}
    # Every trial is compared with those that had come as far before it, as if it had been asked at that moment.
    for _, number, rung, step, value in sorted(_crossings(trials, least)) if least else ():
        score = -math.inf if math.isnan(value) else sign * value
        insort(values := known.setdefault(rung, []), score)
        if score < values[-max(len(values) // _ASHA_FACTOR, 1)]:
            verdicts.setdefault(trials[number].job_id, f"pruned: not among the best quarter at step {step}")
    return {trial.job_id: verdicts[trial.job_id] for trial in trials if trial.is_stoppable and trial.job_id in verdicts}


def _crossings(trials: Sequence[Trial], least: int) -> list[tuple[float, int, int, int, float]]:
    """Return when each trial came to which rung of the ladder, with its number, and its step and value there."""
    found = []
    for number, trial in enumerate(trials):
        curve, rung = trial.curve, least
        for step, value, at in zip(curve.steps, curve.values, curve.times, strict=True):
            while step >= rung:
                found.append((at, number, rung, step, value))
                rung *= _ASHA_FACTOR
    return found
