"""What a lab and a submission are. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Lab:
    """Code, a command and hyperparameters; `definition` is a job's spec without params."""

    lab_id: UUID
    project_id: UUID
    name: str
    definition: dict[str, Any]
    hyperparameters: dict[str, list[bool | int | float | str]]
    next_submission_number: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One SUBMIT of a lab."""

    submission_id: UUID
    lab_id: UUID
    number: int
    n_jobs: int
    created_by: str
    created_at: datetime
