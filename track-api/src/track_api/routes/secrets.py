"""Secret variables of labs and pipelines: set and forgotten here, read by nobody but the job."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.accounts.access import Principal, Right
from services.core.errors import (
    BadValue,
    LabNotFound,
    MissingRight,
    PipelineNotFound,
    SecretNotFound,
    Unauthenticated,
)
from services.jobs import store
from services.jobs.definition import check_secret
from services.labs.actions import open_lab
from services.pipelines.actions import open_pipeline
from services.storage.database import AnySession, Session
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentDatabase, Reading
from track_api.schemas.jobs import SecretIn, SecretList, SecretOut

router = APIRouter(tags=["secrets"])

_OF_LAB = responses(Unauthenticated, MissingRight, LabNotFound)
_OF_PIPELINE = responses(Unauthenticated, MissingRight, PipelineNotFound)
Name = Annotated[str, Path(max_length=100, pattern="^[^\x00]*$")]


async def _list(session: AnySession, owner_id: UUID) -> SecretList:
    found = await store.list_secrets(session, owner_id)
    return SecretList(items=[SecretOut(name=name, created_at=at) for name, at in found])


async def _put(session: Session, owner_id: UUID, name: str, value: str) -> None:
    check_secret(name, value, len(await store.list_secrets(session, owner_id)))
    await store.put_secret(session, owner_id, name, value)


async def _delete(session: Session, owner_id: UUID, name: str) -> None:
    if not await store.delete_secret(session, owner_id, name):
        raise SecretNotFound(name=name)


async def _lab(session: AnySession, principal: Principal, lab_id: UUID) -> None:
    await open_lab(session, principal, lab_id, Right.WRITE)


async def _pipeline(session: AnySession, principal: Principal, pipeline_id: UUID) -> None:
    await open_pipeline(session, principal, pipeline_id, Right.WRITE)


@router.get("/labs/{lab_id}/secrets", responses=_OF_LAB)
async def list_lab_secrets(lab_id: UUID, principal: CurrentPrincipal, session: Reading) -> SecretList:
    """List the names of a lab's secrets."""
    await _lab(session, principal, lab_id)
    return await _list(session, lab_id)


@router.put("/labs/{lab_id}/secrets/{name}", status_code=204, responses=_OF_LAB | responses(BadValue))
async def put_lab_secret(
    lab_id: UUID, name: Name, body: SecretIn, principal: CurrentPrincipal, database: CurrentDatabase
) -> None:
    """Set a secret variable of a lab's jobs."""
    async with database.transaction() as session:
        await _lab(session, principal, lab_id)
        await _put(session, lab_id, name, body.value)


@router.delete(
    "/labs/{lab_id}/secrets/{name}",
    status_code=204,
    responses=responses(Unauthenticated, MissingRight, LabNotFound, SecretNotFound),
)
async def delete_lab_secret(lab_id: UUID, name: Name, principal: CurrentPrincipal, database: CurrentDatabase) -> None:
    """Forget a secret of a lab."""
    async with database.transaction() as session:
        await _lab(session, principal, lab_id)
        await _delete(session, lab_id, name)


@router.get("/pipelines/{pipeline_id}/secrets", responses=_OF_PIPELINE)
async def list_pipeline_secrets(pipeline_id: UUID, principal: CurrentPrincipal, session: Reading) -> SecretList:
    """List the names of a pipeline's secrets."""
    await _pipeline(session, principal, pipeline_id)
    return await _list(session, pipeline_id)


@router.put("/pipelines/{pipeline_id}/secrets/{name}", status_code=204, responses=_OF_PIPELINE | responses(BadValue))
async def put_pipeline_secret(
    pipeline_id: UUID, name: Name, body: SecretIn, principal: CurrentPrincipal, database: CurrentDatabase
) -> None:
    """Set a secret variable of a pipeline's runs."""
    async with database.transaction() as session:
        await _pipeline(session, principal, pipeline_id)
        await _put(session, pipeline_id, name, body.value)


@router.delete(
    "/pipelines/{pipeline_id}/secrets/{name}",
    status_code=204,
    responses=responses(Unauthenticated, MissingRight, PipelineNotFound, SecretNotFound),
)
async def delete_pipeline_secret(
    pipeline_id: UUID, name: Name, principal: CurrentPrincipal, database: CurrentDatabase
) -> None:
    """Forget a secret of a pipeline."""
    async with database.transaction() as session:
        await _pipeline(session, principal, pipeline_id)
        await _delete(session, pipeline_id, name)
