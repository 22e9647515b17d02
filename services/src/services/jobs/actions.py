"""What can be done to a job: move it to its next state, ask it to stop.

Called by labs, routes and the runner. Guarantees that a state follows only where it may, each with its line of history,
and that the track of a job that has ended says the same.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, update

from services.jobs import store
from services.jobs.model import ENDED, TRACK_STATUS_OF, Job, JobState, may_follow
from services.storage.database import Session
from services.storage.tables import api_tokens
from services.tracks.store import update_track


async def move(
    session: Session,
    job_id: UUID,
    state: JobState,
    *,
    cause: str,
    actor: str,
    reason: str = "",
    at: datetime | None = None,
    **values: Any,
) -> Job | None:
    """Bring a job to a state and return it; None when it may not follow the present one. Raises: JobNotFound."""
    job = await store.lock_job(session, job_id)
    if not may_follow(job.state, state):
        return None
    changed: dict[str, Any] = {"state": state.value, "cause": cause, **values}
    of_track: dict[str, Any] = {}
    if state in ENDED:
        changed["ended_at"] = func.clock_timestamp()
        of_track = {"status": TRACK_STATUS_OF[state].value, "ended_at": func.clock_timestamp()}
    elif job.state is JobState.LOST:
        changed["ended_at"] = None
    # In any case, so that whoever follows the tracks that changed sees the new state of the job.
    await update_track(session, job.track_id, of_track)
    await store.change_job(session, job_id, changed)
    await store.append_history(session, job_id, state, cause, actor, reason=reason, at=at)
    return await store.get_job(session, job_id)


async def note(
    session: Session, job: Job, *, cause: str, actor: str, reason: str = "", at: datetime | None = None
) -> bool:
    """Add to the history what happened within a state of a locked job; False when that is there already."""
    is_new = await store.append_history(session, job.job_id, job.state, cause, actor, reason=reason, at=at)
    if is_new:
        await store.change_job(session, job.job_id, {"cause": cause})
    return is_new


async def ask_stop(
    session: Session, track_id: UUID, actor: str, *, cause: str = "asked to stop", reason: str = ""
) -> Job | None:
    """Ask the job of a track to stop and return it; harmless when it has ended. None when the track has no job.

    `cause` and `reason` say in its history why. A queued one is stopped with this; of the others the runner takes care.
    """
    found = await store.find_job_of_track(session, track_id)
    if found is None:
        return None
    job = await store.lock_job(session, found.job_id)
    if job.state in ENDED or job.stop_asked_at is not None:
        return job
    asked: dict[str, Any] = {"stop_asked_at": func.clock_timestamp(), "stop_asked_by": actor}
    if job.state is JobState.QUEUED:
        return await move(session, job.job_id, JobState.STOPPED, cause="stopped before it began", actor=actor, **asked)
    return await move(session, job.job_id, JobState.STOPPING, cause=cause, reason=reason, actor=actor, **asked)


async def end_token(session: Session, token_id: UUID) -> None:
    """Make the token of a job useless."""
    await session.execute(
        update(api_tokens).where(api_tokens.c.token_id == token_id).values(revoked_at=func.clock_timestamp())
    )
