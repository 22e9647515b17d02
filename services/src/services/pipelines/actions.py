"""What can be done to a pipeline: make, change, delete, run, run again.

A run is one job of the pipeline's actions. It always has a track that holds its output; with Use Track on, people see
it among the others, and what the actions log and publish is there.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.accounts.access import Principal, Right, check_project
from services.configs.store import read_configs
from services.core.errors import BadValue, JobsUnfinished, PipelineNotFound, ProjectNotFound
from services.core.ids import new_id
from services.jobs import store as job_store
from services.jobs.definition import Allowed, check_name, read_spec
from services.jobs.model import Job
from services.jobs.spec import ArchiveCode
from services.pipelines import store
from services.pipelines.model import FOLDER, ActionStatus, Pipeline, Run, status_of
from services.storage.database import AnySession, Session
from services.tracks.actions import create_track

MAX_COMMENT_CHARS = 10_000


async def open_pipeline(session: AnySession, principal: Principal, pipeline_id: UUID, right: Right) -> Pipeline:
    """Return a pipeline that the principal may use so. Raises: PipelineNotFound, MissingRight."""
    pipeline = await store.get_pipeline(session, pipeline_id)
    try:
        await check_project(session, principal, pipeline.project_id, right)
    except ProjectNotFound as error:
        raise PipelineNotFound(pipeline_id=str(pipeline_id)) from error
    return pipeline


def _definition(definition: Mapping[str, object], allowed: Allowed) -> dict[str, Any]:
    spec = read_spec(definition, allowed)
    if not spec.actions:
        raise BadValue("A pipeline has actions.", field="actions")
    if isinstance(spec.code, ArchiveCode):
        raise BadValue("A pipeline's code is a folder or a git repository.", field="code")
    return spec.model_dump(mode="json", exclude={"params", "command", "uses_shell", "uses_track"})


async def create_pipeline(
    session: Session,
    principal: Principal,
    project_id: UUID,
    name: str,
    definition: Mapping[str, object],
    *,
    allowed: Allowed,
) -> Pipeline:
    """Make a pipeline. Raises: BadValue, NameTaken."""
    pipeline_id = new_id()
    values = {
        "pipeline_id": pipeline_id,
        "project_id": project_id,
        "name": check_name(name, "pipeline"),
        "definition": _definition(definition, allowed),
        "created_by": principal.name,
    }
    await store.insert_pipeline(session, values)
    return await store.get_pipeline(session, pipeline_id)


async def change_pipeline(
    session: Session,
    pipeline: Pipeline,
    *,
    name: str | None = None,
    definition: Mapping[str, object] | None = None,
    allowed: Allowed,
) -> Pipeline:
    """Change a pipeline; None leaves a field as it is. Raises: BadValue, NameTaken."""
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = check_name(name, "pipeline")
    if definition is not None:
        values["definition"] = _definition({**pipeline.definition, **definition}, allowed)
    if values:
        await store.update_pipeline(session, pipeline.pipeline_id, values)
    return await store.get_pipeline(session, pipeline.pipeline_id)


async def reorder(session: Session, pipeline: Pipeline, order: Sequence[int], *, allowed: Allowed) -> Pipeline:
    """Put the actions into another order: `order` names their present positions, from 1. Raises: BadValue."""
    actions = pipeline.definition["actions"]
    if sorted(order) != list(range(1, len(actions) + 1)):
        raise BadValue("The order must name every action once, by its present position.", field="order")
    moved = [actions[position - 1] for position in order]
    return await change_pipeline(session, pipeline, definition={"actions": moved}, allowed=allowed)


async def delete_pipeline(session: Session, pipeline: Pipeline) -> None:
    """Delete a pipeline, its runs and secrets; tracks and jobs stay. Raises: JobsUnfinished."""
    await store.get_pipeline(session, pipeline.pipeline_id, is_locked=True)
    if await job_store.list_jobs_of_owner(session, pipeline.pipeline_id, is_unfinished=True):
        raise JobsUnfinished
    await job_store.delete_secrets(session, pipeline.pipeline_id)
    await store.delete_pipeline(session, pipeline.pipeline_id)


async def run(
    session: Session, principal: Principal, pipeline_id: UUID, *, comment: str, uses_track: bool, allowed: Allowed
) -> Run:
    """Queue the actions as they are now, as the next run. Raises: PipelineNotFound, BadValue."""
    if len(comment) > MAX_COMMENT_CHARS or "\x00" in comment:
        raise BadValue(f"A comment has at most {MAX_COMMENT_CHARS} characters and no NUL.", field="comment")
    pipeline = await store.get_pipeline(session, pipeline_id, is_locked=True)
    spec = read_spec({**pipeline.definition, "uses_track": uses_track}, allowed).model_dump(mode="json")
    name = f"{pipeline.name[:150]} #{pipeline.next_run_number}"
    track = await create_track(
        session,
        pipeline.project_id,
        created_by=principal.name,
        name=name,
        notes=comment,
        origin="pipeline",
        is_listed=uses_track,
    )
    job_id = new_id()
    row = {
        "job_id": job_id,
        "project_id": pipeline.project_id,
        "track_id": track.track_id,
        "user_id": principal.user_id,
        "owner_id": pipeline_id,
        "spec": spec,
    }
    await job_store.insert_jobs(session, [row], principal.name)
    values = {"job_id": job_id, "comment": comment, "uses_track": uses_track, "created_by": principal.name}
    await store.insert_run(session, pipeline, values)
    return await store.get_run(session, pipeline_id, pipeline.next_run_number)


async def read_actions(session: AnySession, job: Job) -> list[ActionStatus]:
    """Return how far each action of a run is."""
    values = {
        config.key: config.value
        for config in await read_configs(session, job.track_id)
        if config.key.startswith(f"{FOLDER}/")
    }
    return [status_of(job, position, action, values) for position, action in enumerate(job.spec["actions"], 1)]
