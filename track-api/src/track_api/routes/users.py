"""Users of this installation, for its administrators."""

from uuid import UUID

from fastapi import APIRouter

from services.accounts import users
from services.core.errors import BadValue, MissingRight, NameTaken, Unauthenticated, UserNotFound
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentClock, CurrentResources, Reading
from track_api.resources import Resources
from track_api.schemas.accounts import InvitationOut, UserIn, UserList, UserRow

router = APIRouter(prefix="/users", tags=["accounts"])

_ERRORS = responses(Unauthenticated, MissingRight)


def _link(resources: Resources, secret: str) -> str:
    return f"{resources.settings.public_url.rstrip('/')}/sign-in#token={secret}"


@router.get("", responses=_ERRORS)
async def list_users(principal: CurrentPrincipal, session: Reading) -> UserList:
    """List all users; only an administrator may."""
    users.require_admin(principal)
    return UserList(items=[UserRow.model_validate(user) for user in await users.list_users(session)])


@router.post("", status_code=201, responses=_ERRORS | responses(BadValue, NameTaken))
async def create_user(
    body: UserIn, principal: CurrentPrincipal, resources: CurrentResources, clock: CurrentClock
) -> InvitationOut:
    """Make a user; the answer holds a link that signs them in once, to hand over."""
    users.require_admin(principal)
    async with resources.database.transaction() as session:
        made, secret = await users.create_user(session, body.name, is_admin=body.is_admin, clock=clock)
    return InvitationOut(user_id=made.user_id, link=_link(resources, secret))


@router.post("/{user_id}/link", status_code=201, responses=_ERRORS | responses(UserNotFound))
async def invite_user(
    user_id: UUID, principal: CurrentPrincipal, resources: CurrentResources, clock: CurrentClock
) -> InvitationOut:
    """Make a new link that signs a user in once, for who lost the password."""
    users.require_admin(principal)
    async with resources.database.transaction() as session:
        secret = await users.invite_user(session, user_id, clock)
    return InvitationOut(user_id=user_id, link=_link(resources, secret))
