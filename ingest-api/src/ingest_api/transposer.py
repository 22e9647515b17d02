"""The transposer as a process (`python -m ingest_api.transposer`): it moves points beside the requests, not among them.

Any number may run; they share the work. It answers probes and metrics, and nothing else.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from ingest_api.settings import TransposerSettings
from services.core.memory import reuse_memory
from services.core.supervise import Supervisor
from services.ingest.transposer import Transposer
from services.storage.database import Database
from services.web.app import Edge, create_base_app
from services.web.serve import serve

# Whoever logs or reads is waited for; what is moved later is visible all the same. At 5, charts beside a full load of
# small batches took five times as long in the slowest twentieth; at 15 twice.
_NICENESS = 15


@dataclass(frozen=True, slots=True)
class Resources:
    """The database and the loop."""

    database: Database
    supervisor: Supervisor | None


@asynccontextmanager
async def open_resources(settings: TransposerSettings) -> AsyncIterator[Resources]:
    """Run the loop; on shutdown it is cut, which loses nothing: moving is one transaction."""
    database = Database(settings.database_url.get_secret_value(), pool_size=2)
    try:
        loop = Transposer(database, rested_s=settings.transposer_rested_s).run
        async with Supervisor().running(transposer=loop) as supervisor:
            yield Resources(database, supervisor)
    finally:
        await database.close()


def create_app(settings: TransposerSettings) -> FastAPI:
    """Make the app; what it needs is opened when it starts."""
    return create_base_app(Edge("transposer", "MLSteam Track: transposer"), partial(open_resources, settings))


if __name__ == "__main__":
    os.nice(_NICENESS)
    reuse_memory()
    serve(TransposerSettings, create_app, lambda settings: (settings.transposer_host, settings.transposer_port))
