"""From a job's row to an order for a launcher, with a token that is good for this one track.

Called by runner.py. Guarantees that secrets and token are in the order alone.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from services.accounts.access import Principal
from services.accounts.tokens import issue_token
from services.core.errors import ArchiveNotFound, BadValue
from services.jobs import store
from services.jobs.actions import end_token
from services.jobs.definition import Allowed, read_spec
from services.jobs.launchers.launcher import LaunchFailed, Order
from services.jobs.model import Job
from services.jobs.spec import ArchiveCode
from services.labs.archives import get_archive
from services.storage.blobs import BlobStore
from services.storage.database import Database, Session
from services.tracks.store import get_tracks

_LEFT_LASTS = timedelta(hours=1)


async def _token(
    session: Session, job: Job, user: str, backend: str, lasts: timedelta | None = None
) -> tuple[UUID, str]:
    owner = Principal(job.user_id, user, is_admin=False)
    name = f"job {job.job_id}"
    return await issue_token(
        session, owner, name=name, api_address=backend, now=datetime.now(UTC), lasts=lasts, track_id=job.track_id
    )


async def make_order(session: Session, blobs: BlobStore, job: Job, *, backend: str, allowed: Allowed) -> Order:
    """Return the order of a locked job, and store which token it got. Raises: LaunchFailed."""
    try:
        # What was allowed when it was submitted may not be any more.
        spec = read_spec(job.spec, allowed)
    except BadValue as error:
        raise LaunchFailed(error.detail) from error
    track = (await get_tracks(session, [job.track_id])).get(job.track_id)
    if track is None:
        raise LaunchFailed("The track was deleted.")
    open_archive = None
    if isinstance(spec.code, ArchiveCode):
        try:
            archive = await get_archive(session, job.project_id, spec.code.archive_id)
        except ArchiveNotFound as error:
            raise LaunchFailed("The archive of the code was deleted.") from error
        open_archive = partial(blobs.read, archive.blob_id, 0, archive.size_bytes)
    token_id, token = await _token(session, job, track.created_by, backend)
    await store.change_job(session, job.job_id, {"token_id": token_id})
    return Order(
        job_id=job.job_id,
        track_id=job.track_id,
        project_id=job.project_id,
        project=track.project_name,
        user=track.created_by,
        spec=spec,
        secrets=await store.read_secrets(session, job.owner_id),
        token=token,
        backend=backend,
        open_archive=open_archive,
    )


@asynccontextmanager
async def token_of_left(database: Database, backend: str, job_id: UUID) -> AsyncIterator[str | None]:
    """Give a token for sending what a job has left, and end it; None when its track is gone."""
    token_id = token = None
    async with database.transaction() as session:
        jobs = await store.get_jobs(session, [job_id])
        if jobs and await get_tracks(session, [jobs[0].track_id]):
            token_id, token = await _token(session, jobs[0], "", backend, _LEFT_LASTS)
    try:
        yield token
    finally:
        if token_id is not None:
            async with database.transaction() as session:
                await end_token(session, token_id)
