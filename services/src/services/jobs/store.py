"""The SQL of jobs and runners."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Row, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.errors import JobNotFound
from services.jobs.model import Job, JobState, Runner, Step
from services.storage.database import AnySession, Session
from services.storage.tables import job_history, jobs, runners, secrets

_BUSY = ("starting", "running", "stopping")
# The database's clock, which all processes share.
NOW = func.clock_timestamp()


def _job(row: Row[Any]) -> Job:
    return Job(**{**row._mapping, "state": JobState(row.state)})  # noqa: SLF001 (the documented way to a mapping)


def _step(row: Row[Any]) -> Step:
    return Step(JobState(row.state), row.at, row.cause, row.reason, row.actor)


async def insert_jobs(session: Session, rows: Sequence[Mapping[str, Any]], actor: str) -> None:
    """Store new jobs with the first line of their history."""
    await session.execute(insert(jobs), [{**row, "state": JobState.QUEUED.value} for row in rows])
    first = {"position": 1, "state": JobState.QUEUED.value, "cause": "submitted", "actor": actor}
    await session.execute(insert(job_history), [{"job_id": row["job_id"], **first} for row in rows])


async def get_job(session: AnySession, job_id: UUID) -> Job:
    """Return a job. Raises: JobNotFound."""
    row = (await session.execute(select(jobs).where(jobs.c.job_id == job_id))).one_or_none()
    if row is None:
        raise JobNotFound
    return _job(row)


async def lock_job(session: Session, job_id: UUID) -> Job:
    """Return a job that nobody else can change before this transaction has ended. Raises: JobNotFound."""
    row = (await session.execute(select(jobs).where(jobs.c.job_id == job_id).with_for_update())).one_or_none()
    if row is None:
        raise JobNotFound
    return _job(row)


async def find_job_of_track(session: AnySession, track_id: UUID) -> Job | None:
    """Return the newest job of a track."""
    query = select(jobs).where(jobs.c.track_id == track_id).order_by(jobs.c.queued_at.desc()).limit(1)
    row = (await session.execute(query)).first()
    return _job(row) if row else None


async def list_jobs(session: AnySession, submission_id: UUID) -> list[Job]:
    """Return the jobs of a submission in the order they were made."""
    query = select(jobs).where(jobs.c.submission_id == submission_id).order_by(jobs.c.job_id)
    return [_job(row) for row in await session.execute(query)]


async def get_jobs(session: AnySession, job_ids: Sequence[UUID]) -> list[Job]:
    """Return those jobs that exist."""
    return [_job(row) for row in await session.execute(select(jobs).where(jobs.c.job_id.in_(job_ids)))]


async def find_tracks_of_submission(session: AnySession, submission_id: UUID) -> list[UUID]:
    """Return the tracks that were made by one SUBMIT."""
    return list((await session.scalars(select(jobs.c.track_id).where(jobs.c.submission_id == submission_id))).all())


async def count_states(session: AnySession, submission_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Return how many jobs of each submission are in which state."""
    query = (
        select(jobs.c.submission_id, jobs.c.state, func.count().label("n"))
        .where(jobs.c.submission_id.in_(submission_ids))
        .group_by(jobs.c.submission_id, jobs.c.state)
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in await session.execute(query):
        found.setdefault(row.submission_id, {})[row.state] = row.n
    return found


async def list_jobs_of_owner(session: AnySession, owner_id: UUID, *, is_unfinished: bool = False) -> list[Job]:
    """Return the jobs of a lab or pipeline, newest first."""
    query = select(jobs).where(jobs.c.owner_id == owner_id).order_by(jobs.c.job_id.desc())
    if is_unfinished:
        query = query.where(jobs.c.ended_at.is_(None))
    return [_job(row) for row in await session.execute(query)]


async def list_tracks_with_unfinished_jobs(session: AnySession, project_id: UUID) -> list[UUID]:
    """Return the tracks of a project whose jobs have not ended."""
    query = select(jobs.c.track_id).where(jobs.c.project_id == project_id, jobs.c.ended_at.is_(None))
    return list((await session.scalars(query)).all())


async def list_adoptable(session: AnySession, runner_id: UUID) -> list[Job]:
    """Return what a runner has claimed and not brought to an end, and what was believed lost lately."""
    is_lost = (jobs.c.state == JobState.LOST.value) & (jobs.c.ended_at > func.now() - timedelta(days=7))
    query = select(jobs).where(jobs.c.runner_id == runner_id, or_(jobs.c.ended_at.is_(None), is_lost))
    return [_job(row) for row in await session.execute(query)]


async def list_history(session: AnySession, job_id: UUID) -> list[Step]:
    """Return the changes of a job's state, oldest first."""
    query = select(job_history).where(job_history.c.job_id == job_id).order_by(job_history.c.position)
    return [_step(row) for row in await session.execute(query)]


async def find_steps(session: AnySession, submission_id: UUID, reason: str) -> dict[UUID, Step]:
    """Return of each job of a submission the first line of its history that has a reason."""
    query = (
        select(job_history)
        .join(jobs, jobs.c.job_id == job_history.c.job_id)
        .where(jobs.c.submission_id == submission_id, job_history.c.reason == reason)
        .order_by(job_history.c.position.desc())
    )
    return {row.job_id: _step(row) for row in await session.execute(query)}


async def change_job(session: Session, job_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a job."""
    await session.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))


async def append_history(
    session: Session, job_id: UUID, state: JobState, cause: str, actor: str, *, reason: str = "", at: datetime | None
) -> bool:
    """Add a line to the history of a locked job; False when the very same line is there already."""
    same = select(job_history.c.position).where(
        job_history.c.job_id == job_id, job_history.c.at == at, job_history.c.cause == cause
    )
    if at is not None and (await session.execute(same.limit(1))).first() is not None:
        return False
    last = select(func.coalesce(func.max(job_history.c.position), 0) + 1).where(job_history.c.job_id == job_id)
    line = {"job_id": job_id, "state": state.value, "cause": cause, "reason": reason, "actor": actor}
    await session.execute(
        insert(job_history).values(
            position=last.scalar_subquery(), at=func.clock_timestamp() if at is None else at, **line
        )
    )
    return True


# Fair: of the user with least running, then least lately served; of one user's in the order they came.
_LOAD = (
    "WITH load AS (SELECT user_id, count(*) FILTER (WHERE state = ANY(:busy)) AS n, max(started_at) AS served_at"
    " FROM jobs WHERE user_id IN (SELECT user_id FROM jobs WHERE state = 'queued' AND ended_at IS NULL)"
    " GROUP BY user_id)"
)


async def find_next(session: Session) -> Job | None:
    """Lock and return the queued job whose turn it is: of the user with least running, then least lately served."""
    row = (
        await session.execute(
            text(
                _LOAD + " SELECT jobs.job_id FROM jobs JOIN load USING (user_id)"  # noqa: S608 (our own words)
                " WHERE state = 'queued' AND ended_at IS NULL"
                " ORDER BY load.n, load.served_at NULLS FIRST, jobs.queued_at, jobs.job_id"
                " LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED"
            ),
            {"busy": list(_BUSY)},
        )
    ).first()
    return await get_job(session, row.job_id) if row else None


async def queue_places(session: AnySession, job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many starts it is to each queued job, the next one being 1, if nobody submits anything else."""
    if not job_ids:
        return {}
    rows = await session.execute(
        text(
            _LOAD + ", mine AS (SELECT *, row_number()"  # noqa: S608 (as above)
            " OVER (PARTITION BY user_id ORDER BY queued_at, job_id) AS nth"
            " FROM jobs WHERE state = 'queued' AND ended_at IS NULL),"
            " places AS (SELECT job_id, row_number() OVER (ORDER BY load.n + nth, load.served_at NULLS FIRST,"
            " queued_at, job_id) AS place FROM mine JOIN load USING (user_id))"
            " SELECT job_id, place FROM places WHERE job_id = ANY(:wanted)"
        ),
        {"busy": list(_BUSY), "wanted": list(job_ids)},
    )
    return {row.job_id: row.place for row in rows}


async def count_busy(session: AnySession) -> int:
    """Return how many jobs hold a place."""
    query = select(func.count()).select_from(jobs).where(jobs.c.ended_at.is_(None), jobs.c.state.in_(_BUSY))
    return await session.scalar(query) or 0


async def last_notes(session: AnySession, job_ids: Sequence[UUID]) -> dict[UUID, Step]:
    """Return the newest line of each job's history."""
    query = (
        select(job_history)
        .ext(distinct_on(job_history.c.job_id))
        .where(job_history.c.job_id.in_(job_ids))
        .order_by(job_history.c.job_id, job_history.c.position.desc())
    )
    return {row.job_id: _step(row) for row in await session.execute(query)}


async def read_secrets(session: AnySession, owner_id: UUID) -> dict[str, str]:
    """Return the secrets of a lab; asked for by the runner alone."""
    rows = await session.execute(select(secrets.c.name, secrets.c.value).where(secrets.c.owner_id == owner_id))
    return {row.name: row.value for row in rows}


async def list_secrets(session: AnySession, owner_id: UUID) -> list[tuple[str, datetime]]:
    """Return the names of secrets and when each was set; what they hold is never shown."""
    query = select(secrets.c.name, secrets.c.created_at).where(secrets.c.owner_id == owner_id).order_by(secrets.c.name)
    return [(row.name, row.created_at) for row in await session.execute(query)]


async def put_secret(session: Session, owner_id: UUID, name: str, value: str) -> None:
    """Store a secret, in place of the one before."""
    made = upsert(secrets).values(owner_id=owner_id, name=name, value=value)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=[secrets.c.owner_id, secrets.c.name], set_={"value": value, "created_at": func.now()}
        )
    )


async def delete_secret(session: Session, owner_id: UUID, name: str) -> bool:
    """Forget a secret; False when there is none."""
    gone = delete(secrets).where(secrets.c.owner_id == owner_id, secrets.c.name == name).returning(secrets.c.name)
    return await session.scalar(gone) is not None


async def delete_secrets(session: Session, owner_id: UUID) -> None:
    """Forget all secrets of a lab or pipeline."""
    await session.execute(delete(secrets).where(secrets.c.owner_id == owner_id))


async def touch_runner(session: Session, runner_id: UUID, **said: Any) -> None:
    """Note that a runner is alive, and what it says of itself."""
    made = upsert(runners).values(runner_id=runner_id, **said)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=[runners.c.runner_id], set_={"seen_at": func.clock_timestamp(), **said}
        )
    )


async def claim_runner(connection: "asyncpg.Connection[Any]", runner_id: UUID) -> bool:
    """Claim to be the one process that acts for a runner's id, for as long as the connection lives."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", runner_id.int & (2**63 - 1)))


async def list_runners(session: AnySession) -> list[Runner]:
    """Return every runner that was ever heard of, the last one first."""
    rows = await session.execute(select(runners).order_by(runners.c.seen_at.desc()))
    return [Runner(**row._mapping) for row in rows]  # noqa: SLF001 (as above)


async def list_of_silent_runners(session: AnySession, before: datetime) -> list[UUID]:
    """Return unfinished jobs of runners that were not heard of since a moment."""
    query = (
        select(jobs.c.job_id)
        .join(runners, runners.c.runner_id == jobs.c.runner_id)
        .where(jobs.c.ended_at.is_(None), runners.c.seen_at < before)
    )
    return list((await session.scalars(query)).all())
