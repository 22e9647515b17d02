"""The SQL of labs and submissions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.core.errors import LabNotFound, NameTaken, SubmissionNotFound
from services.labs.model import Lab, Submission
from services.storage.database import AnySession, Session
from services.storage.tables import labs, submissions

_TAKEN = "A lab of that name exists in this project."


async def insert_lab(session: Session, values: Mapping[str, Any]) -> None:
    """Store a new lab. Raises: NameTaken."""
    try:
        await session.execute(insert(labs).values(**values))
    except IntegrityError as error:
        raise NameTaken(_TAKEN, field="name", name=values["name"]) from error


async def update_lab(session: Session, lab_id: UUID, values: Mapping[str, Any]) -> None:
    """Change columns of a lab. Raises: NameTaken."""
    try:
        await session.execute(update(labs).where(labs.c.lab_id == lab_id).values(**values))
    except IntegrityError as error:
        raise NameTaken(_TAKEN, field="name", name=values.get("name", "")) from error


async def get_lab(session: AnySession, lab_id: UUID, *, is_locked: bool = False) -> Lab:
    """Return a lab; locked, nobody else submits it meanwhile. Raises: LabNotFound."""
    query = select(labs).where(labs.c.lab_id == lab_id)
    row = (await session.execute(query.with_for_update() if is_locked else query)).one_or_none()
    if row is None:
        raise LabNotFound(lab_id=str(lab_id))
    return Lab(**row._mapping)  # noqa: SLF001 (the documented way to a mapping)


async def list_labs(session: AnySession, project_id: UUID) -> list[Lab]:
    """Return the labs of a project, by name."""
    query = select(labs).where(labs.c.project_id == project_id).order_by(labs.c.name)
    return [Lab(**row._mapping) for row in await session.execute(query)]  # noqa: SLF001 (as above)


async def delete_lab(session: Session, lab_id: UUID) -> None:
    """Delete a lab with its submissions; their tracks stay."""
    await session.execute(delete(labs).where(labs.c.lab_id == lab_id))


async def insert_submission(session: Session, lab: Lab, submission_id: UUID, created_by: str) -> None:
    """Store a submission of a locked lab under its next number; it has no job yet."""
    await session.execute(
        insert(submissions).values(
            submission_id=submission_id,
            lab_id=lab.lab_id,
            number=lab.next_submission_number,
            n_jobs=0,
            created_by=created_by,
        )
    )
    await update_lab(session, lab.lab_id, {"next_submission_number": lab.next_submission_number + 1})


async def count_jobs(session: Session, submission_id: UUID, n_more: int) -> None:
    """Note that a submission has more jobs."""
    more = update(submissions).where(submissions.c.submission_id == submission_id)
    await session.execute(more.values(n_jobs=submissions.c.n_jobs + n_more))


async def get_submission(session: AnySession, submission_id: UUID) -> Submission:
    """Return a submission. Raises: SubmissionNotFound."""
    row = (await session.execute(select(submissions).where(submissions.c.submission_id == submission_id))).one_or_none()
    if row is None:
        raise SubmissionNotFound(submission_id=str(submission_id))
    return Submission(**row._mapping)  # noqa: SLF001 (as above)


async def list_submissions(session: AnySession, lab_id: UUID, *, before: int | None, limit: int) -> list[Submission]:
    """Return the submissions of a lab, newest first; only those with a number below `before`."""
    query = select(submissions).where(submissions.c.lab_id == lab_id).order_by(submissions.c.number.desc())
    if before is not None:
        query = query.where(submissions.c.number < before)
    rows = await session.execute(query.limit(limit))
    return [Submission(**row._mapping) for row in rows]  # noqa: SLF001 (as above)
