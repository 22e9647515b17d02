"""Members of a project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.accounts.access import Right, check_role
from services.core.errors import (
    LastOwner,
    MemberNotFound,
    MissingRight,
    ProjectNotFound,
    Unauthenticated,
    UserNotFound,
)
from services.projects import members
from services.projects.store import get_project
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentDatabase, Reading
from track_api.schemas.projects import MemberIn, MemberList, MemberOut

router = APIRouter(prefix="/projects/{project}/members", tags=["projects"])

_ERRORS = responses(Unauthenticated, MissingRight, ProjectNotFound)


@router.get("", responses=_ERRORS)
async def list_members(project: str, principal: CurrentPrincipal, session: Reading) -> MemberList:
    """List who belongs to a project."""
    principal.require_user()
    found = await get_project(session, principal, project)
    listed = await members.list_members(session, found.project_id)
    return MemberList(items=[MemberOut.model_validate(member) for member in listed])


@router.put("/{name}", responses=_ERRORS | responses(UserNotFound, LastOwner))
async def put_member(
    project: str,
    name: Annotated[str, Path(max_length=200)],
    body: MemberIn,
    principal: CurrentPrincipal,
    database: CurrentDatabase,
) -> MemberOut:
    """Make a user a member, or give a member another role; only an owner may."""
    principal.require_user()
    async with database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.MANAGE)
        return MemberOut.model_validate(await members.put_member(session, found.project_id, name, body.role))


@router.delete("/{user_id}", status_code=204, responses=_ERRORS | responses(MemberNotFound, LastOwner))
async def remove_member(project: str, user_id: UUID, principal: CurrentPrincipal, database: CurrentDatabase) -> None:
    """Take a member out of a project; members may leave by themselves, owners may remove anybody."""
    principal.require_user()
    async with database.transaction() as session:
        found = await get_project(session, principal, project)
        if user_id != principal.user_id:
            check_role(found.role, Right.MANAGE)
        await members.remove_member(session, found.project_id, user_id)
