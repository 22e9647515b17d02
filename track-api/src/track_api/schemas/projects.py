"""Projects."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class ProjectIn(BaseModel):
    """A project to make."""

    name: str = Field(max_length=200)
    description: str = ""


class ProjectChange(BaseModel):
    """What to change; a field that is absent stays."""

    name: str | None = Field(default=None, max_length=200)
    description: str | None = None


class ProjectOut(BaseModel):
    """A project and how busy it is."""

    model_config = ConfigDict(from_attributes=True)

    project_id: UUID
    name: str
    description: str
    created_at: datetime
    role: str
    n_tracks: int
    n_running: int
    last_activity_at: datetime


class ProjectList(BaseModel):
    """A page of projects."""

    items: list[ProjectOut]
    next_cursor: str | None
