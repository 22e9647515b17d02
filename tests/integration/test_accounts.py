"""Accounts on a real database: links work once, tokens are what the published client reads, revoked is revoked."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from services.accounts import store, tokens
from services.accounts.access import Principal, Right, Role, check_role, check_track
from services.accounts.actions import (
    change_password,
    ensure_administrator,
    sign_in_by_link,
    sign_in_by_password,
)
from services.core.clock import SystemClock
from services.core.errors import MissingRight, SignInFailed, TrackDeleted, TrackNotFound, Unauthenticated
from services.core.ids import new_id
from services.projects.store import create_project
from services.storage.database import Database
from services.tracks.actions import create_track, delete_track

_NOW = datetime.now(UTC)


async def _administrator(database: Database) -> Principal:
    async with database.transaction() as session:
        return await ensure_administrator(session)


async def _token(database: Database, principal: Principal, **options: object) -> tuple[object, str]:
    async with database.transaction() as session:
        return await tokens.issue_token(
            session,
            principal,
            name="t",
            api_address="http://127.0.0.1:8080/",
            now=_NOW,
            **options,  # type: ignore[arg-type]
        )


async def test_the_first_administrator_has_no_password_and_is_made_once(database: Database) -> None:
    first, second = await _administrator(database), await _administrator(database)
    assert first == second
    assert first.is_admin
    for password in ("", "admin", "password", "mlsteam"):
        with pytest.raises(SignInFailed):
            await sign_in_by_password(database, "admin", password)


async def test_a_link_signs_in_once(database: Database) -> None:
    principal = await _administrator(database)
    async with database.transaction() as session:
        secret = await store.insert_link(session, principal.user_id, _NOW + timedelta(hours=1))
        expired = await store.insert_link(session, principal.user_id, _NOW - timedelta(seconds=1))

    async def use(link: str) -> bool:
        try:
            async with database.transaction() as session:
                return (await sign_in_by_link(session, link, SystemClock())) == principal
        except SignInFailed:
            return False

    assert sorted(await asyncio.gather(*(use(secret) for _ in range(5)))) == [False] * 4 + [True]
    assert not await use(expired)


async def test_sessions_end_when_the_password_changes(database: Database) -> None:
    principal = await _administrator(database)
    async with database.transaction() as session:
        secret = await store.insert_session(session, principal.user_id, _NOW, timedelta(days=1))
    async with database.read() as session:
        assert await store.find_session(session, secret, _NOW) == principal
        assert await store.find_session(session, secret, _NOW + timedelta(days=2)) is None
        assert await store.find_session(session, secret + "x", _NOW) is None
    await change_password(database, principal, None, "a long enough one")
    async with database.read() as session:
        assert await store.find_session(session, secret, _NOW) is None
    assert await sign_in_by_password(database, "admin", "a long enough one") == principal
    with pytest.raises(SignInFailed):
        await change_password(database, principal, "wrong", "another long one")


async def test_a_token_is_what_the_published_client_reads(database: Database) -> None:
    principal = await _administrator(database)
    for _ in range(20):
        _, token = await _token(database, principal)
        head, payload, _signature = token.split(".")
        claims = {}
        for part in (head, payload):
            # The published client adds padding and decodes with the standard alphabet.
            claims |= json.loads(base64.b64decode(part + "=" * (-len(part) % 4), validate=True))
        assert claims["api_address"] == "http://127.0.0.1:8080"


async def test_forged_expired_and_revoked_tokens_are_refused(database: Database) -> None:
    principal = await _administrator(database)
    token_id, token = await _token(database, principal, lasts=timedelta(hours=1))

    async def owner(text: str, now: datetime = _NOW) -> Principal:
        async with database.read() as session:
            return (await tokens.find_principal(session, text, now))[1]

    assert await owner(token) == principal
    head, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        f"{head}.{payload}.{signature[:-4]}AAAA",
        f"{head}.{payload}.",
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, b"another key of thirty-two bytes!", algorithm="HS256"),
        "a.b.c",
        "",
        "x" * 10_000,
    ]
    for text in forged:
        with pytest.raises(Unauthenticated):
            await owner(text)
    with pytest.raises(Unauthenticated):
        await owner(token, _NOW + timedelta(hours=2))
    async with database.transaction() as session:
        await tokens.revoke_token(session, principal.user_id, token_id, _NOW)  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        await owner(token)


async def test_rights_on_a_track(database: Database) -> None:
    administrator = await _administrator(database)
    async with database.transaction() as session:
        stranger = await store.insert_user(session, "stranger")
        project = await create_project(session, administrator, "p")
        track = await create_track(session, project.project_id, created_by="admin")
        other = await create_track(session, project.project_id, created_by="admin")
    for_one = Principal(administrator.user_id, "admin", is_admin=True, only_track_id=track.track_id)
    async with database.read() as session:
        assert await check_track(session, administrator, track.track_id, Right.WRITE) == project.project_id
        assert await check_track(session, for_one, track.track_id, Right.WRITE) == project.project_id
        for principal, track_id in ((stranger, track.track_id), (for_one, other.track_id), (administrator, new_id())):
            with pytest.raises(TrackNotFound):
                await check_track(session, principal, track_id, Right.READ)
    async with database.transaction() as session:
        await delete_track(session, track.track_id)
    async with database.read() as session:
        with pytest.raises(TrackDeleted):
            await check_track(session, administrator, track.track_id, Right.READ)


def test_roles_carry_rights() -> None:
    check_role(Role.VIEWER, Right.READ)
    check_role(Role.EDITOR, Right.WRITE)
    check_role(Role.OWNER, Right.MANAGE)
    for role, right in ((Role.VIEWER, Right.WRITE), (Role.EDITOR, Right.MANAGE)):
        with pytest.raises(MissingRight):
            check_role(role, right)
