"""Archives of code: uploaded to a project, named by its labs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.accounts.access import Right, check_role
from services.core.errors import (
    ArchiveNotFound,
    BadValue,
    BlobStoreDown,
    FileTooLarge,
    MissingRight,
    ProjectNotFound,
    ServerBusy,
    Unauthenticated,
)
from services.labs import archives
from services.projects.store import get_project
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.deps import CurrentResources, Reading
from track_api.schemas.labs import ArchiveList, ArchiveOut

router = APIRouter(prefix="/projects/{project}/archives", tags=["labs"])

_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get("", responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def list_archives(project: str, principal: CurrentPrincipal, session: Reading) -> ArchiveList:
    """List the archives of a project, newest first."""
    principal.require_user()
    found = await get_project(session, principal, project)
    items = await archives.list_archives(session, found.project_id)
    return ArchiveList(items=[ArchiveOut.of(archive) for archive in items])


@router.post(
    "",
    status_code=201,
    responses=responses(
        Unauthenticated, MissingRight, ProjectNotFound, BadValue, FileTooLarge, ServerBusy, BlobStoreDown
    ),
    openapi_extra={"requestBody": _BODY},
)
async def upload_archive(
    project: str,
    request: Request,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    name: Annotated[str, Query(max_length=200)] = "code",
) -> ArchiveOut:
    """Store the body, a zip or a tar, as code for labs of this project."""
    principal.require_user()
    async with resources.database.read() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
    archive = await archives.put_archive(
        resources.database,
        resources.blobs,
        found.project_id,
        name=name,
        created_by=principal.name,
        content=request.stream(),
    )
    return ArchiveOut.of(archive)


@router.delete(
    "/{archive_id}",
    status_code=204,
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, ArchiveNotFound),
)
async def delete_archive(
    project: str, archive_id: UUID, principal: CurrentPrincipal, resources: CurrentResources
) -> None:
    """Delete an archive; a job that still needs it fails and says so."""
    principal.require_user()
    async with resources.database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        archive = await archives.get_archive(session, found.project_id, archive_id)
        await archives.delete_archive(session, archive)
    # After the commit: a blob without a row is waste, a row without its blob would be a loss.
    await resources.blobs.delete([archive.blob_id])
