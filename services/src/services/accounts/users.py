"""Users as an administrator sees them: list, make, invite again."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from services.accounts import store
from services.accounts.access import Principal
from services.accounts.actions import LINK_LASTS
from services.core.clock import Clock
from services.core.errors import BadValue, MissingRight, NameTaken, UserNotFound
from services.storage.database import AnySession, Session
from services.storage.tables import users

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")


@dataclass(frozen=True, slots=True)
class User:
    """A user of this installation."""

    user_id: UUID
    name: str
    is_admin: bool
    has_password: bool
    created_at: datetime


def require_admin(principal: Principal) -> None:
    """Refuse whoever is no administrator. Raises: MissingRight."""
    principal.require_user()
    if not principal.is_admin:
        raise MissingRight("Only an administrator may do this.")


async def list_users(session: AnySession) -> list[User]:
    """Return all users by name."""
    rows = await session.execute(select(users).order_by(users.c.name))
    return [User(r.user_id, r.name, r.is_admin, r.password_hash is not None, r.created_at) for r in rows]


async def create_user(session: Session, name: str, *, is_admin: bool, clock: Clock) -> tuple[Principal, str]:
    """Make a user; return the user and the secret of a link that signs in once. Raises: BadValue, NameTaken."""
    if not _NAME.fullmatch(name):
        raise BadValue(
            "A user's name has 1 to 100 letters, digits, '.', '_', '@', '+' or '-', and starts with a letter or digit.",
            field="name",
        )
    if await store.find_user(session, name) is not None:
        raise NameTaken("A user of that name exists.", field="name", name=name)
    made = await store.insert_user(session, name, is_admin=is_admin)
    return made, await store.insert_link(session, made.user_id, clock.now() + LINK_LASTS)


async def invite_user(session: Session, user_id: UUID, clock: Clock) -> str:
    """Return the secret of a new link that signs a user in once. Raises: UserNotFound."""
    if await session.scalar(select(users.c.user_id).where(users.c.user_id == user_id)) is None:
        raise UserNotFound(user_id=str(user_id))
    return await store.insert_link(session, user_id, clock.now() + LINK_LASTS)
