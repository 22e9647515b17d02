"""Labs: make, change, delete; what SUBMIT would make, and SUBMIT."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.accounts.access import Right, check_role
from services.core.errors import (
    ArchiveNotFound,
    BadCursor,
    BadValue,
    JobsUnfinished,
    LabNotFound,
    MissingRight,
    NameTaken,
    ProjectNotFound,
    SearchUnavailable,
    ServiceError,
    Unauthenticated,
)
from services.jobs.spec import Scalar
from services.labs import actions, store
from services.labs.combinations import (
    MAX_COMBINATIONS,
    Combination,
    check_combinations,
    combine,
    count_grid,
)
from services.labs.model import Lab
from services.projects.store import get_project
from services.search.actions import fit, require_searcher, submit_search
from services.search.model import Plan
from services.search.space import Dimension, read_space
from services.search.store import find_search
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentAllowed, CurrentClock, CurrentResources, Reading
from track_api.routes.projects import Limit
from track_api.routes.submissions import show_submission, show_submissions, tell_of_jobs
from track_api.schemas.labs import (
    Choice,
    DimensionOut,
    LabChange,
    LabIn,
    LabList,
    LabOut,
    PreviewOut,
    SearchOut,
    SubmissionDetailOut,
    SubmissionList,
)

router = APIRouter(tags=["labs"])

_ERRORS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, LabNotFound)


@router.get("/projects/{project}/labs", responses=responses(Unauthenticated, MissingRight, ProjectNotFound))
async def list_labs(project: str, principal: CurrentPrincipal, session: Reading) -> LabList:
    """List the labs of a project, by name."""
    principal.require_user()
    found = await get_project(session, principal, project)
    labs = await store.list_labs(session, found.project_id)
    return LabList(items=[LabOut.model_validate(lab) for lab in labs])


@router.post(
    "/projects/{project}/labs",
    status_code=201,
    responses=responses(Unauthenticated, MissingRight, ProjectNotFound, BadValue, NameTaken, ArchiveNotFound),
)
async def create_lab(
    project: str, body: LabIn, principal: CurrentPrincipal, resources: CurrentResources, allowed: CurrentAllowed
) -> LabOut:
    """Make a lab."""
    principal.require_user()
    async with resources.database.transaction() as session:
        found = await get_project(session, principal, project)
        check_role(found.role, Right.WRITE)
        lab = await actions.create_lab(
            session,
            principal,
            found.project_id,
            body.name,
            definition=body.definition.model_dump(mode="json"),
            hyperparameters=body.hyperparameters,
            allowed=allowed,
        )
    return LabOut.model_validate(lab)


@router.get("/labs/{lab_id}", responses=responses(*_ERRORS))
async def get_lab(lab_id: UUID, principal: CurrentPrincipal, session: Reading) -> LabOut:
    """Answer with a lab."""
    return LabOut.model_validate(await actions.open_lab(session, principal, lab_id, Right.READ))


@router.patch("/labs/{lab_id}", responses=responses(*_ERRORS, BadValue, NameTaken, ArchiveNotFound))
async def change_lab(
    lab_id: UUID, body: LabChange, principal: CurrentPrincipal, resources: CurrentResources, allowed: CurrentAllowed
) -> LabOut:
    """Change a lab; what was submitted before stays as it was."""
    async with resources.database.transaction() as session:
        lab = await actions.open_lab(session, principal, lab_id, Right.WRITE)
        changed = await actions.change_lab(
            session,
            lab,
            name=body.name,
            definition=body.definition.model_dump(mode="json") if body.definition else None,
            hyperparameters=body.hyperparameters,
            allowed=allowed,
        )
    return LabOut.model_validate(changed)


@router.delete("/labs/{lab_id}", status_code=204, responses=responses(*_ERRORS, JobsUnfinished))
async def delete_lab(lab_id: UUID, principal: CurrentPrincipal, resources: CurrentResources) -> None:
    """Delete a lab with its submissions and secrets; the tracks stay."""
    async with resources.database.transaction() as session:
        await actions.delete_lab(session, await actions.open_lab(session, principal, lab_id, Right.WRITE))


def _hyperparameters(lab: Lab, choice: Choice) -> dict[str, list[Scalar]]:
    return lab.hyperparameters if choice.hyperparameters is None else choice.hyperparameters


def _combinations(lab: Lab, choice: Choice) -> list[Combination]:
    if choice.kind == "list":
        check_combinations(choice.combinations)
        return choice.combinations
    n_random = choice.n if choice.kind == "random" else None
    return combine(_hyperparameters(lab, choice), n_random=n_random, seed=choice.seed)


def _plan(choice: Choice) -> Plan:
    if choice.search is None:
        raise BadValue("A search needs to know what it is for.", field="search")
    return choice.search


@router.post("/labs/{lab_id}/preview", responses=responses(*_ERRORS, BadValue))
async def preview(lab_id: UUID, body: Choice, principal: CurrentPrincipal, session: Reading) -> PreviewOut:
    """Show what SUBMIT would make, without making it."""
    lab = await actions.open_lab(session, principal, lab_id, Right.READ)
    n_grid = count_grid(_hyperparameters(lab, body))
    combinations, dimensions, problem, n_jobs = list[Combination](), list[Dimension](), "", n_grid
    try:
        if body.kind == "search":
            dimensions = read_space(_hyperparameters(lab, body))
            n_jobs = fit(_plan(body), _hyperparameters(lab, body)).n_trials
        else:
            combinations = _combinations(lab, body)
            n_jobs = len(combinations)
    except BadValue as error:
        problem = error.detail
    return PreviewOut(
        n_grid=n_grid,
        n_jobs=n_jobs,
        max_jobs=MAX_COMBINATIONS,
        combinations=combinations,
        dimensions=[DimensionOut.of(dimension) for dimension in dimensions],
        problem=problem,
    )


@router.post("/labs/{lab_id}/submissions", status_code=201, responses=responses(*_ERRORS, BadValue, SearchUnavailable))
async def submit(
    lab_id: UUID,
    body: Choice,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> SubmissionDetailOut:
    """SUBMIT: a track and a job of each combination, all or none; or a search, which makes them one after the other."""
    shown_search = None
    async with resources.database.transaction() as session:
        lab = await actions.open_lab(session, principal, lab_id, Right.WRITE)
        if body.kind == "search":
            await require_searcher(session, clock.now())
            given = _hyperparameters(lab, body)
            submission_id = await submit_search(session, principal, lab_id, _plan(body), given, allowed=allowed)
            search = await find_search(session, submission_id)
            shown_search = SearchOut.of(search, []) if search else None
        else:
            submission_id = await actions.submit(session, principal, lab_id, _combinations(lab, body), allowed=allowed)
        submission = await store.get_submission(session, submission_id)
        shown = await show_submission(session, submission, lab, clock, shown_search)
    tell_of_jobs(resources, shown)
    return shown


@router.get("/labs/{lab_id}/submissions", responses=responses(*_ERRORS, BadCursor))
async def list_submissions(
    lab_id: UUID,
    principal: CurrentPrincipal,
    session: Reading,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
) -> SubmissionList:
    """List the submissions of a lab, newest first."""
    lab = await actions.open_lab(session, principal, lab_id, Right.READ)
    before = read_cursor(cursor, int)[0] if cursor else None
    found = await store.list_submissions(session, lab_id, before=before, limit=limit + 1)
    more = write_cursor(found[limit - 1].number) if len(found) > limit else None
    return SubmissionList(items=await show_submissions(session, found[:limit], lab), next_cursor=more)
