"""What can be done to a lab: make, change, delete, SUBMIT, submit again.

A combination becomes a track with its parameters and a job, all of a submission in one transaction. Guarantees all or
none: whoever sees one track of a submission sees every one.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.accounts.access import Principal, Right, check_project
from services.configs.store import ConfigRow, upsert_configs
from services.core.errors import BadValue, JobsUnfinished, LabNotFound, ProjectNotFound, SubmissionNotFound
from services.core.ids import new_id
from services.core.values import LeafKind, to_text, type_of
from services.jobs import store as job_store
from services.jobs.definition import Allowed, check_name, read_spec
from services.jobs.model import Job, JobState
from services.jobs.spec import ArchiveCode, Scalar
from services.labs import archives, store
from services.labs.combinations import Combination, check_combinations, combine, expand
from services.labs.model import Lab, Submission
from services.storage.database import AnySession, Session
from services.tracks.actions import create_track
from services.tracks.leaves import ensure_leaves_of_tracks

Hyperparameters = Mapping[str, list[Scalar]]


async def open_lab(session: AnySession, principal: Principal, lab_id: UUID, right: Right) -> Lab:
    """Return a lab that the principal may use so. Raises: LabNotFound, MissingRight."""
    lab = await store.get_lab(session, lab_id)
    try:
        await check_project(session, principal, lab.project_id, right)
    except ProjectNotFound as error:
        raise LabNotFound(lab_id=str(lab_id)) from error
    return lab


async def open_submission(
    session: AnySession, principal: Principal, submission_id: UUID, right: Right
) -> tuple[Submission, Lab]:
    """Return a submission that the principal may use so, and its lab. Raises: SubmissionNotFound, MissingRight."""
    submission = await store.get_submission(session, submission_id)
    try:
        return submission, await open_lab(session, principal, submission.lab_id, right)
    except LabNotFound as error:
        raise SubmissionNotFound(submission_id=str(submission_id)) from error


async def _definition(
    session: AnySession, project_id: UUID, definition: Mapping[str, object], allowed: Allowed
) -> dict[str, Any]:
    spec = read_spec({**definition, "params": {}}, allowed)
    if spec.code is None or not spec.command:
        raise BadValue("A lab has code and a command.", field="code" if spec.code is None else "command")
    if isinstance(spec.code, ArchiveCode):
        await archives.get_archive(session, project_id, spec.code.archive_id)
    return spec.model_dump(mode="json", exclude={"params", "actions", "uses_track"})


async def create_lab(
    session: Session,
    principal: Principal,
    project_id: UUID,
    name: str,
    *,
    definition: Mapping[str, object],
    hyperparameters: Hyperparameters | None = None,
    allowed: Allowed,
) -> Lab:
    """Make a lab. Raises: BadValue, NameTaken, ArchiveNotFound."""
    lab_id, given = new_id(), dict(hyperparameters or {})
    expand(given)
    values = {
        "lab_id": lab_id,
        "project_id": project_id,
        "name": check_name(name, "lab"),
        "definition": await _definition(session, project_id, definition, allowed),
        "hyperparameters": given,
        "created_by": principal.name,
    }
    await store.insert_lab(session, values)
    return await store.get_lab(session, lab_id)


async def change_lab(
    session: Session,
    lab: Lab,
    *,
    name: str | None = None,
    definition: Mapping[str, object] | None = None,
    hyperparameters: Hyperparameters | None = None,
    allowed: Allowed,
) -> Lab:
    """Change a lab; None leaves a field as it is. Raises: BadValue, NameTaken, ArchiveNotFound."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = check_name(name, "lab")
    if definition is not None:
        values["definition"] = await _definition(session, lab.project_id, definition, allowed)
    if hyperparameters is not None:
        expand(dict(hyperparameters))
        values["hyperparameters"] = dict(hyperparameters)
    if values:
        await store.update_lab(session, lab.lab_id, values)
    return await store.get_lab(session, lab.lab_id)


async def delete_lab(session: Session, lab: Lab) -> None:
    """Delete a lab, its submissions and secrets; tracks and jobs stay. Raises: JobsUnfinished."""
    await store.get_lab(session, lab.lab_id, is_locked=True)
    if await job_store.list_jobs_of_owner(session, lab.lab_id, is_unfinished=True):
        raise JobsUnfinished
    await job_store.delete_secrets(session, lab.lab_id)
    await store.delete_lab(session, lab.lab_id)


async def submit(
    session: Session, principal: Principal, lab_id: UUID, combinations: Sequence[Combination], *, allowed: Allowed
) -> UUID:
    """Make a track and a queued job of each combination; return the submission's id. Raises: LabNotFound, BadValue."""
    check_combinations(combinations)
    lab = await store.get_lab(session, lab_id, is_locked=True)
    submission_id = new_id()
    await store.insert_submission(session, lab, submission_id, principal.name)
    await add_jobs(session, principal, lab, submission_id, combinations, allowed=allowed)
    return submission_id


async def add_jobs(
    session: Session,
    principal: Principal,
    lab: Lab,
    submission_id: UUID,
    combinations: Sequence[Combination],
    *,
    allowed: Allowed,
) -> list[UUID]:
    """Make a track and a queued job of each combination in a submission; return the tracks. Raises: BadValue."""
    rows = list[dict[str, Any]]()
    specs = [
        read_spec({**lab.definition, "params": choice}, allowed).model_dump(mode="json") for choice in combinations
    ]
    for spec in specs:
        track = await create_track(session, lab.project_id, created_by=principal.name, origin="lab")
        rows.append(
            {
                "job_id": new_id(),
                "project_id": lab.project_id,
                "track_id": track.track_id,
                "submission_id": submission_id,
                "user_id": principal.user_id,
                "owner_id": lab.lab_id,
                "spec": spec,
            }
        )
    await _write_parameters(session, {row["track_id"]: row["spec"]["params"] for row in rows})
    await job_store.insert_jobs(session, rows, principal.name)
    await store.count_jobs(session, submission_id, len(rows))
    return [row["track_id"] for row in rows]


async def submit_grid(
    session: Session, principal: Principal, lab_id: UUID, hyperparameters: Hyperparameters, *, allowed: Allowed
) -> UUID:
    """Submit every combination of the values. Raises: LabNotFound, BadValue."""
    return await submit(session, principal, lab_id, combine(dict(hyperparameters)), allowed=allowed)


async def resubmit(
    session: Session,
    principal: Principal,
    jobs: Sequence[Job],
    *,
    changed: Mapping[str, Scalar] | None = None,
    allowed: Allowed,
) -> UUID:
    """Submit the combinations of jobs of one lab again, as new tracks, with the lab as it is now.

    `changed` takes the place of values of the same name. Raises: LabNotFound, BadValue.
    """
    if len({job.owner_id for job in jobs}) != 1:
        raise BadValue("Jobs that are submitted again together must be of one lab.", field="jobs")
    combinations = [{**job.spec["params"], **(changed or {})} for job in jobs]
    # Jobs that differed only in what was changed are one now.
    distinct = {tuple(sorted((name, repr(value)) for name, value in one.items())): one for one in combinations}
    return await submit(session, principal, jobs[0].owner_id, list(distinct.values()), allowed=allowed)


def failed_ones(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs that ended otherwise than they should have."""
    return [job for job in jobs if job.state in {JobState.FAILED, JobState.LOST}]


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
