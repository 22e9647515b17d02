"""What every launcher promises the runner, whatever it starts jobs as: local processes, Kubernetes Jobs.

Called by services.runner, which alone knows states and the database; a launcher knows neither. Guarantees of each:
what was started is found again by the job's id alone, by this process or the next; everything may be called twice.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.jobs.spec import JobSpec


class LaunchFailed(Exception):
    """The job can never be started as it is; the sentence becomes the cause of its failure. Holds no secret."""


class NoRoom(Exception):
    """It cannot be started just now (quota, disk full, API away); it is queued again, with the sentence as its note."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that is needed to start one job. `plan.py` turns it into variables and into what the agent is told."""

    job_id: UUID
    track_id: UUID
    project_id: UUID
    # Names for people and labels; never parts of a path or of a command.
    project: str
    user: str
    spec: JobSpec
    # Variables that nobody may see: not in an argument, a log line, a report, or an object others can read.
    secrets: Mapping[str, str] = field(repr=False)
    # Good for this one track until the job has ended.
    token: str = field(repr=False)
    backend: str
    # The bytes of an uploaded archive, for code of that kind. A pod gets them with its own token instead:
    # GET {backend}/api/v3/tracks/{track_id}/job/code
    open_archive: Callable[[], AsyncIterator[bytes]] | None = field(default=None, repr=False)


class Phase(StrEnum):
    """What a launcher can see of a job."""

    STARTING = "starting"  # code is fetched, an environment is installed, a pod is waited for
    RUNNING = "running"  # the command (or the first action) has begun
    ENDED = "ended"  # nothing of it runs any more, and how it ended is known
    LOST = "lost"  # nothing of it runs any more, and how it ended will never be known


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that was seen of a job; reports with the job's present phase only add a line to its history.

    Reports may come again after a restart: the same `at` and `cause` are the same report.
    """

    job_id: UUID
    phase: Phase
    # When it happened, as its source says; so it must not be the time of reading it.
    at: datetime
    # A sentence for people, at most MAX_CAUSE_CHARS: "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    cause: str
    # The source's own word for it, stable: "Unschedulable", "ImagePullBackOff", "OOMKilled", "Evicted", "MemoryLimit".
    reason: str = ""
    # Of an ended one: what the agent ended with (128 + n for signal n), None when the command never began.
    exit_code: int | None = None
    # The last signal that this launcher sent because it was asked to stop: "SIGTERM", "SIGKILL"; empty when it ended
    # before one was sent. It makes the difference between stopped and failed.
    signal: str = ""


MAX_CAUSE_CHARS = 1_000


class Launcher(Protocol):
    """Starts jobs, watches them, stops them."""

    @property
    def runner_id(self) -> UUID:
        """Whose jobs these are: the same after a restart, and for every replica that could take over.

        Local: kept beside the jobs' folders. Kubernetes: made of cluster and namespace. One process at a time acts for
        an id; the runner sees to that.
        """
        ...

    @property
    def kind(self) -> str:
        """What it starts jobs as: "local" or "kubernetes"."""
        ...

    @property
    def place(self) -> str:
        """Where jobs run, for people: a host's name, a namespace."""
        ...

    @property
    def max_jobs(self) -> int:
        """How many jobs may be here at once; the others wait in the queue."""
        ...

    async def start(self, order: Order) -> None:
        """Start a job and return without waiting for it; harmless when it was started before.

        Raises: LaunchFailed, NoRoom. Whatever else it raises counts as NoRoom.
        """
        ...

    def watch(self) -> AsyncIterator[Report]:
        """Give the reports of all jobs that were started or adopted, as they come, for ever; one caller at a time.

        Broken connections are its own affair. After ENDED or LOST there is nothing more of a job.
        """
        ...

    async def adopt(self, job_ids: list[UUID]) -> None:
        """Take up jobs that an earlier process started; `watch` then gives what it missed.

        One that cannot be found at all is reported LOST. Things here that belong to none of them are ended and removed.
        """
        ...

    async def stop(self, job_id: UUID, grace_s: float) -> None:
        """Ask a job to end, in whatever phase: SIGTERM now, SIGKILL of what is left after the grace; returns at once.

        ENDED comes at most 5 s after the grace. Harmless when it has ended, or was never started (then ENDED too).
        """
        ...

    async def clean(self, job_id: UUID) -> None:
        """Called after an end is stored and before its token dies: send what it left unsent, then remove what it was.

        Takes its time (a server may be away); harmless when there is nothing.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; jobs go on."""
        ...
