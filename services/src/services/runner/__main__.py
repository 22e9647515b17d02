"""The job runner as a process (`python -m services.runner`): the only part with rights where jobs run.

It answers probes and metrics, and nothing else. When it ends, jobs go on, and the next one takes them up.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from services.core.settings import load_settings
from services.core.supervise import Supervisor
from services.jobs.definition import Allowed
from services.jobs.launchers.kubernetes.launcher import KubernetesLauncher
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.launcher import Launcher
from services.jobs.launchers.local import LocalLauncher
from services.jobs.launchers.steps import Machine
from services.live.changes import ChangeNotes
from services.runner.orders import token_of_left
from services.runner.runner import JobRunner
from services.runner.searches import SearchKeeper
from services.runner.settings import RunnerSettings
from services.search.study import can_search
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.web.app import Edge, create_base_app
from services.web.serve import serve

_SAME_USER = "Jobs run as the same system user as the services: let only people you trust submit code here."


@dataclass(frozen=True, slots=True)
class Resources:
    """The database and the loops."""

    database: Database
    supervisor: Supervisor | None


def _open_launcher(settings: RunnerSettings, database: Database) -> Launcher:
    if settings.runner_launcher == "kubernetes":
        return KubernetesLauncher(load_settings(KubernetesSettings), Allowed.from_settings(settings))
    folder = settings.runner_folder.absolute()
    machine = Machine(
        allowed=Allowed.from_settings(settings),
        environments=folder / "environments",
        client=settings.runner_client,
        user=settings.runner_user,
        max_processes=settings.runner_max_processes,
        **({"python": settings.runner_python} if settings.runner_python else {}),
    )
    folder.mkdir(parents=True, exist_ok=True)
    return LocalLauncher(
        folder,
        machine,
        max_jobs=settings.max_jobs,
        backend=settings.backend,
        token_of=partial(token_of_left, database, settings.backend),
    )


@asynccontextmanager
async def open_resources(settings: RunnerSettings) -> AsyncIterator[Resources]:
    """Run the loops; on shutdown jobs are stopped first where that is wished, while the loops still write it down."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings)
        stack.push_async_callback(database.close)
        changes = ChangeNotes(database)
        stack.push_async_callback(changes.close)
        launcher = _open_launcher(settings, database)
        stack.push_async_callback(launcher.close)
        is_trusting = settings.runner_launcher == "local" and not settings.runner_user
        allowed, searches = Allowed.from_settings(settings), can_search()
        runner = JobRunner(
            database,
            BlobStore(settings.blob_url),
            launcher,
            changes,
            backend=settings.backend,
            allowed=allowed,
            warning=_SAME_USER if is_trusting else "",
            can_search=searches,
        )
        loops = {"runner": runner.run, "changes": changes.run}
        if searches:
            loops["searches"] = SearchKeeper(database, changes, allowed).run
        supervisor = await stack.enter_async_context(Supervisor().running(**loops))
        if settings.runner_stops_jobs:
            stack.push_async_callback(runner.stop_all)
        yield Resources(database, supervisor)


def create_app(settings: RunnerSettings) -> FastAPI:
    """Make the app; what it needs is opened when it starts."""
    return create_base_app(Edge("runner", "MLSteam Track: job runner"), partial(open_resources, settings))


if __name__ == "__main__":
    serve(RunnerSettings, create_app, lambda settings: (settings.runner_host, settings.runner_port))
