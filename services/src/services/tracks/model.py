"""What a track is: the record of one training."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

# A writer reports at least every 30 s; three missed reports are silence, not a hiccup.
SIGNAL_LOST_AFTER = timedelta(seconds=90)
MAX_NAME_CHARS = 200
MAX_TAGS = 100
MAX_TAG_CHARS = 100
MAX_NOTES_CHARS = 100_000


class TrackStatus(StrEnum):
    """Where a training stands; only a report of its end makes it finished, failed or stopped."""

    CREATED = "created"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


ENDED = frozenset({TrackStatus.FINISHED, TrackStatus.FAILED, TrackStatus.STOPPED})


@dataclass(frozen=True, slots=True)
class Track:
    """One track, without what was logged."""

    track_id: UUID
    project_id: UUID
    project_name: str
    # Where its job stands; None for a track that was made by a client.
    job_state: str | None
    number: int
    name: str
    status: TrackStatus
    tags: tuple[str, ...]
    notes: str
    origin: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    last_seen_at: datetime | None
    ended_at: datetime | None
    deleted_at: datetime | None
    deleted_by: str | None

    def has_signal(self, now: datetime) -> bool:
        """Say whether a running track was heard of lately; one that does not run needs no signal."""
        if self.status is not TrackStatus.RUNNING:
            return True
        return self.last_seen_at is not None and now - self.last_seen_at <= SIGNAL_LOST_AFTER
