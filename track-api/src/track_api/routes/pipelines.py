"""Pipelines: make, change, reorder, delete."""

from uuid import UUID

from fastapi import APIRouter

from services.accounts.access import Right, check_role
from services.core.errors import (
    BadValue,
    JobsUnfinished,
    MissingRight,
    NameTaken,
    PipelineNotFound,
    ProjectNotFound,
    ServiceError,
    Unauthenticated,
)
from services.pipelines import actions, store
from services.projects.store import get_project
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentAllowed, CurrentDatabase, Reading
from track_api.schemas.pipelines import OrderIn, PipelineChange, PipelineIn, PipelineList, PipelineOut

router = APIRouter(tags=["pipelines"])

_ERRORS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, PipelineNotFound)


@router.get("/projects/{project}/pipelines", responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def list_pipelines(project: str, principal: CurrentPrincipal, session: Reading) -> PipelineList:
    """List the pipelines of a project, by name."""
    principal.require_user()
    found = await get_project(session, principal, project)
    items = await store.list_pipelines(session, found.project_id)
    return PipelineList(items=[PipelineOut.model_validate(pipeline) for pipeline in items])


@router.post(
    "/projects/{project}/pipelines",
    status_code=201,
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadValue, NameTaken),
)
async def create_pipeline(
    project: str, body: PipelineIn, principal: CurrentPrincipal, database: CurrentDatabase, allowed: CurrentAllowed
) -> PipelineOut:
    """Make a pipeline."""
    principal.require_user()
    async with database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        pipeline = await actions.create_pipeline(
            session, principal, found.project_id, body.name, body.definition.model_dump(mode="json"), allowed=allowed
        )
    return PipelineOut.model_validate(pipeline)


@router.get("/pipelines/{pipeline_id}", responses=responses(*_ERRORS))
async def get_pipeline(pipeline_id: UUID, principal: CurrentPrincipal, session: Reading) -> PipelineOut:
    """Answer with a pipeline."""
    return PipelineOut.model_validate(await actions.open_pipeline(session, principal, pipeline_id, Right.READ))


@router.patch("/pipelines/{pipeline_id}", responses=responses(*_ERRORS, BadValue, NameTaken))
async def change_pipeline(
    pipeline_id: UUID,
    body: PipelineChange,
    principal: CurrentPrincipal,
    database: CurrentDatabase,
    allowed: CurrentAllowed,
) -> PipelineOut:
    """Change a pipeline; runs that were started before stay as they were."""
    changes = body.definition.model_dump(mode="json", exclude_unset=True) if body.definition else None
    async with database.transaction() as session:
        pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        changed = await actions.change_pipeline(session, pipeline, name=body.name, definition=changes, allowed=allowed)
    return PipelineOut.model_validate(changed)


@router.put("/pipelines/{pipeline_id}/order", responses=responses(*_ERRORS, BadValue))
async def reorder_pipeline(
    pipeline_id: UUID,
    body: OrderIn,
    principal: CurrentPrincipal,
    database: CurrentDatabase,
    allowed: CurrentAllowed,
) -> PipelineOut:
    """Put the actions into another order."""
    async with database.transaction() as session:
        pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        return PipelineOut.model_validate(await actions.reorder(session, pipeline, body.order, allowed=allowed))


@router.delete("/pipelines/{pipeline_id}", status_code=204, responses=responses(*_ERRORS, JobsUnfinished))
async def delete_pipeline(pipeline_id: UUID, principal: CurrentPrincipal, database: CurrentDatabase) -> None:
    """Delete a pipeline with its runs and secrets; the tracks stay."""
    async with database.transaction() as session:
        pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        await actions.delete_pipeline(session, pipeline)
