"""API tokens: signed JWTs that say where the server is, and can be revoked.

The client already in use decodes header and payload with the standard base64 alphabet and refuses '-' and '_', so a
nonce claim is drawn again until neither appears.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import jwt
from sqlalchemy import insert, or_, select, update

from services.accounts.access import Principal, Scope
from services.accounts.store import ensure_signing_key, find_signing_key
from services.core.errors import BadValue, TokenNotFound, Unauthenticated
from services.core.ids import new_id
from services.storage.database import AnySession, Session
from services.storage.tables import api_tokens, users

MAX_TOKEN_CHARS = 4096
MAX_NAME_CHARS = 100
_ALGORITHM = "HS256"
_ISSUER = "mlsteam"


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token after it was shown once."""

    token_id: UUID
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def _sign(claims: dict[str, object], key: bytes) -> str:
    while True:
        token = jwt.encode(claims | {"nonce": secrets.token_hex(4)}, key, algorithm=_ALGORITHM)
        head, payload, _signature = token.split(".")
        if not {"-", "_"} & set(head + payload):
            return token


async def issue_token(
    session: Session,
    principal: Principal,
    *,
    name: str,
    api_address: str,
    now: datetime,
    lasts: timedelta | None = None,
    track_id: UUID | None = None,
) -> tuple[UUID, str]:
    """Make a token of the principal; with a track it is good for that track only. Raises: BadValue."""
    name = name.strip()
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise BadValue(f"A token's name has 1 to {MAX_NAME_CHARS} printable characters.", field="name")
    token_id = new_id()
    scope = Scope.TRACK if track_id else Scope.USER
    expires_at = now + lasts if lasts else None
    await session.execute(
        insert(api_tokens).values(
            token_id=token_id,
            user_id=principal.user_id,
            name=name,
            scope=scope.value,
            track_id=track_id,
            expires_at=expires_at,
        )
    )
    claims: dict[str, object] = {
        "iss": _ISSUER,
        "api_address": api_address.rstrip("/"),
        "sub": str(principal.user_id),
        "jti": str(token_id),
        "scope": scope.value,
    }
    if expires_at is not None:
        claims["exp"] = int(expires_at.timestamp())
    return token_id, _sign(claims, await ensure_signing_key(session))


async def find_principal(session: AnySession, token: str, now: datetime) -> tuple[UUID, Principal]:
    """Return a token's id and whose it is.

    Raises: Unauthenticated when it is forged, expired or revoked.
    """
    key = await find_signing_key(session)
    if key is None or len(token) > MAX_TOKEN_CHARS:
        raise Unauthenticated
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=_ISSUER,
            options={"require": ["jti", "sub"], "verify_iat": False},
        )
        token_id = UUID(claims["jti"])
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise Unauthenticated("The API token is not valid, or has expired.") from error
    query = (
        select(api_tokens.c.track_id, users)
        .join(users, users.c.user_id == api_tokens.c.user_id)
        .where(
            api_tokens.c.token_id == token_id,
            api_tokens.c.revoked_at.is_(None),
            or_(api_tokens.c.expires_at.is_(None), api_tokens.c.expires_at > now),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise Unauthenticated("The API token was revoked, or has expired.")
    return token_id, Principal(row.user_id, row.name, row.is_admin, only_track_id=row.track_id)


async def list_tokens(session: AnySession, user_id: UUID) -> list[ApiToken]:
    """Return a user's tokens that were not revoked, newest first."""
    query = select(api_tokens).where(api_tokens.c.user_id == user_id, api_tokens.c.revoked_at.is_(None))
    rows = await session.execute(query.order_by(api_tokens.c.created_at.desc()))
    return [
        ApiToken(row.token_id, row.name, Scope(row.scope), row.created_at, row.expires_at, row.last_used_at)
        for row in rows
    ]


async def revoke_token(session: Session, user_id: UUID, token_id: UUID, now: datetime) -> None:
    """Make a token useless. Raises: TokenNotFound."""
    done = await session.scalar(
        update(api_tokens)
        .where(api_tokens.c.token_id == token_id, api_tokens.c.user_id == user_id, api_tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(api_tokens.c.token_id)
    )
    if done is None:
        raise TokenNotFound(token_id=str(token_id))


async def touch_token(session: Session, token_id: UUID, now: datetime) -> None:
    """Note that a token was used, at most once a minute."""
    stale = or_(api_tokens.c.last_used_at.is_(None), api_tokens.c.last_used_at < now - timedelta(minutes=1))
    await session.execute(update(api_tokens).where(api_tokens.c.token_id == token_id, stale).values(last_used_at=now))
