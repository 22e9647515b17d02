"""Jobs: where they stand and why, stopping them, the code they fetch."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from services.accounts.access import Right, check_track
from services.core.errors import (
    ArchiveNotFound,
    BlobStoreDown,
    JobNotFound,
    MissingRight,
    ServiceError,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
)
from services.jobs import store
from services.jobs.actions import ask_stop
from services.jobs.model import Job, JobState, Waiting, why_waiting
from services.jobs.spec import ArchiveCode, JobSpec
from services.labs.archives import get_archive
from services.labs.combinations import MAX_COMBINATIONS
from services.storage.database import AnySession
from services.tracks.store import get_track
from services.web.auth import CurrentPrincipal, ReadableTrack, WritableTrack
from services.web.problem import responses
from track_api.deps import CurrentAllowed, CurrentClock, CurrentResources, Reading
from track_api.schemas.jobs import JobDetailOut, JobRulesOut, RunnerOut, StopIn, StopList, StopOut

router = APIRouter(tags=["jobs"])

_ERRORS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, JobNotFound)
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


async def waiting_of(session: AnySession, jobs: list[Job], clock: CurrentClock) -> dict[UUID, Waiting]:
    """Say of the queued ones why they have not started."""
    queued = [job.job_id for job in jobs if job.state is JobState.QUEUED]
    if not queued:
        return {}
    places, notes = await store.queue_places(session, queued), await store.last_notes(session, queued)
    runners, n_busy, now = await store.list_runners(session), await store.count_busy(session), clock.now()
    return {job_id: why_waiting(place, runners, n_busy, notes.get(job_id), now) for job_id, place in places.items()}


async def job_of_track(session: AnySession, track_id: UUID) -> Job:
    """Return the job of a track. Raises: JobNotFound."""
    job = await store.find_job_of_track(session, track_id)
    if job is None:
        raise JobNotFound(track_id=str(track_id))
    return job


async def show_job(session: AnySession, job: Job, clock: CurrentClock) -> JobDetailOut:
    """Put together all that is known of a job."""
    waiting = (await waiting_of(session, [job], clock)).get(job.job_id)
    track = await get_track(session, job.track_id)
    return JobDetailOut.of_all(job, waiting, await store.list_history(session, job.job_id), track.last_seen_at)


@router.get("/tracks/{track_id}/job", responses=responses(*_ERRORS))
async def get_job(access: ReadableTrack, session: Reading, clock: CurrentClock) -> JobDetailOut:
    """Answer with the job of a track: its state, its history, and while it is queued why it has not started."""
    return await show_job(session, await job_of_track(session, access.track_id), clock)


@router.post("/tracks/{track_id}/stop", responses=responses(*_ERRORS))
async def stop_track(
    access: WritableTrack, principal: CurrentPrincipal, resources: CurrentResources, clock: CurrentClock
) -> JobDetailOut:
    """Ask the job or pipeline run of a track to stop; harmless when it has ended."""
    principal.require_user()
    async with resources.database.transaction() as session:
        job = await ask_stop(session, access.track_id, principal.name)
        if job is None:
            raise JobNotFound(track_id=str(access.track_id))
        shown = await show_job(session, job, clock)
    resources.changes.note_track(access.track_id, access.project_id)
    return shown


@router.post("/tracks/stop", responses=responses(Unauthenticated, MissingRight))
async def stop_tracks(body: StopIn, principal: CurrentPrincipal, resources: CurrentResources) -> StopList:
    """Ask the jobs of several tracks to stop; one that cannot be stopped keeps none of the others."""
    principal.require_user()
    items = []
    for track_id in dict.fromkeys(body.track_ids):
        try:
            async with resources.database.transaction() as session:
                project_id = await check_track(session, principal, track_id, Right.WRITE)
                job = await ask_stop(session, track_id, principal.name)
                if job is None:
                    raise JobNotFound
        except (TrackNotFound, TrackDeleted, MissingRight, JobNotFound) as error:
            items.append(StopOut(track_id=track_id, state=None, problem=error.code))
            continue
        resources.changes.note_track(track_id, project_id)
        items.append(StopOut(track_id=track_id, state=job.state, problem=""))
    return StopList(items=items)


@router.get(
    "/tracks/{track_id}/job/code",
    responses=responses(*_ERRORS, ArchiveNotFound, BlobStoreDown)
    | {200: {"description": "The archive, as it was uploaded", "content": _BINARY}},
    response_class=StreamingResponse,
)
async def get_code(access: ReadableTrack, session: Reading, resources: CurrentResources) -> StreamingResponse:
    """Answer with the archive that the job of a track unpacks; the job's own token may ask."""
    job = await job_of_track(session, access.track_id)
    code = JobSpec.model_validate(job.spec).code
    if not isinstance(code, ArchiveCode):
        raise ArchiveNotFound
    archive = await get_archive(session, job.project_id, code.archive_id)
    headers = {"content-length": str(archive.size_bytes), "content-disposition": "attachment"}
    content = resources.blobs.read(archive.blob_id, 0, archive.size_bytes)
    return StreamingResponse(content, headers=headers, media_type="application/octet-stream")


@router.get("/job-rules", responses=responses(Unauthenticated, MissingRight))
async def get_job_rules(
    principal: CurrentPrincipal, session: Reading, clock: CurrentClock, allowed: CurrentAllowed
) -> JobRulesOut:
    """Say where code may come from, how many jobs one submission may have, and who runs them."""
    principal.require_user()
    now = clock.now()
    return JobRulesOut(
        code_roots=list(allowed.code_roots),
        git_hosts=sorted(allowed.git_hosts),
        max_combinations=MAX_COMBINATIONS,
        n_busy=await store.count_busy(session),
        runners=[RunnerOut.of(runner, now) for runner in await store.list_runners(session)],
    )
