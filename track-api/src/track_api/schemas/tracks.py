"""Tracks."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import UUID4, UUID7, BaseModel, Field

from services.jobs.model import JobState
from services.tracks.model import Track, TrackStatus
from track_api.schemas.folders import JsonValue


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
    def of(cls, track: Track, now: datetime, **more: Any) -> Self:
        """Show a track as it is at a moment."""
        given = {"has_signal": track.has_signal(now)} | more
        return cls(**given, **{name: getattr(track, name) for name in cls.model_fields if name not in given})


class RowOut(TrackOut):
    """A track in a table: `values` holds what it has of the columns that were asked for, by their names."""

    values: dict[str, JsonValue]


class TrackList(BaseModel):
    """A page of tracks: `start` of `total` that match."""

    items: list[RowOut]
    start: int
    total: int
    next_cursor: str | None


class TrackIds(BaseModel):
    """Tracks by their ids."""

    track_ids: list[UUID] = Field(max_length=10_000)


class TrackIdsOut(BaseModel):
    """The ids of tracks; `total` says how many there are of which at most 10,000 are named."""

    track_ids: list[UUID]
    total: int


class ColumnOut(BaseModel):
    """A parameter (`p.KEY`) or metric (`m.KEY`) that tracks of the project have.

    `n_distinct` counts different values of parameters up to 50, and is 0 for metrics; `examples` are some of them.
    """

    name: str
    kind: Literal["param", "metric"]
    key: str
    n_tracks: int
    n_distinct: int
    is_number: bool
    examples: list[JsonValue]


class ColumnList(BaseModel):
    """What the tracks of a project can be shown, filtered and sorted by; the most common first."""

    items: list[ColumnOut]
    n_tracks: int


class GroupOut(BaseModel):
    """Tracks that are alike in one column; null: they have no value there."""

    value: JsonValue | None
    n_tracks: int


class GroupList(BaseModel):
    """The groups of a list of tracks, in the order in which they stand in it."""

    items: list[GroupOut]


class TrashedOut(BaseModel):
    """A deleted track that can be restored until `purge_at`."""

    track_id: UUID
    number: int
    name: str
    created_at: datetime
    deleted_at: datetime
    deleted_by: str | None
    purge_at: datetime


class TrashList(BaseModel):
    """A page of deleted tracks."""

    items: list[TrashedOut]
    next_cursor: str | None


class PurgeIn(BaseModel):
    """Which tracks of the trash to delete for good; null: all."""

    track_ids: list[UUID] | None = Field(max_length=10_000)


class PurgedOut(BaseModel):
    """How many tracks were deleted for good."""

    n_purged: int
