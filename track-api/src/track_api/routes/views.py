"""Views of a project's tracks that were kept under a name."""

from uuid import UUID

from fastapi import APIRouter

from services.accounts.access import Right, check_role
from services.core.errors import BadValue, MissingRight, ProjectNotFound, Unauthenticated, ViewNotFound
from services.projects import views
from services.projects.store import get_project
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentDatabase, Reading
from track_api.schemas.projects import ViewIn, ViewList, ViewOut

router = APIRouter(prefix="/projects/{project}/views", tags=["projects"])

_ERRORS = responses(Unauthenticated, MissingRight, ProjectNotFound)


@router.get("", responses=_ERRORS)
async def list_views(project: str, principal: CurrentPrincipal, session: Reading) -> ViewList:
    """List the views of a project by name."""
    principal.require_user()
    found = await get_project(session, principal, project)
    return ViewList(items=[ViewOut.model_validate(view) for view in await views.list_views(session, found.project_id)])


@router.put("", responses=_ERRORS | responses(BadValue))
async def put_view(project: str, body: ViewIn, principal: CurrentPrincipal, database: CurrentDatabase) -> ViewOut:
    """Keep a view under a name; one that has it is replaced."""
    principal.require_user()
    async with database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        view = await views.put_view(session, found.project_id, body.name, body.definition, created_by=principal.name)
    return ViewOut.model_validate(view)


@router.delete("/{view_id}", status_code=204, responses=_ERRORS | responses(ViewNotFound))
async def delete_view(project: str, view_id: UUID, principal: CurrentPrincipal, database: CurrentDatabase) -> None:
    """Forget a view."""
    principal.require_user()
    async with database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        await views.delete_view(session, found.project_id, view_id)
