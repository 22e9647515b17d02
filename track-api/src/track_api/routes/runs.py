"""Runs of pipelines: RUN NOW, their actions live, stop, run again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.accounts.access import Principal, Right
from services.core.errors import (
    BadCursor,
    BadValue,
    MissingRight,
    PipelineNotFound,
    RunNotFound,
    ServiceError,
    Unauthenticated,
)
from services.jobs import store as job_store
from services.jobs.actions import ask_stop
from services.jobs.model import Job
from services.pipelines import actions, store
from services.pipelines.model import Pipeline, Run
from services.storage.database import AnySession
from services.web.auth import CurrentPrincipal
from services.web.problem import responses
from track_api.cursors import read_cursor, write_cursor
from track_api.deps import CurrentAllowed, CurrentClock, CurrentResources, Reading
from track_api.routes.jobs import waiting_of
from track_api.routes.projects import Limit
from track_api.schemas.jobs import JobOut
from track_api.schemas.pipelines import ActionStatusOut, RunDetailOut, RunIn, RunList, RunOut

router = APIRouter(prefix="/pipelines/{pipeline_id}/runs", tags=["pipelines"])

_ERRORS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, PipelineNotFound)
RunNumber = Annotated[int, Path(ge=1)]


async def _shown(
    session: AnySession, pipeline: Pipeline, runs: list[Run], clock: CurrentClock
) -> list[tuple[RunOut, Job]]:
    jobs = {job.job_id: job for job in await job_store.get_jobs(session, [run.job_id for run in runs])}
    waiting = await waiting_of(session, list(jobs.values()), clock)
    shown = []
    for run in runs:
        job = jobs[run.job_id]
        fields = {name: getattr(run, name) for name in Run.__dataclass_fields__ if name != "job_id"}
        job_out = JobOut.of(job, waiting.get(job.job_id))
        shown.append((RunOut(**fields, pipeline_name=pipeline.name, job=job_out), job))
    return shown


async def _detail(session: AnySession, pipeline: Pipeline, run: Run, clock: CurrentClock) -> RunDetailOut:
    [(shown, job)] = await _shown(session, pipeline, [run], clock)
    said = [ActionStatusOut.model_validate(action) for action in await actions.read_actions(session, job)]
    return RunDetailOut(**shown.model_dump(), actions=said)


async def _run(
    resources: CurrentResources,
    principal: Principal,
    pipeline_id: UUID,
    body: RunIn,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> RunDetailOut:
    async with resources.database.transaction() as session:
        pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        run = await actions.run(
            session, principal, pipeline_id, comment=body.comment, uses_track=body.uses_track, allowed=allowed
        )
        shown = await _detail(session, pipeline, run, clock)
    resources.changes.note_track(shown.job.track_id, shown.job.project_id)
    return shown


@router.get("", responses=responses(*_ERRORS, BadCursor))
async def list_runs(
    pipeline_id: UUID,
    principal: CurrentPrincipal,
    session: Reading,
    clock: CurrentClock,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
) -> RunList:
    """List the runs of a pipeline, newest first."""
    pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.READ)
    before = read_cursor(cursor, int)[0] if cursor else None
    found = await store.list_runs(session, pipeline_id, before=before, limit=limit + 1)
    more = write_cursor(found[limit - 1].run_number) if len(found) > limit else None
    items = [shown for shown, _ in await _shown(session, pipeline, found[:limit], clock)]
    return RunList(items=items, next_cursor=more)


@router.post("", status_code=201, responses=responses(*_ERRORS, BadValue))
async def run_pipeline(
    pipeline_id: UUID,
    body: RunIn,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> RunDetailOut:
    """RUN NOW: queue the actions as they are now, as the next run."""
    return await _run(resources, principal, pipeline_id, body, allowed, clock)


@router.get("/{run_number}", responses=responses(*_ERRORS, RunNotFound))
async def get_run(
    pipeline_id: UUID, run_number: RunNumber, principal: CurrentPrincipal, session: Reading, clock: CurrentClock
) -> RunDetailOut:
    """Answer with a run and how far its actions are."""
    pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.READ)
    return await _detail(session, pipeline, await store.get_run(session, pipeline_id, run_number), clock)


@router.post("/{run_number}/stop", responses=responses(*_ERRORS, RunNotFound))
async def stop_run(
    pipeline_id: UUID,
    run_number: RunNumber,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    clock: CurrentClock,
) -> RunDetailOut:
    """Ask a run to stop; harmless when it has ended."""
    async with resources.database.transaction() as session:
        pipeline = await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        run = await store.get_run(session, pipeline_id, run_number)
        await ask_stop(session, (await job_store.get_job(session, run.job_id)).track_id, principal.name)
        shown = await _detail(session, pipeline, run, clock)
    resources.changes.note_track(shown.job.track_id, shown.job.project_id)
    return shown


@router.post("/{run_number}/rerun", status_code=201, responses=responses(*_ERRORS, RunNotFound, BadValue))
async def rerun(
    pipeline_id: UUID,
    run_number: RunNumber,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> RunDetailOut:
    """Run the pipeline again as it is now, with the comment and the Use Track of an earlier run."""
    async with resources.database.read() as session:
        await actions.open_pipeline(session, principal, pipeline_id, Right.WRITE)
        run = await store.get_run(session, pipeline_id, run_number)
    body = RunIn(comment=run.comment, uses_track=run.uses_track)
    return await _run(resources, principal, pipeline_id, body, allowed, clock)
