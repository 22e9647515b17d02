"""What can be done to a search: submit it, give it trials, prune them, end it.

Guarantees that a trial is made the way SUBMIT makes a job, and that two processes never make the same one: whoever adds
trials holds the search's row and has seen all there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.accounts.access import Principal, Right, check_project
from services.accounts.store import get_user
from services.core.errors import BadValue, MissingRight, ProjectNotFound, SearchUnavailable
from services.core.ids import new_id
from services.jobs import store as job_store
from services.jobs.actions import ask_stop
from services.jobs.definition import Allowed, read_spec
from services.jobs.model import ENDED, Job
from services.labs import store as lab_store
from services.labs.actions import Hyperparameters, add_jobs
from services.labs.combinations import Combination
from services.search import store
from services.search.model import PRUNED, Ending, Plan
from services.search.space import count_space, read_space
from services.storage.database import AnySession, Session

ACTOR = "search"


def fit(plan: Plan, hyperparameters: Hyperparameters) -> Plan:
    """Return a plan of no more trials than there are combinations. Raises: BadValue."""
    total = count_space(read_space(hyperparameters))
    return plan if total is None or total >= plan.n_trials else plan.model_copy(update={"n_trials": total})


async def require_searcher(session: AnySession, now: datetime) -> None:
    """Refuse when job runners are there and none of them can search. Raises: SearchUnavailable."""
    alive = [runner for runner in await job_store.list_runners(session) if runner.is_alive(now)]
    if alive and not any(runner.can_search for runner in alive):
        raise SearchUnavailable


async def submit_search(
    session: Session,
    principal: Principal,
    lab_id: UUID,
    plan: Plan,
    hyperparameters: Hyperparameters,
    *,
    allowed: Allowed,
) -> UUID:
    """Make a submission whose jobs are chosen one after the other; return its id. Raises: LabNotFound, BadValue."""
    plan = fit(plan, hyperparameters)
    lab = await lab_store.get_lab(session, lab_id, is_locked=True)
    # What could not be submitted as a job is told now.
    read_spec({**lab.definition, "params": {}}, allowed)
    submission_id = new_id()
    await lab_store.insert_submission(session, lab, submission_id, principal.name)
    values = {
        "submission_id": submission_id,
        "user_id": principal.user_id,
        "plan": plan.model_dump(mode="json"),
        "hyperparameters": dict(hyperparameters),
        "definition": lab.definition,
    }
    await store.insert_search(session, values)
    return submission_id


async def add_trials(
    session: Session, submission_id: UUID, combinations: Sequence[Combination], n_seen: int, *, allowed: Allowed
) -> list[Job]:
    """Add trials that were chosen knowing the first `n_seen`; none where there are others by now.

    Where nothing can be submitted any more, the search ends and says so.
    """
    search = await store.lock_search(session, submission_id, waits=False)
    if search is None:
        return []
    submission = await lab_store.get_submission(session, submission_id)
    if submission.n_jobs != n_seen:
        return []
    lab = replace(await lab_store.get_lab(session, submission.lab_id), definition=search.definition)
    try:
        principal = await get_user(session, search.user_id)
        await check_project(session, principal, lab.project_id, Right.WRITE)
        tracks = set(await add_jobs(session, principal, lab, submission_id, combinations, allowed=allowed))
    except (MissingRight, ProjectNotFound, BadValue) as error:
        await store.end_search(session, submission_id, Ending.FAILED, f"No trial could be submitted: {error.detail}")
        return []
    made = await job_store.list_jobs(session, submission_id)
    return [job for job in made if job.track_id in tracks]


async def prune(session: Session, submission_id: UUID, causes: Mapping[UUID, str]) -> list[Job]:
    """Stop trials of a search that are not worth going on, and return them; `causes` says of each track why."""
    if await store.lock_search(session, submission_id, waits=False) is None:
        return []
    asked = [
        await ask_stop(session, track_id, ACTOR, cause=cause, reason=PRUNED)
        for track_id, cause in sorted(causes.items())
    ]
    return [job for job in asked if job is not None]


async def end_by_itself(session: Session, submission_id: UUID, ending: Ending, detail: str = "") -> None:
    """End a search that has done what it could; trials that are still there are stopped."""
    if await store.lock_search(session, submission_id, waits=False) is None:
        return
    await store.end_search(session, submission_id, ending, detail)
    await _stop_jobs(session, submission_id, ACTOR)


async def stop_submission(session: Session, submission_id: UUID, actor: str) -> None:
    """Ask all jobs of a submission to stop that have not ended; a search makes no more."""
    # Before the jobs are looked at, so that none can be added after.
    if await store.lock_search(session, submission_id, waits=True) is not None:
        await store.end_search(session, submission_id, Ending.STOPPED, actor)
    await _stop_jobs(session, submission_id, actor)


async def _stop_jobs(session: Session, submission_id: UUID, actor: str) -> None:
    # In the order of their ids, so that two who stop the same jobs do not wait for each other.
    for job in await job_store.list_jobs(session, submission_id):
        if job.state not in ENDED:
            await ask_stop(session, job.track_id, actor)
