"""Signing in and out, passwords, and the first administrator."""

from datetime import timedelta

from services.accounts import store
from services.accounts.access import Principal
from services.accounts.passwords import hash_password, is_right_password
from services.core.clock import Clock
from services.core.errors import SignInFailed
from services.storage.database import Database, Session

LINK_LASTS = timedelta(hours=1)


async def sign_in_by_password(database: Database, name: str, password: str) -> Principal:
    """Return the user whose name and password these are. Raises: SignInFailed."""
    # The hash takes long: no connection is held meanwhile.
    async with database.read() as session:
        found = await store.find_user(session, name)
    if not await is_right_password(password, found[1] if found else None) or found is None:
        raise SignInFailed("Name and password do not fit.")
    return found[0]


async def sign_in_by_link(session: Session, secret: str, clock: Clock) -> Principal:
    """Use up a sign-in link and return its user. Raises: SignInFailed."""
    principal = await store.use_link(session, secret, clock.now())
    if principal is None:
        raise SignInFailed("This sign-in link was used before or has expired. Start Track again for a new one.")
    return principal


async def change_password(database: Database, principal: Principal, current: str | None, new: str) -> None:
    """Set a password; the present one is asked for when there is one. Raises: SignInFailed, BadValue."""
    principal.require_user()
    async with database.read() as session:
        password_hash = await store.get_password_hash(session, principal.user_id)
    if password_hash is not None and not await is_right_password(current or "", password_hash):
        raise SignInFailed("The present password does not fit.")
    new_hash = await hash_password(new)
    async with database.transaction() as session:
        await store.set_password_hash(session, principal.user_id, new_hash)


async def ensure_administrator(session: Session, name: str = "admin") -> Principal:
    """Return the administrator, made at the first start without any password."""
    await store.ensure_signing_key(session)
    found = await store.find_administrator(session)
    return found or await store.insert_user(session, name, is_admin=True)
