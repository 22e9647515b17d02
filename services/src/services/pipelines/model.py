"""What a pipeline, a run and the state of an action are. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.core.values import Value
from services.jobs.model import ENDED, Job, JobState

# Where the agent says in the track how far it is: pipeline/1/state, and so on.
FOLDER = "pipeline"


class ActionState(StrEnum):
    """How far an action of a run is."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A list of actions; `definition` is a job's spec."""

    pipeline_id: UUID
    project_id: UUID
    name: str
    definition: dict[str, Any]
    next_run_number: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One numbered execution of a pipeline."""

    pipeline_id: UUID
    run_number: int
    job_id: UUID
    comment: str
    uses_track: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ActionStatus:
    """One action of a run, and the console stream that holds its output."""

    position: int
    name: str
    kind: str
    state: ActionState
    exit_code: int | None
    started_at: datetime | None
    ended_at: datetime | None
    stream: str
    note: str


_OF_ENDED_JOB = {
    JobState.FAILED: ActionState.FAILED,
    JobState.STOPPED: ActionState.STOPPED,
    JobState.LOST: ActionState.LOST,
    # Its last word did not arrive, but the job says that all went well.
    JobState.SUCCEEDED: ActionState.SUCCEEDED,
}


def name_of(action: Mapping[str, Any]) -> str:
    """Return an action's name, or what it does when nobody gave it one."""
    if action.get("name"):
        return str(action["name"])
    words = {"git": action.get("url"), "publish": ", ".join(action.get("patterns", []))}
    return f"{action['kind']}: {words.get(action['kind']) or ' '.join(action.get('command', []))}"[:200]


def status_of(job: Job, position: int, action: Mapping[str, Any], values: Mapping[str, Value]) -> ActionStatus:
    """Put together what the agent said of an action and what is known of its job."""
    folder = f"{FOLDER}/{position}"
    said = values.get(f"{folder}/state")
    state = ActionState(said) if isinstance(said, str) and said in set(ActionState) else ActionState.WAITING
    if job.state in ENDED:
        if state is ActionState.RUNNING:
            state = _OF_ENDED_JOB[job.state]
        elif state is ActionState.WAITING:
            state = ActionState.SKIPPED
    code = values.get(f"{folder}/exit_code")
    started, ended = (_time(values.get(f"{folder}/{name}")) for name in ("started_at", "ended_at"))
    return ActionStatus(
        position,
        name_of(action),
        str(action["kind"]),
        state,
        code if isinstance(code, int) else None,
        started,
        ended or (job.ended_at if state is not ActionState.SKIPPED and job.state in ENDED else None),
        f"action-{position}",
        str(values.get(f"{folder}/note", "")),
    )


def _time(value: Value | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(value), UTC) if isinstance(value, int | float) else None
    except (OverflowError, ValueError, OSError):
        # Whoever holds the job's token may write what they like there.
        return None
