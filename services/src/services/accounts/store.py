"""The SQL of users, sign-in links, sessions and signing keys. Secrets are stored as SHA-256 only."""

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.accounts.access import Principal
from services.core.errors import UserNotFound
from services.core.ids import new_id
from services.storage.database import AnySession, Session
from services.storage.tables import sessions, sign_in_links, signing_keys, users


def digest(secret: str) -> bytes:
    """Return what is stored of a random secret; it has enough entropy to need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


async def find_user(session: AnySession, name: str) -> tuple[Principal, str | None] | None:
    """Return a user and the password's hash."""
    if "\x00" in name:
        return None
    row = (await session.execute(select(users).where(users.c.name == name))).one_or_none()
    return (Principal(row.user_id, row.name, row.is_admin), row.password_hash) if row else None


async def get_user(session: AnySession, user_id: UUID) -> Principal:
    """Return a user. Raises: UserNotFound."""
    row = (await session.execute(select(users).where(users.c.user_id == user_id))).one_or_none()
    if row is None:
        raise UserNotFound(user_id=str(user_id))
    return Principal(row.user_id, row.name, row.is_admin)


async def find_administrator(session: AnySession) -> Principal | None:
    """Return the first administrator."""
    row = (await session.execute(select(users).where(users.c.is_admin).order_by(users.c.created_at).limit(1))).first()
    return Principal(row.user_id, row.name, row.is_admin) if row else None


async def insert_user(session: Session, name: str, *, is_admin: bool = False) -> Principal:
    """Make a user who has no password yet."""
    user_id = new_id()
    await session.execute(insert(users).values(user_id=user_id, name=name, is_admin=is_admin))
    return Principal(user_id, name, is_admin)


async def get_password_hash(session: AnySession, user_id: UUID) -> str | None:
    """Return the hash of a user's password, None when none was set."""
    found: str | None = await session.scalar(select(users.c.password_hash).where(users.c.user_id == user_id))
    return found


async def set_password_hash(session: Session, user_id: UUID, password_hash: str) -> None:
    """Store a new password and end every session of the user: whoever knew the old one is out."""
    await session.execute(update(users).where(users.c.user_id == user_id).values(password_hash=password_hash))
    await session.execute(delete(sessions).where(sessions.c.user_id == user_id))


async def insert_link(session: Session, user_id: UUID, expires_at: datetime) -> str:
    """Make a one-time sign-in link; return its secret."""
    secret = secrets.token_urlsafe(32)
    await session.execute(
        insert(sign_in_links).values(link_hash=digest(secret), user_id=user_id, expires_at=expires_at)
    )
    return secret


async def use_link(session: Session, secret: str, now: datetime) -> Principal | None:
    """Use up a sign-in link; None when there is none such, or it has expired."""
    await session.execute(delete(sign_in_links).where(sign_in_links.c.expires_at < now))
    user_id = await session.scalar(
        delete(sign_in_links).where(sign_in_links.c.link_hash == digest(secret)).returning(sign_in_links.c.user_id)
    )
    if user_id is None:
        return None
    row = (await session.execute(select(users).where(users.c.user_id == user_id))).one()
    return Principal(row.user_id, row.name, row.is_admin)


async def insert_session(session: Session, user_id: UUID, now: datetime, lasts: timedelta) -> str:
    """Open a browser session; return the secret for its cookie."""
    await session.execute(delete(sessions).where(sessions.c.expires_at < now))
    secret = secrets.token_urlsafe(32)
    await session.execute(insert(sessions).values(session_hash=digest(secret), user_id=user_id, expires_at=now + lasts))
    return secret


async def find_session(session: AnySession, secret: str, now: datetime) -> Principal | None:
    """Return whose session a cookie proves."""
    query = (
        select(users)
        .join(sessions, sessions.c.user_id == users.c.user_id)
        .where(sessions.c.session_hash == digest(secret), sessions.c.expires_at > now)
    )
    row = (await session.execute(query)).one_or_none()
    return Principal(row.user_id, row.name, row.is_admin) if row else None


async def delete_session(session: Session, secret: str) -> None:
    """End a browser session."""
    await session.execute(delete(sessions).where(sessions.c.session_hash == digest(secret)))


async def find_signing_key(session: AnySession) -> bytes | None:
    """Return the key that signs API tokens."""
    found: bytes | None = await session.scalar(select(signing_keys.c.secret).where(signing_keys.c.key_id == "tokens"))
    return found


async def ensure_signing_key(session: Session) -> bytes:
    """Return the key that signs API tokens, made once for the whole installation."""
    made = upsert(signing_keys).values(key_id="tokens", secret=secrets.token_bytes(32))
    await session.execute(made.on_conflict_do_nothing())
    found = await find_signing_key(session)
    assert found is not None, "it was made one statement ago"  # noqa: S101 (an invariant, not a check of input)
    return found
