"""Signing in and out."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from services.accounts import store
from services.accounts.access import Principal
from services.accounts.actions import change_password, sign_in_by_link, sign_in_by_password
from services.core.errors import BadValue, CrossSiteRequest, MissingRight, SignInFailed, TooManyTries, Unauthenticated
from services.web.auth import SESSION_COOKIE, CurrentPrincipal, session_secret
from services.web.problem import responses
from track_api.attempts import Attempts
from track_api.deps import CurrentClock, CurrentDatabase, CurrentResources, Reading
from track_api.resources import Resources
from track_api.schemas.accounts import PasswordChange, SignIn, SignInByLink, UserOut

router = APIRouter(tags=["accounts"])


async def _user(session: Reading, principal: Principal) -> UserOut:
    has_password = await store.get_password_hash(session, principal.user_id) is not None
    return UserOut(
        user_id=principal.user_id, name=principal.name, is_admin=principal.is_admin, has_password=has_password
    )


async def _open_session(response: Response, resources: Resources, principal: Principal, clock: CurrentClock) -> UserOut:
    lasts = timedelta(days=resources.settings.session_days)
    async with resources.database.transaction() as session:
        secret = await store.insert_session(session, principal.user_id, clock.now(), lasts)
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(lasts.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=resources.settings.public_url.startswith("https://"),
    )
    async with resources.database.read() as reading:
        return await _user(reading, principal)


def _refuse_other_sites(request: Request) -> None:
    # These addresses are open to strangers, so the cookie's own guard does not stand before them.
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSiteRequest


@router.post("/session", responses=responses(SignInFailed, CrossSiteRequest, TooManyTries))
async def sign_in(
    request: Request, response: Response, body: SignIn, resources: CurrentResources, clock: CurrentClock
) -> UserOut:
    """Sign in by name and password; the answer sets the session cookie."""
    _refuse_other_sites(request)
    attempts: Attempts = request.app.state.attempts
    keys = (f"name:{body.name}", f"address:{request.client.host if request.client else ''}")
    attempts.check(*keys)
    try:
        principal = await sign_in_by_password(resources.database, body.name, body.password)
    except SignInFailed:
        attempts.failed(*keys)
        raise
    return await _open_session(response, resources, principal, clock)


@router.post("/session/link", responses=responses(SignInFailed, CrossSiteRequest))
async def sign_in_once(
    request: Request, response: Response, body: SignInByLink, resources: CurrentResources, clock: CurrentClock
) -> UserOut:
    """Sign in by a one-time link; the answer sets the session cookie."""
    _refuse_other_sites(request)
    async with resources.database.transaction() as session:
        principal = await sign_in_by_link(session, body.token, clock)
    return await _open_session(response, resources, principal, clock)


@router.delete("/session", status_code=204, responses=responses(Unauthenticated))
async def sign_out(request: Request, response: Response, database: CurrentDatabase) -> None:
    """End this browser's session."""
    if secret := session_secret(request):
        async with database.transaction() as session:
            await store.delete_session(session, secret)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.get("/me", responses=responses(Unauthenticated))
async def get_me(principal: CurrentPrincipal, session: Reading) -> UserOut:
    """Say who is signed in."""
    return await _user(session, principal)


@router.put("/me/password", status_code=204, responses=responses(Unauthenticated, SignInFailed, MissingRight, BadValue))
async def put_password(
    request: Request,
    response: Response,
    body: PasswordChange,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    clock: CurrentClock,
) -> None:
    """Set a password. Every session ends; this browser gets a new one."""
    attempts: Attempts = request.app.state.attempts
    key = f"password:{principal.user_id}"
    attempts.check(key)
    try:
        await change_password(resources.database, principal, body.current, body.new)
    except SignInFailed:
        attempts.failed(key)
        raise
    if session_secret(request):
        await _open_session(response, resources, principal, clock)
