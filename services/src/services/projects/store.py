"""The SQL of projects."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from services.accounts.access import Principal, Role
from services.core.errors import NameTaken, ProjectNotFound
from services.core.ids import new_id
from services.projects.model import Project, check_description, check_name, parse_id
from services.storage.database import AnySession, Session
from services.storage.tables import project_members, projects, tracks


def _select(principal: Principal) -> Select[Any]:
    live = (tracks.c.project_id == projects.c.project_id) & tracks.c.deleted_at.is_(None) & tracks.c.is_listed
    busy = (
        select(
            func.count().label("n_tracks"),
            func.count().filter(tracks.c.status == "running").label("n_running"),
            func.max(func.coalesce(tracks.c.last_seen_at, tracks.c.created_at)).label("last_at"),
        )
        .where(live)
        .lateral("busy")
    )
    mine = project_members.alias("mine")
    query = (
        select(
            projects.c.project_id,
            projects.c.name,
            projects.c.description,
            projects.c.created_at,
            func.coalesce(mine.c.role, literal(Role.OWNER.value, String)).label("role"),
            busy.c.n_tracks,
            busy.c.n_running,
            func.coalesce(busy.c.last_at, projects.c.created_at).label("last_activity_at"),
        )
        .select_from(projects)
        .outerjoin(mine, (mine.c.project_id == projects.c.project_id) & (mine.c.user_id == principal.user_id))
        .join(busy, literal(True))
    )
    # An administrator sees every project; anybody else only those with a membership.
    return query if principal.is_admin else query.where(mine.c.user_id.is_not(None))


async def list_projects(
    session: AnySession, principal: Principal, *, search: str = "", after: str | None = None, limit: int = 50
) -> list[Project]:
    """Return the projects that the principal may see, by name."""
    query = _select(principal)
    if search:
        query = query.where(projects.c.name.icontains(search, autoescape=True))
    if after is not None:
        query = query.where(projects.c.name > after)
    rows = await session.execute(query.order_by(projects.c.name).limit(limit))
    return [Project(**row._mapping) for row in rows]  # noqa: SLF001 (SQLAlchemy's documented way to a mapping)


async def get_project(session: AnySession, principal: Principal, name_or_id: str) -> Project:
    """Return a project by its name or uuid. Raises: ProjectNotFound, also when the principal may not see it."""
    project_id = parse_id(name_or_id)
    mark = projects.c.project_id == project_id if project_id else projects.c.name == name_or_id
    # A NUL cannot stand in a name; PostgreSQL would refuse the query instead of finding nothing.
    row = None if "\x00" in name_or_id else (await session.execute(_select(principal).where(mark))).one_or_none()
    if row is None:
        raise ProjectNotFound(project=name_or_id[:200])
    return Project(**row._mapping)  # noqa: SLF001 (as above)


async def create_project(session: Session, principal: Principal, name: str, description: str = "") -> Project:
    """Make a project owned by the principal. Raises: BadValue, NameTaken."""
    project_id = new_id()
    try:
        await session.execute(
            insert(projects).values(
                project_id=project_id, name=check_name(name), description=check_description(description)
            )
        )
    except IntegrityError as error:
        raise NameTaken("A project of that name exists.", field="name", name=name) from error
    await session.execute(
        insert(project_members).values(project_id=project_id, user_id=principal.user_id, role=Role.OWNER.value)
    )
    return await get_project(session, principal, str(project_id))


async def change_project(
    session: Session, principal: Principal, project_id: UUID, *, name: str | None, description: str | None
) -> Project:
    """Rename or describe a project; None leaves a field as it is. Raises: BadValue, NameTaken, ProjectNotFound."""
    values: dict[str, str] = {}
    if name is not None:
        values["name"] = check_name(name)
    if description is not None:
        values["description"] = check_description(description)
    if values:
        try:
            await session.execute(update(projects).where(projects.c.project_id == project_id).values(**values))
        except IntegrityError as error:
            raise NameTaken("A project of that name exists.", field="name", name=name) from error
    return await get_project(session, principal, str(project_id))


async def filled_track_ids(session: AnySession, project_id: UUID) -> list[UUID]:
    """Return the tracks of a project that hold something, those in the trash included."""
    query = select(tracks.c.track_id).where(tracks.c.project_id == project_id, tracks.c.purged_at.is_(None))
    return list((await session.scalars(query)).all())


async def delete_project(session: Session, project_id: UUID) -> None:
    """Delete a project; its tracks must have been deleted before."""
    await session.execute(delete(tracks).where(tracks.c.project_id == project_id))
    await session.execute(delete(projects).where(projects.c.project_id == project_id))
