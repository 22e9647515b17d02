"""Submissions: the jobs of one SUBMIT as tracks; submit them again, stop them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from services.accounts.access import Right
from services.core.errors import (
    BadValue,
    JobNotFound,
    LabNotFound,
    MissingRight,
    ServiceError,
    SubmissionNotFound,
    TrackDeleted,
    TrackNotFound,
    Unauthenticated,
)
from services.jobs import store as job_store
from services.labs import actions, store
from services.labs.model import Lab, Submission
from services.search.actions import stop_submission as stop_all
from services.search.model import Trial
from services.search.store import find_objectives, find_search
from services.search.trials import read_trials
from services.storage.database import AnySession
from services.tracks.store import get_tracks
from services.web.auth import CurrentPrincipal, WritableTrack
from services.web.problem import responses
from track_api.deps import CurrentAllowed, CurrentClock, CurrentResources, Reading
from track_api.routes.jobs import job_of_track, waiting_of
from track_api.schemas.jobs import JobOut
from track_api.schemas.labs import (
    Change,
    Resubmit,
    SearchOut,
    SubmissionDetailOut,
    SubmissionOut,
    SubmittedJobOut,
    TrialOut,
)

router = APIRouter(tags=["labs"])

_ERRORS: tuple[type[ServiceError], ...] = (Unauthenticated, MissingRight, SubmissionNotFound)


def _fields(submission: Submission, lab: Lab, states: dict[str, int], objective: str | None) -> dict[str, Any]:
    names = ("submission_id", "lab_id", "number", "n_jobs", "created_by", "created_at")
    plain = {name: getattr(submission, name) for name in names}
    return plain | {"lab_name": lab.name, "project_id": lab.project_id, "states": states, "objective": objective}


async def show_submissions(session: AnySession, submissions: list[Submission], lab: Lab) -> list[SubmissionOut]:
    """Show submissions of a lab with the states of their jobs counted."""
    ids = [submission.submission_id for submission in submissions]
    states, objectives = await job_store.count_states(session, ids), await find_objectives(session, ids)
    return [
        SubmissionOut(**_fields(one, lab, states.get(one.submission_id, {}), objectives.get(one.submission_id)))
        for one in submissions
    ]


async def show_submission(
    session: AnySession, submission: Submission, lab: Lab, clock: CurrentClock, search: SearchOut | None = None,
    trials: Sequence[Trial] = (),
) -> SubmissionDetailOut:  # fmt: skip
    """Show a submission with its jobs and their tracks."""
    jobs, now = await job_store.list_jobs(session, submission.submission_id), clock.now()
    trial_of = {trial.job_id: TrialOut.of(trial) for trial in trials}
    tracks = await get_tracks(session, [job.track_id for job in jobs])
    waiting = await waiting_of(session, jobs, clock)
    shown = []
    for job in jobs:
        track = tracks.get(job.track_id)
        if track is not None:
            plain = JobOut.of(job, waiting.get(job.job_id)).model_dump()
            shown.append(
                SubmittedJobOut(
                    **plain,
                    track_name=track.name,
                    track_number=track.number,
                    track_status=track.status,
                    has_signal=track.has_signal(now),
                    trial=trial_of.get(job.job_id),
                )
            )
    states = dict(Counter(job.state.value for job in jobs))
    objective = search.objective if search else None
    return SubmissionDetailOut(**_fields(submission, lab, states, objective), jobs=shown, search=search)


def tell_of_jobs(resources: CurrentResources, submission: SubmissionDetailOut) -> None:
    """Tell open pages that these tracks are new, or changed."""
    for job in submission.jobs:
        resources.changes.note_track(job.track_id, job.project_id)


@router.get("/submissions/{submission_id}", responses=responses(*_ERRORS))
async def get_submission(
    submission_id: UUID,
    principal: CurrentPrincipal,
    session: Reading,
    resources: CurrentResources,
    clock: CurrentClock,
) -> SubmissionDetailOut:
    """Answer with a submission and its jobs."""
    submission, lab = await actions.open_submission(session, principal, submission_id, Right.READ)
    search = await find_search(session, submission_id)
    if search is None:
        return await show_submission(session, submission, lab, clock)
    jobs = await job_store.list_jobs(session, submission_id)
    trials = await read_trials(session, resources.sources, search, jobs, has_curves=False)
    return await show_submission(session, submission, lab, clock, SearchOut.of(search, trials), trials)


@router.post("/submissions/{submission_id}/resubmit", status_code=201, responses=responses(*_ERRORS, BadValue))
async def resubmit(
    submission_id: UUID,
    body: Resubmit,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> SubmissionDetailOut:
    """Submit all jobs again, or those that failed or were lost, as new tracks of a new submission."""
    async with resources.database.transaction() as session:
        _, lab = await actions.open_submission(session, principal, submission_id, Right.WRITE)
        jobs = await job_store.list_jobs(session, submission_id)
        chosen = actions.failed_ones(jobs) if body.only == "failed" else jobs
        if not chosen:
            raise BadValue("None of its jobs has failed.", field="only")
        made = await actions.resubmit(session, principal, chosen, changed=body.changed, allowed=allowed)
        shown = await show_submission(session, await store.get_submission(session, made), lab, clock)
    tell_of_jobs(resources, shown)
    return shown


@router.post("/submissions/{submission_id}/stop", responses=responses(*_ERRORS))
async def stop_submission(
    submission_id: UUID, principal: CurrentPrincipal, resources: CurrentResources, clock: CurrentClock
) -> SubmissionDetailOut:
    """Ask all jobs to stop that have not ended; a search makes no more."""
    async with resources.database.transaction() as session:
        await actions.open_submission(session, principal, submission_id, Right.WRITE)
        await stop_all(session, submission_id, principal.name)
    async with resources.database.read() as reading:
        shown = await get_submission(submission_id, principal, reading, resources, clock)
    tell_of_jobs(resources, shown)
    return shown


@router.post(
    "/tracks/{track_id}/resubmit",
    status_code=201,
    responses=responses(Unauthenticated, MissingRight, TrackNotFound, TrackDeleted, JobNotFound, LabNotFound, BadValue),
)
async def resubmit_track(
    access: WritableTrack,
    body: Change,
    principal: CurrentPrincipal,
    resources: CurrentResources,
    allowed: CurrentAllowed,
    clock: CurrentClock,
) -> SubmissionDetailOut:
    """Submit the job of a track again with the same values, or with some changed, as a new track."""
    principal.require_user()
    async with resources.database.transaction() as session:
        job = await job_of_track(session, access.track_id)
        lab = await actions.open_lab(session, principal, job.owner_id, Right.WRITE)
        made = await actions.resubmit(session, principal, [job], changed=body.changed, allowed=allowed)
        shown = await show_submission(session, await store.get_submission(session, made), lab, clock)
    tell_of_jobs(resources, shown)
    return shown
