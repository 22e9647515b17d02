"""Projects."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.accounts.access import Right, check_role
from services.core.errors import BadCursor, BadValue, MissingRight, NameTaken, ProjectNotFound, Unauthenticated
from services.jobs.store import delete_secrets
from services.labs.archives import list_archives
from services.labs.store import list_labs
from services.live.model import ChangeKind
from services.pipelines.store import list_pipelines
from services.projects import store
from services.storage.database import Session
from services.tracks.actions import delete_track
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentDatabase, CurrentResources, Reading
from track_api.schemas.projects import ProjectChange, ProjectIn, ProjectList, ProjectOut

router = APIRouter(prefix="/projects", tags=["projects"])

Limit = Annotated[int, Query(ge=1, le=500)]
Search = Annotated[str, Query(max_length=200, pattern="^[^\x00]*$")]


@router.get("", responses=responses(Unauthenticated, MissingRight, BadCursor))
async def list_projects(
    principal: CurrentPrincipal, session: Reading, q: Search = "", cursor: str | None = None, limit: Limit = 50
) -> ProjectList:
    """List the projects you may see, by name."""
    principal.require_user()
    after = read_cursor(cursor, str)[0] if cursor else None
    found = await store.list_projects(session, principal, search=q, after=after, limit=limit + 1)
    more = write_cursor(found[limit - 1].name) if len(found) > limit else None
    return ProjectList(items=[ProjectOut.model_validate(project) for project in found[:limit]], next_cursor=more)


@router.post("", status_code=201, responses=responses(Unauthenticated, MissingRight, BadValue, NameTaken))
async def create_project(body: ProjectIn, principal: CurrentPrincipal, database: CurrentDatabase) -> ProjectOut:
    """Make a project that you own."""
    principal.require_user()
    async with database.transaction() as session:
        return ProjectOut.model_validate(await store.create_project(session, principal, body.name, body.description))


@router.get("/{project}", responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def get_project(project: str, principal: CurrentPrincipal, session: Reading) -> ProjectOut:
    """Answer with a project, by name or uuid."""
    principal.require_user()
    return ProjectOut.model_validate(await store.get_project(session, principal, project))


@router.patch("/{project}", responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadValue, NameTaken))
async def change_project(
    project: str, body: ProjectChange, principal: CurrentPrincipal, database: CurrentDatabase
) -> ProjectOut:
    """Rename or describe a project."""
    principal.require_user()
    async with database.transaction() as session:
        found = await store.get_project(session, principal, project)
        check_role(found.role, Right.MANAGE)
        changed = await store.change_project(
            session, principal, found.project_id, name=body.name, description=body.description
        )
        return ProjectOut.model_validate(changed)


@router.delete("/{project}", status_code=204, responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def delete_project(project: str, principal: CurrentPrincipal, resources: CurrentResources) -> None:
    """Delete a project with all its tracks."""
    principal.require_user()
    blobs: list[UUID] = []
    async with resources.database.transaction() as session:
        found = await store.get_project(session, principal, project)
        check_role(found.role, Right.MANAGE)
        track_ids = await store.filled_track_ids(session, found.project_id)
        for track_id in track_ids:
            blobs += await delete_track(session, track_id)
        blobs += await _forget_code(session, found.project_id)
        await store.delete_project(session, found.project_id)
    for track_id in track_ids:
        resources.changes.note(track_id, found.project_id, None, ChangeKind.DATA, ChangeKind.TRACK)
    # After the commit: a blob without a row is waste, a row without its blob would be a loss.
    await resources.blobs.delete(blobs)


async def _forget_code(session: Session, project_id: UUID) -> list[UUID]:
    """Delete what labs and pipelines hold outside of their rows; the runner ends jobs whose rows are gone."""
    owners = [lab.lab_id for lab in await list_labs(session, project_id)]
    owners += [pipeline.pipeline_id for pipeline in await list_pipelines(session, project_id)]
    for owner_id in owners:
        await delete_secrets(session, owner_id)
    return [archive.blob_id for archive in await list_archives(session, project_id)]
