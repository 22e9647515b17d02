"""Who may do what: the one place that decides.

Called by services.web.auth for every request. Deny by default: a right that is not listed here is not there.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.core.errors import MissingRight, ProjectNotFound, TrackDeleted, TrackNotFound
from services.storage.database import AnySession
from services.storage.tables import project_members, projects, tracks


class Role(StrEnum):
    """What a user is in a project."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API token is good for."""

    USER = "user"  # everything its user may do
    TRACK = "track"  # write to one track, as a job does


class Right(StrEnum):
    """What a request wants to do."""

    READ = "read"
    WRITE = "write"  # log to tracks, create, change and delete them
    MANAGE = "manage"  # change or delete the project itself


_RIGHTS = {
    Role.OWNER: frozenset({Right.READ, Right.WRITE, Right.MANAGE}),
    Role.EDITOR: frozenset({Right.READ, Right.WRITE}),
    Role.VIEWER: frozenset({Right.READ}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever sent a request, as proven by a session or a token."""

    user_id: UUID
    name: str
    is_admin: bool
    # Set when the proof is a token for one track: nothing else can be seen or done with it.
    only_track_id: UUID | None = None

    def require_user(self) -> None:
        """Refuse a token that was made for one track. Raises: MissingRight."""
        if self.only_track_id is not None:
            raise MissingRight("This token is for one track only.")


def check_role(role: str, right: Right) -> None:
    """Refuse when a role does not carry a right. Raises: MissingRight."""
    if right not in _RIGHTS[Role(role)]:
        raise MissingRight(needed=right.value, role=role)


def track_deleted(track_id: UUID, row: Any) -> TrackDeleted:
    """Return the error for a deleted track, of its row; whoever sees it may see the project, and restore from there."""
    return TrackDeleted(
        track_id=str(track_id), name=row.name, project_id=str(row.project_id), is_in_trash=row.purged_at is None
    )


async def check_track(session: AnySession, principal: Principal, track_id: UUID, right: Right) -> UUID:
    """Return the track's project when the principal has the right on it.

    Raises: TrackNotFound (also when the principal may not see it), TrackDeleted, MissingRight.
    """
    query = (
        select(tracks.c.project_id, tracks.c.deleted_at, tracks.c.purged_at, tracks.c.name, project_members.c.role)
        .outerjoin(
            project_members,
            (project_members.c.project_id == tracks.c.project_id) & (project_members.c.user_id == principal.user_id),
        )
        .where(tracks.c.track_id == track_id)
    )
    row = (await session.execute(query)).one_or_none()
    hidden = principal.only_track_id not in {None, track_id}
    if row is None or hidden or (row.role is None and not principal.is_admin):
        raise TrackNotFound(track_id=str(track_id))
    if row.deleted_at is not None:
        raise track_deleted(track_id, row)
    check_role(row.role or Role.OWNER, right)
    project_id: UUID = row.project_id
    return project_id


async def check_project(session: AnySession, principal: Principal, project_id: UUID, right: Right) -> None:
    """Refuse when the principal has not the right on a project.

    Raises: ProjectNotFound (also when the principal may not see it), MissingRight.
    """
    principal.require_user()
    query = (
        select(project_members.c.role)
        .select_from(projects)
        .outerjoin(
            project_members,
            (project_members.c.project_id == projects.c.project_id) & (project_members.c.user_id == principal.user_id),
        )
        .where(projects.c.project_id == project_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None or (row.role is None and not principal.is_admin):
        raise ProjectNotFound(project=str(project_id))
    check_role(row.role or Role.OWNER, right)
