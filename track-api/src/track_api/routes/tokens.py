"""API tokens of the signed-in user."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter

from services.accounts import tokens
from services.core.errors import BadValue, MissingRight, TokenNotFound, Unauthenticated
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentClock, CurrentDatabase, CurrentResources, Reading
from track_api.schemas.accounts import NewTokenOut, TokenIn, TokenList, TokenOut

router = APIRouter(prefix="/tokens", tags=["accounts"])


@router.get("", responses=responses(Unauthenticated, MissingRight))
async def list_tokens(principal: CurrentPrincipal, session: Reading) -> TokenList:
    """List the tokens that were not revoked, newest first."""
    principal.require_user()
    found = await tokens.list_tokens(session, principal.user_id)
    return TokenList(
        items=[
            TokenOut(
                token_id=token.token_id,
                name=token.name,
                scope=token.scope,
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
            )
            for token in found
        ]
    )


@router.post("", status_code=201, responses=responses(Unauthenticated, MissingRight, BadValue))
async def create_token(
    body: TokenIn,
    principal: CurrentPrincipal,
    database: CurrentDatabase,
    resources: CurrentResources,
    clock: CurrentClock,
) -> NewTokenOut:
    """Make a token; its secret is in this answer only."""
    principal.require_user()
    async with database.transaction() as session:
        token_id, secret = await tokens.issue_token(
            session,
            principal,
            name=body.name,
            api_address=resources.settings.public_url,
            now=clock.now(),
            lasts=timedelta(days=body.expires_in_days) if body.expires_in_days else None,
        )
    return NewTokenOut(token_id=token_id, name=body.name.strip(), token=secret)


@router.delete("/{token_id}", status_code=204, responses=responses(Unauthenticated, MissingRight, TokenNotFound))
async def revoke_token(
    token_id: UUID, principal: CurrentPrincipal, database: CurrentDatabase, clock: CurrentClock
) -> None:
    """Make a token useless at once."""
    principal.require_user()
    async with database.transaction() as session:
        await tokens.revoke_token(session, principal.user_id, token_id, clock.now())
