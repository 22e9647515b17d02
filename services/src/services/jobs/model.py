"""What a job is: its states, what may follow what, and its end in words. Pure."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.tracks.model import TrackStatus

# A runner speaks every five seconds.
RUNNER_SILENT_AFTER = timedelta(seconds=30)


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
    spec: dict[str, Any]
    token_id: UUID | None
    runner_id: UUID | None
    stop_asked_at: datetime | None
    stop_asked_by: str | None
    exit_code: int | None
    signal: str
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
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Runner:
    """What takes jobs from the queue."""

    runner_id: UUID
    host: str
    kind: str
    max_jobs: int
    warning: str
    can_search: bool
    seen_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Say whether it was heard of lately."""
        return now - self.seen_at <= RUNNER_SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a queued job has not started."""

    place: int
    reason: str
    sentence: str


def why_waiting(place: int, runners: Sequence[Runner], n_busy: int, note: Step | None, now: datetime) -> Waiting:
    """Say why a queued job has not started."""
    alive = [runner for runner in runners if runner.is_alive(now)]
    if not alive:
        seen = max((runner.seen_at for runner in runners), default=None)
        since = f" (last heard of {seen:%Y-%m-%d %H:%M} UTC)" if seen else ""
        return Waiting(place, "no_runner", f"No job runner answers{since}; it starts when one is back.")
    if note is not None and note.state is JobState.QUEUED and note.reason == "no_room":
        return Waiting(place, note.reason, note.cause)
    n_places = sum(runner.max_jobs for runner in alive)
    if n_busy >= n_places:
        sentence = f"{n_busy} of {n_places} places are taken; it is number {place} in the queue."
        return Waiting(place, "no_place", sentence)
    return Waiting(place, "next", f"It is number {place} in the queue and starts in a moment.")


def exit_in_words(code: int, *, was_sent: bool = False) -> str:
    """Say what an exit code means; a negative one is the signal that ended the process.

    `was_sent`: the signal came from us, so that nothing is said of where it may have come from.
    """
    number = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    if not number:
        words = {0: " (it ended well)", 126: " (it cannot be executed)", 127: " (there is no such command)"}
        return f"exit code {code}{words.get(code, '')}"
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    is_odd = number == signal.SIGKILL and not was_sent
    hint = "; nobody here sent it: often the system was out of memory" if is_odd else ""
    return f"ended by {name}{hint}" if code < 0 else f"exit code {code}, as of a process ended by {name}{hint}"
