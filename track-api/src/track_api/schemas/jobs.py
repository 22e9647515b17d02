"""Jobs: what they are told to do, where they stand, and what happened to them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.jobs.model import Job, JobState, Runner, Step, Waiting, exit_in_words
from services.jobs.spec import Action, Code, Environment, JobSpec, Limits, Scalar, Text

SecretName = Annotated[str, Field(max_length=100)]


class _Definition(BaseModel):
    model_config = ConfigDict(extra="forbid")

    environment: Environment = Environment()
    variables: Annotated[dict[str, Text], Field(max_length=200)] = {}
    limits: Limits = Limits()


class LabDefinition(_Definition):
    """What each job of a lab does."""

    code: Code
    command: Annotated[list[Text], Field(min_length=1, max_length=1000)]
    uses_shell: bool = Field(default=False, description="The command is one line for /bin/sh")


class PipelineDefinition(_Definition):
    """What each run of a pipeline does."""

    code: Code | None = Field(default=None, description="Copied to the working folder first")
    actions: Annotated[list[Action], Field(min_length=1, max_length=100)]


class SecretIn(BaseModel):
    """A secret variable; nobody can read it again."""

    value: str = Field(max_length=65_536, pattern="^[^\x00]*$")


class SecretOut(BaseModel):
    """The name of a secret variable, and when it was set."""

    name: str
    created_at: datetime


class SecretList(BaseModel):
    """All secrets of a lab or pipeline."""

    items: list[SecretOut]


class StepOut(BaseModel):
    """One line of a job's history."""

    model_config = ConfigDict(from_attributes=True)

    state: JobState
    at: datetime
    cause: str
    reason: str
    actor: str


class WaitingOut(BaseModel):
    """Why a queued job has not started; `place` 1 is the next."""

    model_config = ConfigDict(from_attributes=True)

    place: int
    reason: str
    sentence: str


class JobOut(BaseModel):
    """A job, and where it stands."""

    job_id: UUID
    track_id: UUID
    project_id: UUID
    submission_id: UUID | None
    owner_kind: Literal["lab", "pipeline"]
    owner_id: UUID
    state: JobState
    cause: str
    params: dict[str, Scalar]
    exit_code: int | None
    exit_in_words: str
    signal: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    stop_asked_at: datetime | None
    stop_asked_by: str | None
    waiting: WaitingOut | None

    @classmethod
    def of(cls, job: Job, waiting: Waiting | None = None) -> "JobOut":
        """Show a job."""
        return cls(**_fields(job, waiting))


def _fields(job: Job, waiting: Waiting | None) -> dict[str, Any]:
    computed = {"owner_kind", "params", "exit_in_words", "waiting"}
    plain = {name: getattr(job, name) for name in JobOut.model_fields if name not in computed}
    return plain | {
        "owner_kind": "pipeline" if job.spec.get("actions") else "lab",
        "params": job.spec.get("params", {}),
        "exit_in_words": "" if job.exit_code is None else exit_in_words(job.exit_code),
        "waiting": WaitingOut.model_validate(waiting) if waiting else None,
    }


class JobDetailOut(JobOut):
    """A job with its whole story."""

    spec: JobSpec
    history: list[StepOut]
    # When something was last heard of its track: what it logged before it ended was no later.
    last_seen_at: datetime | None

    @classmethod
    def of_all(
        cls, job: Job, waiting: Waiting | None, history: list[Step], last_seen_at: datetime | None
    ) -> "JobDetailOut":
        """Show a job with all that is known of it."""
        return cls(
            **_fields(job, waiting),
            spec=JobSpec.model_validate(job.spec),
            history=[StepOut.model_validate(step) for step in history],
            last_seen_at=last_seen_at,
        )


class StopIn(BaseModel):
    """The tracks whose jobs are to stop."""

    track_ids: list[UUID] = Field(min_length=1, max_length=1000)


class StopOut(BaseModel):
    """What became of one track's job; a job that had ended stays as it is."""

    track_id: UUID
    state: JobState | None
    problem: str


class StopList(BaseModel):
    """One line for each track that was named."""

    items: list[StopOut]


class RunnerOut(BaseModel):
    """What takes jobs from the queue."""

    runner_id: UUID
    host: str
    kind: str
    max_jobs: int
    warning: str
    can_search: bool
    seen_at: datetime
    is_alive: bool

    @classmethod
    def of(cls, runner: Runner, now: datetime) -> "RunnerOut":
        """Show a runner as it is at a moment."""
        names = [name for name in cls.model_fields if name != "is_alive"]
        return cls(is_alive=runner.is_alive(now), **{name: getattr(runner, name) for name in names})


class JobRulesOut(BaseModel):
    """What definitions may hold here, and who runs them."""

    code_roots: list[str]
    git_hosts: list[str]
    max_combinations: int
    n_busy: int
    runners: list[RunnerOut]
