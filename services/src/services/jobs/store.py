"""The SQL of jobs and runners."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.core.errors import JobNotFound
from services.jobs.model import Job, JobState, Step
from services.storage.database import AnySession, Session
from services.storage.tables import job_history, jobs, runners, secrets

_BUSY = ("starting", "running", "stopping")


def _job(row: Row[Any]) -> Job:
    return Job(**{**row._mapping, "state": JobState(row.state)})  # noqa: SLF001 (the documented way to a mapping)


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


async def list_unfinished(session: AnySession, runner_id: UUID) -> list[Job]:
    """Return what a runner has claimed and not brought to an end."""
    query = select(jobs).where(jobs.c.runner_id == runner_id, jobs.c.ended_at.is_(None))
    return [_job(row) for row in await session.execute(query)]


async def list_history(session: AnySession, job_id: UUID) -> list[Step]:
    """Return the changes of a job's state, oldest first."""
    query = select(job_history).where(job_history.c.job_id == job_id).order_by(job_history.c.position)
    return [Step(JobState(row.state), row.at, row.cause, row.actor) for row in await session.execute(query)]


async def change_job(session: Session, job_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a job."""
    await session.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))


async def append_history(session: Session, job_id: UUID, state: JobState, cause: str, actor: str) -> None:
    """Add a line to the history of a locked job."""
    last = select(func.coalesce(func.max(job_history.c.position), 0) + 1).where(job_history.c.job_id == job_id)
    await session.execute(
        insert(job_history).values(
            job_id=job_id, position=last.scalar_subquery(), state=state.value, cause=cause, actor=actor
        )
    )


async def find_next(session: Session) -> Job | None:
    """Lock and return the queued job whose turn it is: of the user with least running, then least lately served."""
    row = (
        await session.execute(
            text(
                "WITH load AS (SELECT user_id, count(*) FILTER (WHERE state = ANY(:busy)) AS n,"
                " max(started_at) AS served_at FROM jobs GROUP BY user_id)"
                " SELECT jobs.job_id FROM jobs JOIN load USING (user_id) WHERE state = 'queued'"
                " ORDER BY load.n, load.served_at NULLS FIRST, jobs.queued_at, jobs.job_id"
                " LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED"
            ),
            {"busy": list(_BUSY)},
        )
    ).first()
    return await get_job(session, row.job_id) if row else None


async def read_secrets(session: AnySession, owner_id: UUID) -> dict[str, str]:
    """Return the secrets of a lab; asked for by the runner alone."""
    rows = await session.execute(select(secrets.c.name, secrets.c.value).where(secrets.c.owner_id == owner_id))
    return {row.name: row.value for row in rows}


async def touch_runner(session: Session, runner_id: UUID, host: str) -> None:
    """Note that a runner is alive."""
    made = upsert(runners).values(runner_id=runner_id, host=host)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=[runners.c.runner_id], set_={"seen_at": func.clock_timestamp(), "host": host}
        )
    )


async def list_of_silent_runners(session: AnySession, before: datetime) -> list[UUID]:
    """Return unfinished jobs of runners that were not heard of since a moment."""
    query = (
        select(jobs.c.job_id)
        .join(runners, runners.c.runner_id == jobs.c.runner_id)
        .where(jobs.c.ended_at.is_(None), runners.c.seen_at < before)
    )
    return list((await session.scalars(query)).all())
