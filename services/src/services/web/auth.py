"""Who sent this request: proven by a session cookie or a bearer token before anything else of it is read.

A pure ASGI layer around each app. Guarantees that an address is answered to a stranger only when the app's own list of
public addresses says so.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from services.accounts import store, tokens
from services.accounts.access import Principal, Right, check_track
from services.core.clock import SystemClock
from services.core.errors import CrossSiteRequest, ServiceError, Unauthenticated
from services.storage.database import Database
from services.web.problem import problem_response

SESSION_COOKIE = "mlsteam_session"
# A page of another site cannot send a header of its own choice without asking first, and we never say yes.
REQUEST_HEADER = "x-mlsteam-request"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What signs out, revokes, deletes or demotes is one of these: this process then believes nothing it proved before.
_TAKING_METHODS = frozenset({"DELETE", "PATCH", "PUT"})
_CACHE_ENTRIES = 10_000

IsPublic = Callable[[str, str], bool]


def is_probe(method: str, path: str) -> bool:
    """Say whether an address is one of the probes that every service answers to anybody."""
    return method in {"GET", "HEAD"} and path in {"/healthz", "/readyz", "/metrics"}


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TrackAccess:
    """A track that the sender of a request may use in the way asked for."""

    track_id: UUID
    project_id: UUID


class AccessCache:
    """What was proven a moment ago, so that a stream of batches does not ask the database each time.

    A revoked token or membership works for at most `lasts_s` more. Zero keeps nothing.
    """

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._entries: dict[object, tuple[float, Any]] = {}
        self._proving: dict[object, asyncio.Task[Any]] = {}
        self._generation = 0

    async def get(self, key: object, prove: Callable[[], Awaitable[T]]) -> T:
        """Return what was proven under a key; where that is no longer fresh, one of those who ask proves it anew."""
        entry = self._entries.get(key)
        if entry is not None and entry[0] > time.monotonic():
            fresh: T = entry[1]
            return fresh
        if self._lasts_s <= 0:
            return await prove()
        proving: asyncio.Task[T] | None = self._proving.get(key)
        if proving is None:
            proving = asyncio.create_task(self._prove(key, prove))
            self._proving[key] = proving
            proving.add_done_callback(lambda _: self._proving.pop(key, None))
        # Shielded: the one who began may hang up while others wait.
        return await asyncio.shield(proving)

    async def _prove(self, key: object, prove: Callable[[], Awaitable[T]]) -> T:
        generation = self._generation
        value = await prove()
        if len(self._entries) >= _CACHE_ENTRIES:
            self._entries.clear()
        if generation == self._generation:
            # Not all at one moment: what was proven together would have to be proven together again.
            lasts_s = self._lasts_s * random.uniform(0.5, 1)  # noqa: S311 (no secret)
            self._entries[key] = (time.monotonic() + lasts_s, value)
        return value

    def clear(self) -> None:
        """Forget everything, because a right may have been taken away."""
        self._generation += 1
        self._entries.clear()
        self._proving.clear()


def _cookie_of(headers: Headers) -> str | None:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


class Authentication:
    """The ASGI layer that lets no stranger past."""

    def __init__(
        self, app: ASGIApp, *, database: Callable[[], Database], is_public: IsPublic, cache: AccessCache
    ) -> None:
        self._app = app
        self._database = database
        self._is_public = is_public
        self._cache = cache
        self._clock = SystemClock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prove the sender of a request, or answer 401."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        # A websocket's handshake is a GET; it is never public.
        method = scope.get("method", "GET")
        if scope["type"] == "http" and self._is_public(method, scope["path"]):
            await self._app(scope, receive, send)
            return
        prove = partial(self._prove, Headers(scope=scope), method)
        try:
            scope.setdefault("state", {})["principal"] = await prove()
            scope["state"]["prove_again"] = prove
        except ServiceError as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 4401, "reason": error.code})
                return
            await problem_response(error, scope["state"].get("request_id", ""))(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            if method in _TAKING_METHODS:
                self._cache.clear()

    async def _prove(self, headers: Headers, method: str) -> Principal:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self._prove_token(token.strip())
        secret = _cookie_of(headers)
        if not secret:
            raise Unauthenticated
        if method not in _SAFE_METHODS and not headers.get(REQUEST_HEADER):
            raise CrossSiteRequest(
                f"A request that is signed in by a cookie and changes something needs the header {REQUEST_HEADER}."
            )
        if headers.get("sec-fetch-site", "same-origin") == "cross-site" and method not in _SAFE_METHODS:
            raise CrossSiteRequest
        return await self._prove_session(secret)

    async def _prove_token(self, token: str) -> Principal:
        async def prove() -> Principal:
            now = self._clock.now()
            async with self._database().transaction() as session:
                token_id, principal = await tokens.find_principal(session, token, now)
                await tokens.touch_token(session, token_id, now)
            return principal

        return await self._cache.get(("token", token), prove)

    async def _prove_session(self, secret: str) -> Principal:
        async def prove() -> Principal:
            async with self._database().read() as session:
                principal = await store.find_session(session, secret, self._clock.now())
            if principal is None:
                raise Unauthenticated("Your sign-in has ended; sign in again.")
            return principal

        return await self._cache.get(("session", secret), prove)


def current_principal(request: Request) -> Principal:
    """Return whoever sent the request. Raises: Unauthenticated on a public address called by a stranger."""
    principal = getattr(request.state, "principal", None)
    if not isinstance(principal, Principal):
        raise Unauthenticated
    return principal


async def prove_again(request: Request) -> Principal:
    """Prove the sender of a request that stays open once more. Raises: Unauthenticated, DatabaseDown."""
    principal: Principal = await request.state.prove_again()
    return principal


def session_secret(request: Request) -> str | None:
    """Return the secret of the session cookie, for signing out."""
    return _cookie_of(request.headers)


async def _principal(request: Request) -> Principal:
    # Async, as all dependencies here: the framework runs others in a thread, which costs more than what they do.
    return current_principal(request)


CurrentPrincipal = Annotated[Principal, Depends(_principal)]


async def check_access(request: Request, track_id: UUID, right: Right) -> TrackAccess:
    """Return a track that the sender may use so.

    Raises: Unauthenticated, TrackNotFound, TrackDeleted, MissingRight.
    """
    principal = current_principal(request)
    cache: AccessCache = request.app.state.access_cache

    async def prove() -> TrackAccess:
        database: Database = request.app.state.database
        async with database.read() as session:
            return TrackAccess(track_id, await check_track(session, principal, track_id, right))

    return await cache.get((principal, track_id, right), prove)


async def _readable(request: Request, track_id: UUID) -> TrackAccess:
    return await check_access(request, track_id, Right.READ)


async def _writable(request: Request, track_id: UUID) -> TrackAccess:
    return await check_access(request, track_id, Right.WRITE)


# For routes with {track_id} in their path.
ReadableTrack = Annotated[TrackAccess, Depends(_readable)]
WritableTrack = Annotated[TrackAccess, Depends(_writable)]
