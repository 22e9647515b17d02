"""Labs, submissions, archives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.jobs.spec import Scalar
from services.labs.archives import Archive
from services.labs.combinations import MAX_COMBINATIONS, MAX_VALUES
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
    """Which combinations: the grid, a random sample of it, or a list. Without hyperparameters the lab's count."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["grid", "random", "list"] = "grid"
    hyperparameters: Hyperparameters | None = None
    n: int = Field(default=10, ge=1, le=MAX_COMBINATIONS, description="Size of a random sample")
    seed: int = Field(default=0, ge=0, lt=2**63, description="The same seed takes the same sample")
    combinations: Annotated[list[Combination], Field(max_length=MAX_COMBINATIONS)] = []


class PreviewOut(BaseModel):
    """What SUBMIT would make; with a `problem` it would be refused."""

    n_grid: int
    n_jobs: int
    max_jobs: int
    combinations: list[dict[str, Scalar]]
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


class SubmittedJobOut(JobOut):
    """A job with its track's name, number and status."""

    track_name: str
    track_number: int
    track_status: TrackStatus
    has_signal: bool


class SubmissionOut(BaseModel):
    """One SUBMIT of a lab; `states` counts its jobs."""

    submission_id: UUID
    lab_id: UUID
    lab_name: str
    project_id: UUID
    number: int
    n_jobs: int
    states: dict[str, int]
    created_by: str
    created_at: datetime


class SubmissionDetailOut(SubmissionOut):
    """A submission with its jobs; those of deleted tracks are left out."""

    jobs: list[SubmittedJobOut]


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
