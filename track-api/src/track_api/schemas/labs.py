"""Labs, submissions, archives."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.core.values import to_json
from services.jobs.spec import Scalar
from services.labs.archives import Archive
from services.labs.combinations import MAX_COMBINATIONS, MAX_VALUES
from services.search.model import Plan, Search, Trial, TrialState, best_of
from services.search.space import Dimension
from services.tracks.model import TrackStatus
from track_api.schemas.jobs import JobOut, LabDefinition

Name = Annotated[str, Field(max_length=1000)]
Values = Annotated[list[Scalar], Field(max_length=MAX_VALUES)]
Hyperparameters = Annotated[
    dict[str, Values],
    Field(
        max_length=100,
        description="Name to values; the texts `start:stop:step` and `log start:stop:count` stand for the numbers",
    ),
]
Combination = Annotated[dict[str, Scalar], Field(max_length=100)]


class LabIn(BaseModel):
    """A lab to make."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    definition: LabDefinition
    hyperparameters: Hyperparameters = {}


class LabChange(BaseModel):
    """What to change; a field that is absent stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    definition: LabDefinition | None = None
    hyperparameters: Hyperparameters | None = None


class LabOut(BaseModel):
    """A lab."""

    model_config = ConfigDict(from_attributes=True)

    lab_id: UUID
    project_id: UUID
    name: str
    definition: LabDefinition
    hyperparameters: dict[str, list[Scalar]]
    created_by: str
    created_at: datetime


class LabList(BaseModel):
    """All labs of a project."""

    items: list[LabOut]


class Choice(BaseModel):
    """Which combinations: the grid, a sample of it, a list, or a search. Without hyperparameters the lab's count."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["grid", "random", "list", "search"] = "grid"
    hyperparameters: Hyperparameters | None = None
    n: int = Field(default=10, ge=1, le=MAX_COMBINATIONS, description="Size of a random sample")
    seed: int = Field(default=0, ge=0, lt=2**63, description="The same seed takes the same sample")
    combinations: Annotated[list[Combination], Field(max_length=MAX_COMBINATIONS)] = []
    search: Plan | None = Field(default=None, description="What a search is for; without it there is none")


class DimensionOut(BaseModel):
    """What a search chooses a hyperparameter from: `values`, in order if they are a range, or all between two ends."""

    name: str
    kind: Literal["choice", "range", "log"]
    values: list[Scalar]
    low: float | None
    high: float | None
    is_whole: bool

    @classmethod
    def of(cls, dimension: Dimension) -> "DimensionOut":
        """Show a dimension."""
        is_log = dimension.range is not None
        return cls(
            name=dimension.name,
            kind="log" if is_log else "range" if dimension.is_ordered else "choice",
            values=list(dimension.values),
            low=dimension.low if is_log else None,
            high=dimension.high if is_log else None,
            is_whole=dimension.is_whole,
        )


class PreviewOut(BaseModel):
    """What SUBMIT would make; with a `problem` it would be refused. A search has dimensions and no combinations yet."""

    n_grid: int
    n_jobs: int
    max_jobs: int
    combinations: list[dict[str, Scalar]]
    dimensions: list[DimensionOut]
    problem: str


class Resubmit(BaseModel):
    """Which jobs to submit again, and values to change in all of them."""

    model_config = ConfigDict(extra="forbid")

    only: Literal["all", "failed"] = "failed"
    changed: Combination = {}


class Change(BaseModel):
    """Values to change in a job that is submitted again."""

    model_config = ConfigDict(extra="forbid")

    changed: Combination = {}


class TrialOut(BaseModel):
    """What a job is to its search: its state, the objective's newest value, why it was pruned or counts as failed."""

    state: TrialState
    value: float | str | None
    why: str

    @classmethod
    def of(cls, trial: Trial) -> "TrialOut":
        """Show a trial."""
        return cls(state=trial.state, value=_number(trial.value), why=trial.why)


def _number(value: float | None) -> float | str | None:
    return None if value is None else to_json(value)


class SubmittedJobOut(JobOut):
    """A job with its track's name, number and status; in a search also what it is as a trial."""

    track_name: str
    track_number: int
    track_status: TrackStatus
    has_signal: bool
    trial: TrialOut | None


class BestOut(BaseModel):
    """The best complete trial of a search."""

    track_id: UUID
    value: float | str | None
    params: dict[str, Scalar]


class SearchOut(Plan):
    """A search: what it is for, and how far it is. `trials` counts all it has begun by their states."""

    trials: dict[TrialState, int]
    best: BestOut | None
    ended_at: datetime | None
    ending: str
    detail: str

    @classmethod
    def of(cls, search: Search, trials: Sequence[Trial]) -> "SearchOut":
        """Show a search with its trials."""
        best = best_of(search.plan, trials)
        return cls(
            **search.plan.model_dump(),
            trials=dict(Counter(trial.state for trial in trials)),
            best=BestOut(track_id=best.track_id, value=_number(best.value), params=best.params) if best else None,
            ended_at=search.ended_at,
            ending=search.ending,
            detail=search.detail,
        )


class SubmissionOut(BaseModel):
    """One SUBMIT of a lab; `states` counts its jobs."""

    submission_id: UUID
    lab_id: UUID
    lab_name: str
    project_id: UUID
    number: int
    n_jobs: int
    states: dict[str, int]
    objective: Annotated[str | None, Field(description="The series that a search goes by; null where it is no search")]
    created_by: str
    created_at: datetime


class SubmissionDetailOut(SubmissionOut):
    """A submission with its jobs; those of deleted tracks are left out. A search makes them one after the other."""

    jobs: list[SubmittedJobOut]
    search: SearchOut | None


class SubmissionList(BaseModel):
    """A page of submissions, newest first."""

    items: list[SubmissionOut]
    next_cursor: str | None


class ArchiveOut(BaseModel):
    """An uploaded archive of code."""

    archive_id: UUID
    name: str
    size_bytes: int
    sha256: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, archive: Archive) -> "ArchiveOut":
        """Show an archive."""
        fields: dict[str, Any] = {name: getattr(archive, name) for name in cls.model_fields}
        return cls(**fields | {"sha256": archive.sha256.hex()})


class ArchiveList(BaseModel):
    """All archives of a project, newest first."""

    items: list[ArchiveOut]
