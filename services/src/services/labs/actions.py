"""SUBMIT: a combination becomes a track with its parameters and a job, all of a submission in one transaction.

Guarantees all or none: whoever sees one track of a submission sees every one.
"""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from services.accounts.access import Principal
from services.configs.store import ConfigRow, upsert_configs
from services.core.errors import BadValue, LabNotFound, NameTaken
from services.core.ids import new_id
from services.core.values import LeafKind, to_text, type_of
from services.jobs import store as job_store
from services.jobs.model import Job
from services.jobs.spec import JobSpec
from services.labs.combinations import Combination, combine
from services.storage.database import Session
from services.storage.tables import labs, submissions
from services.tracks.actions import create_track
from services.tracks.leaves import ensure_leaves_of_tracks


async def create_lab(
    session: Session, principal: Principal, project_id: UUID, name: str, definition: Mapping[str, object]
) -> UUID:
    """Make a lab from a job's spec; the hyperparameters come with each submission. Raises: BadValue, NameTaken."""
    if not 1 <= len(name.strip()) <= 200 or not name.isprintable():
        raise BadValue("A lab's name has 1 to 200 printable characters.", field="name")
    lab_id, spec = new_id(), _checked(definition)
    made = insert(labs).values(
        lab_id=lab_id,
        project_id=project_id,
        name=name.strip(),
        definition=spec.model_dump(mode="json", exclude={"params"}),
        created_by=principal.name,
    )
    try:
        await session.execute(made)
    except IntegrityError as error:
        raise NameTaken("A lab of that name exists in this project.", field="name", name=name) from error
    return lab_id


def _checked(definition: Mapping[str, object]) -> JobSpec:
    try:
        return JobSpec.model_validate(definition)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        # Without the input: it may hold what nobody should see.
        raise BadValue(f"{field}: {first['msg']}", field=field) from None


async def submit(session: Session, principal: Principal, lab_id: UUID, combinations: Sequence[Combination]) -> UUID:
    """Make a track and a queued job of each combination; return the submission's id. Raises: LabNotFound, BadValue."""
    if not combinations:
        raise BadValue("There is nothing to submit.", field="combinations")
    lab = (await session.execute(select(labs).where(labs.c.lab_id == lab_id).with_for_update())).one_or_none()
    if lab is None:
        raise LabNotFound(lab_id=str(lab_id))
    submission_id, rows = new_id(), []
    specs = [_checked({**lab.definition, "params": choice}).model_dump(mode="json") for choice in combinations]
    for spec in specs:
        track = await create_track(session, lab.project_id, created_by=principal.name, origin="lab")
        rows.append(
            {
                "job_id": new_id(),
                "project_id": lab.project_id,
                "track_id": track.track_id,
                "submission_id": submission_id,
                "user_id": principal.user_id,
                "owner_id": lab_id,
                "spec": spec,
            }
        )
    await _write_parameters(session, {row["track_id"]: row["spec"]["params"] for row in rows})
    await session.execute(
        insert(submissions).values(
            submission_id=submission_id,
            lab_id=lab_id,
            number=lab.next_submission_number,
            n_jobs=len(rows),
            created_by=principal.name,
        )
    )
    await session.execute(
        update(labs).where(labs.c.lab_id == lab_id).values(next_submission_number=labs.c.next_submission_number + 1)
    )
    await job_store.insert_jobs(session, rows, principal.name)
    return submission_id


async def submit_grid(
    session: Session, principal: Principal, lab_id: UUID, hyperparameters: dict[str, list[bool | int | float | str]]
) -> UUID:
    """Submit every combination of the values. Raises: LabNotFound, BadValue."""
    return await submit(session, principal, lab_id, combine(hyperparameters))


async def resubmit(session: Session, principal: Principal, jobs: Sequence[Job]) -> UUID:
    """Submit the combinations of jobs of one lab again, as new tracks. Raises: LabNotFound, BadValue."""
    if len({job.owner_id for job in jobs}) != 1:
        raise BadValue("Jobs that are submitted again together must be of one lab.", field="jobs")
    return await submit(session, principal, jobs[0].owner_id, [JobSpec.model_validate(job.spec).params for job in jobs])


async def _write_parameters(session: Session, params: Mapping[UUID, Combination]) -> None:
    wanted = {
        track_id: {f"parameters/{name}": LeafKind.CONFIG for name in choice} for track_id, choice in params.items()
    }
    leaves, now = await ensure_leaves_of_tracks(session, wanted), time.time()
    rows = [
        ConfigRow(track_id, leaves[track_id][f"parameters/{name}"].leaf_id, int(type_of(value)), to_text(value), now)
        for track_id, choice in params.items()
        for name, value in choice.items()
    ]
    if rows:
        await upsert_configs(session, rows)
