"""Ways of looking at the tracks of a project that its members have kept under a name.

What a view holds is the page's affair: it is stored as it came, within bounds.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from services.core.errors import BadValue, ViewNotFound
from services.core.ids import new_id
from services.storage.database import AnySession, Session
from services.storage.tables import projects, views

MAX_NAME_CHARS = 100
MAX_CHARS = 50_000
MAX_VIEWS = 200


@dataclass(frozen=True, slots=True)
class View:
    """One kept view."""

    view_id: UUID
    name: str
    definition: dict[str, Any]
    created_by: str
    created_at: datetime


async def list_views(session: AnySession, project_id: UUID) -> list[View]:
    """Return the views of a project by name."""
    query = select(views).where(views.c.project_id == project_id).order_by(func.lower(views.c.name), views.c.name)
    return [
        View(row.view_id, row.name, row.definition, row.created_by, row.created_at)
        for row in await session.execute(query)
    ]


async def put_view(
    session: Session, project_id: UUID, name: str, definition: dict[str, Any], *, created_by: str
) -> View:
    """Keep a view under a name; one that has it is replaced. Raises: BadValue."""
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise BadValue(f"A view's name has 1 to {MAX_NAME_CHARS} characters and no control characters.", field="name")
    written = json.dumps(definition)
    if len(written) > MAX_CHARS or "\\u0000" in written:
        raise BadValue(f"A view holds at most {MAX_CHARS} characters and no NUL.", field="definition")
    # Makers of views of one project wait for each other here, so that the limit holds.
    await session.execute(select(projects.c.project_id).where(projects.c.project_id == project_id).with_for_update())
    others = (views.c.project_id == project_id) & (views.c.name != name)
    if (await session.scalar(select(func.count()).where(others)) or 0) >= MAX_VIEWS:
        raise BadValue(f"A project keeps at most {MAX_VIEWS} views.", field="name")
    values = {"definition": definition, "created_by": created_by}
    statement = insert(views).values(view_id=new_id(), project_id=project_id, name=name, **values)
    row = (
        await session.execute(
            statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=values).returning(views)
        )
    ).one()
    return View(row.view_id, row.name, row.definition, row.created_by, row.created_at)


async def delete_view(session: Session, project_id: UUID, view_id: UUID) -> None:
    """Forget a view. Raises: ViewNotFound."""
    gone = await session.scalar(
        delete(views).where(views.c.project_id == project_id, views.c.view_id == view_id).returning(views.c.view_id)
    )
    if gone is None:
        raise ViewNotFound(view_id=str(view_id))
