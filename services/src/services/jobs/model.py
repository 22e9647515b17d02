"""What a job is: its states, what may follow what, and its end in words. Pure."""

import signal
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.tracks.model import TrackStatus


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"


ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.STOPPED, JobState.LOST})
_FOLLOWS = {
    JobState.QUEUED: {JobState.STARTING, JobState.STOPPED, JobState.FAILED},
    # Back to the queue when its runner was restarted before anything ran.
    JobState.STARTING: {JobState.QUEUED, JobState.RUNNING, JobState.STOPPING, *ENDED},
    JobState.RUNNING: {JobState.STOPPING, *ENDED},
    JobState.STOPPING: set(ENDED),
    # A runner that was believed gone may come back with the jobs it had.
    JobState.LOST: {JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.STOPPED},
}
TRACK_STATUS_OF = {
    JobState.SUCCEEDED: TrackStatus.FINISHED,
    JobState.FAILED: TrackStatus.FAILED,
    JobState.STOPPED: TrackStatus.STOPPED,
    JobState.LOST: TrackStatus.FAILED,
}


def may_follow(before: JobState, after: JobState) -> bool:
    """Say whether a job may go from one state to another; the machine never goes back."""
    return after in _FOLLOWS.get(before, set())


@dataclass(frozen=True, slots=True)
class Job:
    """One command scheduled and executed, with its state."""

    job_id: UUID
    project_id: UUID
    track_id: UUID
    submission_id: UUID | None
    user_id: UUID
    owner_id: UUID
    state: JobState
    spec: dict[str, object]
    token_id: UUID | None
    runner_id: UUID | None
    pid: int | None
    pid_started_at: float | None
    stop_asked_at: datetime | None
    stop_asked_by: str | None
    exit_code: int | None
    cause: str
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a job's history."""

    state: JobState
    at: datetime
    cause: str
    actor: str


def exit_in_words(code: int) -> str:
    """Say what an exit code means; a negative one is the signal that ended the process."""
    number = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    if not number:
        return "ended well (exit code 0)" if code == 0 else f"exit code {code}"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    hint = "; nobody here sent it: often the system was out of memory" if number == signal.SIGKILL else ""
    return f"ended by {name}{hint}" if code < 0 else f"exit code {code}: a process of it was ended by {name}{hint}"
