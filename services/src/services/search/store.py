"""The SQL of searches."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from services.jobs.store import NOW
from services.search.model import Ending, Plan, Search
from services.storage.database import AnySession, Session
from services.storage.tables import searches


def _search(row: Row[Any]) -> Search:
    return Search(**{**row._mapping, "plan": Plan.model_validate(row.plan)})  # noqa: SLF001 (the documented way)


async def insert_search(session: Session, values: Mapping[str, Any]) -> None:
    """Store a new search of a submission that was stored just now."""
    await session.execute(insert(searches).values(**values))


async def find_search(session: AnySession, submission_id: UUID) -> Search | None:
    """Return the search that a submission is, if it is one."""
    row = (await session.execute(select(searches).where(searches.c.submission_id == submission_id))).one_or_none()
    return _search(row) if row else None


async def find_objectives(session: AnySession, submission_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what those of these submissions that are searches search by."""
    query = select(searches.c.submission_id, searches.c.plan["objective"].astext.label("objective"))
    rows = await session.execute(query.where(searches.c.submission_id.in_(submission_ids)))
    return {row.submission_id: row.objective for row in rows}


async def lock_search(session: Session, submission_id: UUID, *, waits: bool) -> Search | None:
    """Return a search that nobody else can change meanwhile; None where it has ended, or somebody is at it."""
    query = select(searches).where(searches.c.submission_id == submission_id, searches.c.ended_at.is_(None))
    row = (await session.execute(query.with_for_update(skip_locked=not waits))).one_or_none()
    return _search(row) if row else None


async def list_unfinished(session: AnySession) -> Sequence[Search]:
    """Return the searches that go on, the oldest first."""
    query = select(searches).where(searches.c.ended_at.is_(None)).order_by(searches.c.submission_id)
    return [_search(row) for row in await session.execute(query)]


async def end_search(session: Session, submission_id: UUID, ending: Ending, detail: str) -> None:
    """Note that a search makes no more trials, and why."""
    ended = update(searches).where(searches.c.submission_id == submission_id, searches.c.ended_at.is_(None))
    await session.execute(ended.values(ended_at=NOW, ending=ending.value, detail=detail))
