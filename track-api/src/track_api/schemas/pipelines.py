"""Pipelines and their runs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.jobs.spec import Action, Code, Environment, Limits, Text
from services.pipelines.model import ActionState
from track_api.schemas.jobs import JobOut, PipelineDefinition

Name = Annotated[str, Field(max_length=1000)]


class PipelineIn(BaseModel):
    """A pipeline to make."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    definition: PipelineDefinition


class DefinitionChange(BaseModel):
    """Parts of a definition to change; `actions` are all of them, in their order."""

    model_config = ConfigDict(extra="forbid")

    code: Code | None = None
    actions: Annotated[list[Action], Field(min_length=1, max_length=100)] | None = None
    environment: Environment | None = None
    variables: Annotated[dict[str, Text], Field(max_length=200)] | None = None
    limits: Limits | None = None


class PipelineChange(BaseModel):
    """What to change; a field that is absent stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    definition: DefinitionChange | None = None


class OrderIn(BaseModel):
    """The present positions of all actions, from 1, in their new order."""

    order: Annotated[list[int], Field(max_length=100)]


class PipelineOut(BaseModel):
    """A pipeline."""

    model_config = ConfigDict(from_attributes=True)

    pipeline_id: UUID
    project_id: UUID
    name: str
    definition: PipelineDefinition
    created_by: str
    created_at: datetime


class PipelineList(BaseModel):
    """All pipelines of a project."""

    items: list[PipelineOut]


class RunIn(BaseModel):
    """RUN NOW: with Use Track on, the run's track stands among the others."""

    model_config = ConfigDict(extra="forbid")

    comment: str = ""
    uses_track: bool = False


class ActionStatusOut(BaseModel):
    """One action of a run; its output is the stream of that name of the run's track."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    name: str
    kind: str
    state: ActionState
    exit_code: int | None
    started_at: datetime | None
    ended_at: datetime | None
    stream: str
    note: str


class RunOut(BaseModel):
    """One numbered run. `job.track_id` holds the output; it stands in lists only with `uses_track`."""

    pipeline_id: UUID
    pipeline_name: str
    run_number: int
    comment: str
    uses_track: bool
    created_by: str
    created_at: datetime
    job: JobOut


class RunDetailOut(RunOut):
    """A run with its actions."""

    actions: list[ActionStatusOut]


class RunList(BaseModel):
    """A page of runs, newest first."""

    items: list[RunOut]
    next_cursor: str | None
