"""Who belongs to a project, as what."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.accounts.access import Role
from services.core.errors import LastOwner, MemberNotFound, UserNotFound
from services.storage.database import AnySession, Session
from services.storage.tables import project_members, projects, users


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a project."""

    user_id: UUID
    name: str
    role: Role


async def list_members(session: AnySession, project_id: UUID) -> list[Member]:
    """Return the members of a project by name."""
    query = (
        select(users.c.user_id, users.c.name, project_members.c.role)
        .join(users, users.c.user_id == project_members.c.user_id)
        .where(project_members.c.project_id == project_id)
    )
    return [
        Member(row.user_id, row.name, Role(row.role)) for row in await session.execute(query.order_by(users.c.name))
    ]


async def put_member(session: Session, project_id: UUID, user_name: str, role: Role) -> Member:
    """Make a user a member, or give a member another role. Raises: UserNotFound, LastOwner."""
    await _lock(session, project_id)
    user_id = None
    if "\x00" not in user_name:
        user_id = await session.scalar(select(users.c.user_id).where(users.c.name == user_name))
    if user_id is None:
        raise UserNotFound(
            f"There is no user {user_name[:100]!r}. An administrator can make one.", name=user_name[:100]
        )
    if role is not Role.OWNER:
        await _keep_an_owner(session, project_id, user_id)
    statement = insert(project_members).values(project_id=project_id, user_id=user_id, role=role.value)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["project_id", "user_id"], set_={"role": role.value})
    )
    return Member(user_id, user_name, role)


async def remove_member(session: Session, project_id: UUID, user_id: UUID) -> None:
    """Take a member out of a project. Raises: MemberNotFound, LastOwner."""
    await _lock(session, project_id)
    await _keep_an_owner(session, project_id, user_id)
    gone = await session.scalar(
        delete(project_members)
        .where(project_members.c.project_id == project_id, project_members.c.user_id == user_id)
        .returning(project_members.c.user_id)
    )
    if gone is None:
        raise MemberNotFound(user_id=str(user_id))


async def _lock(session: Session, project_id: UUID) -> None:
    # Two owners who remove each other at the same moment wait here for one another.
    await session.execute(select(projects.c.project_id).where(projects.c.project_id == project_id).with_for_update())


async def _keep_an_owner(session: Session, project_id: UUID, user_id: UUID) -> None:
    owners = (project_members.c.project_id == project_id) & (project_members.c.role == Role.OWNER.value)
    is_owner = await session.scalar(select(func.count()).where(owners, project_members.c.user_id == user_id))
    others = await session.scalar(select(func.count()).where(owners, project_members.c.user_id != user_id))
    if is_owner and not others:
        raise LastOwner
