"""The SQL of pipelines and runs."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.core.errors import NameTaken, PipelineNotFound, RunNotFound
from services.pipelines.model import Pipeline, Run
from services.storage.database import AnySession, Session
from services.storage.tables import pipeline_runs, pipelines

_TAKEN = "A pipeline of that name exists in this project."


async def insert_pipeline(session: Session, values: Mapping[str, Any]) -> None:
    """Store a new pipeline. Raises: NameTaken."""
    try:
        await session.execute(insert(pipelines).values(**values))
    except IntegrityError as error:
        raise NameTaken(_TAKEN, field="name", name=values["name"]) from error


async def update_pipeline(session: Session, pipeline_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a pipeline. Raises: NameTaken."""
    try:
        await session.execute(update(pipelines).where(pipelines.c.pipeline_id == pipeline_id).values(**values))
    except IntegrityError as error:
        raise NameTaken(_TAKEN, field="name", name=values.get("name", "")) from error


async def get_pipeline(session: AnySession, pipeline_id: UUID, *, is_locked: bool = False) -> Pipeline:
    """Return a pipeline; locked, nobody else runs it meanwhile. Raises: PipelineNotFound."""
    query = select(pipelines).where(pipelines.c.pipeline_id == pipeline_id)
    row = (await session.execute(query.with_for_update() if is_locked else query)).one_or_none()
    if row is None:
        raise PipelineNotFound(pipeline_id=str(pipeline_id))
    return Pipeline(**row._mapping)  # noqa: SLF001 (the documented way to a mapping)


async def list_pipelines(session: AnySession, project_id: UUID) -> list[Pipeline]:
    """Return the pipelines of a project, by name."""
    query = select(pipelines).where(pipelines.c.project_id == project_id).order_by(pipelines.c.name)
    return [Pipeline(**row._mapping) for row in await session.execute(query)]  # noqa: SLF001 (as above)


async def delete_pipeline(session: Session, pipeline_id: UUID) -> None:
    """Delete a pipeline with its runs; their tracks stay."""
    await session.execute(delete(pipelines).where(pipelines.c.pipeline_id == pipeline_id))


async def insert_run(session: Session, pipeline: Pipeline, values: Mapping[str, Any]) -> None:
    """Store a run of a locked pipeline under its next number."""
    await session.execute(
        insert(pipeline_runs).values(pipeline_id=pipeline.pipeline_id, run_number=pipeline.next_run_number, **values)
    )
    await update_pipeline(session, pipeline.pipeline_id, {"next_run_number": pipeline.next_run_number + 1})


async def get_run(session: AnySession, pipeline_id: UUID, run_number: int) -> Run:
    """Return a run. Raises: RunNotFound."""
    query = select(pipeline_runs).where(
        pipeline_runs.c.pipeline_id == pipeline_id, pipeline_runs.c.run_number == run_number
    )
    # The column holds 32 bits.
    row = (await session.execute(query)).one_or_none() if run_number < 2**31 else None
    if row is None:
        raise RunNotFound(run_number=run_number)
    return Run(**row._mapping)  # noqa: SLF001 (as above)


async def list_runs(session: AnySession, pipeline_id: UUID, *, before: int | None, limit: int) -> list[Run]:
    """Return the runs of a pipeline, newest first; only those with a number below `before`."""
    query = (
        select(pipeline_runs)
        .where(pipeline_runs.c.pipeline_id == pipeline_id)
        .order_by(pipeline_runs.c.run_number.desc())
    )
    if before is not None:
        query = query.where(pipeline_runs.c.run_number < before)
    rows = await session.execute(query.limit(limit))
    return [Run(**row._mapping) for row in rows]  # noqa: SLF001 (as above)


async def find_run_of_job(session: AnySession, job_id: UUID) -> Run | None:
    """Return the run that a job belongs to."""
    row = (await session.execute(select(pipeline_runs).where(pipeline_runs.c.job_id == job_id))).first()
    return Run(**row._mapping) if row else None  # noqa: SLF001 (as above)
