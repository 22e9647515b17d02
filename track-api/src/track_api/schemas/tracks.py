"""Tracks."""

from datetime import datetime
from uuid import UUID

from pydantic import UUID4, UUID7, BaseModel, Field

from services.jobs.model import JobState
from services.tracks.model import Track, TrackStatus


class TrackIn(BaseModel):
    """A track to make; without a name it gets a readable one.

    `track_id` is a random UUID (version 4 or 7) that a client has made while it could not ask; sent again it changes
    nothing.
    """

    track_id: UUID4 | UUID7 | None = None
    name: str | None = Field(default=None, max_length=1000)
    tags: list[str] = Field(default=[], max_length=1000)
    notes: str = ""


class TrackChange(BaseModel):
    """What to change; a field that is absent stays."""

    name: str | None = Field(default=None, max_length=1000)
    tags: list[str] | None = Field(default=None, max_length=1000)
    notes: str | None = None


class TrackOut(BaseModel):
    """A track, without what was logged."""

    track_id: UUID
    project_id: UUID
    project_name: str
    number: int
    name: str
    status: TrackStatus
    has_signal: bool
    job_state: JobState | None
    tags: list[str]
    notes: str
    origin: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    last_seen_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, track: Track, now: datetime) -> "TrackOut":
        """Show a track as it is at a moment."""
        names = [name for name in cls.model_fields if name != "has_signal"]
        return cls(has_signal=track.has_signal(now), **{name: getattr(track, name) for name in names})


class TrackList(BaseModel):
    """A page of tracks."""

    items: list[TrackOut]
    next_cursor: str | None
