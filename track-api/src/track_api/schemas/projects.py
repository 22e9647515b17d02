"""Projects."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.accounts.access import Role


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


class ViewIn(BaseModel):
    """A way of looking at tracks, to keep under a name; what it holds is the page's affair."""

    name: str = Field(max_length=200)
    definition: dict[str, Any]


class ViewOut(BaseModel):
    """A kept view."""

    model_config = ConfigDict(from_attributes=True)

    view_id: UUID
    name: str
    definition: dict[str, Any]
    created_by: str
    created_at: datetime


class ViewList(BaseModel):
    """The views of a project."""

    items: list[ViewOut]


class MemberIn(BaseModel):
    """What a user shall be in a project."""

    role: Role


class MemberOut(BaseModel):
    """A user in a project."""

    model_config = ConfigDict(from_attributes=True)

    user_id: UUID
    name: str
    role: Role


class MemberList(BaseModel):
    """The members of a project."""

    items: list[MemberOut]
