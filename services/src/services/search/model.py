"""What a search and its trials are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.core.keys import MAX_KEY_BYTES, key_problem
from services.jobs.model import ENDED, Job, JobState
from services.labs.combinations import MAX_COMBINATIONS, Combination

MAX_AT_ONCE = 100
# The reason in the history of a job that the pruner stopped.
PRUNED = "Pruned"
# Whoever has seen this many trials in a row give no value need not see a thousand.
MAX_IN_VAIN = 10


class Plan(BaseModel):
    """What a search is for, and how it is done."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)

    objective: Annotated[str, Field(max_length=MAX_KEY_BYTES, description="Key of a series; its last value counts")]
    direction: Literal["maximize", "minimize"] = "maximize"
    n_trials: int = Field(default=20, ge=1, le=MAX_COMBINATIONS, description="How many combinations to try")
    n_parallel: int = Field(default=2, ge=1, le=MAX_AT_ONCE, description="How many of them at once")
    sampler: Literal["tpe", "random"] = Field(
        default="tpe", description="`tpe` learns from earlier trials, after ten of them; `random` does not"
    )
    pruner: Literal["none", "median", "asha"] = Field(
        default="none",
        description="Stops trials early: those worse than the `median` of the complete ones at the same step (from five"
        " complete ones on), or those not among the best quarter at steps 1, 4, 16, ... times the least (`asha`)",
    )
    prune_after: int = Field(
        default=0,
        ge=0,
        le=2**31,
        description="No trial is stopped before this step; of `asha` the least step, 0: a hundredth of a complete one",
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="The same seed and the same values choose the same")

    @field_validator("objective")
    @classmethod
    def _check_objective(cls, key: str) -> str:
        if problem := key_problem(key):
            raise ValueError(problem)
        return key


class Ending(StrEnum):
    """Why a search makes no more trials."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Search:
    """A submission that is a search. `hyperparameters` and `definition` are the lab's when it was submitted."""

    submission_id: UUID
    user_id: UUID
    plan: Plan
    hyperparameters: dict[str, list[bool | int | float | str]]
    definition: dict[str, Any]
    ended_at: datetime | None
    ending: str
    # What went wrong, or who stopped it.
    detail: str


class TrialState(StrEnum):
    """What a trial is to the search."""

    RUNNING = "running"  # also while it waits in the queue
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Curve:
    """The objective of one trial in order of its steps: three columns of one length, the last is Unix seconds."""

    steps: Sequence[int] = ()
    values: Sequence[float] = ()
    times: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """One job of a search, as the search sees it; `why` says what a failed one lacks, or why it was pruned."""

    job_id: UUID
    track_id: UUID
    params: Combination
    state: TrialState
    value: float | None
    curve: Curve
    why: str = ""

    @property
    def is_stoppable(self) -> bool:
        """Say whether a pruner may still stop it."""
        return self.state is TrialState.RUNNING and not self.why


def trial_of(job: Job, value: float | None, curve: Curve, objective: str, pruned: str | None) -> Trial:
    """Say what a job is to its search; `pruned` is the cause if the pruner stopped it."""
    state, why = TrialState.RUNNING, ""
    if job.state in ENDED:
        if pruned is not None and job.state is not JobState.SUCCEEDED:
            # What counts of it is the last value it came to.
            state, why = (TrialState.PRUNED if value is not None else TrialState.FAILED), pruned
        elif job.state is not JobState.SUCCEEDED:
            state, why = TrialState.FAILED, job.cause
        elif value is None or value != value:  # noqa: PLR0124 (NaN)
            what = "no number" if value is None else "NaN"
            state, why = TrialState.FAILED, f"it logged {what} as {objective}"
        else:
            state = TrialState.COMPLETE
    elif pruned is not None:
        why = pruned
    return Trial(job.job_id, job.track_id, job.spec["params"], state, value, curve, why)


def best_of(plan: Plan, trials: Sequence[Trial]) -> Trial | None:
    """Return the complete trial with the best value; of equal ones the first."""
    complete = [(trial.value, trial) for trial in trials if trial.state is TrialState.COMPLETE]
    sign = -1 if plan.direction == "maximize" else 1
    return min(complete, key=lambda found: sign * (found[0] or 0.0), default=(None, None))[1]


def gives_up(plan: Plan, trials: Sequence[Trial]) -> str:
    """Say why it makes no sense to go on; nothing when it does."""
    ended = [trial for trial in trials if trial.state is not TrialState.RUNNING]
    if len(ended) < MAX_IN_VAIN or any(trial.state is not TrialState.FAILED for trial in ended):
        return ""
    return f"None of {len(ended)} trials gave a value of {plan.objective}; the last: {ended[-1].why}"
