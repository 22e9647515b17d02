"""The stack under test: the embedded PostgreSQL with its own settings, and each service as the process that users run.

Called by run.py (one server a run) and the sections (services on a database of their own). Guarantees that every load
starts on a freshly migrated database, and that nothing is left running or on disk.
"""

import asyncio
import importlib.util
import shutil
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from harness.cpu import ProcessTree
from services.storage.migrate import migrate

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "deploy" / "local"))

from ports import is_free  # noqa: E402 (deploy/local is a folder of scripts, no package)
from postgres import EmbeddedPostgres  # noqa: E402
from processes import Runner, Service  # noqa: E402
from settings import StackSettings  # noqa: E402

__all__ = [
    "ROOT",
    "Bench",
    "Service",
    "Services",
    "free_ports",
    "has_own_transposer",
    "running_bench",
    "running_process",
]

_TEMPLATE = "bench_template"
_SPAN = 6


def free_ports() -> int:
    """Return the first of some neighbouring ports that nobody listens on."""
    for port in range(18_080, 60_000, _SPAN):
        if all(is_free("127.0.0.1", port + offset) for offset in range(_SPAN)):
            return port
    msg = "no free ports"
    raise RuntimeError(msg)


@dataclass(frozen=True)
class Services:
    """Running services and the database behind them."""

    database_url: str
    ingest_port: int
    track_port: int
    trees: Mapping[str, ProcessTree]


class Bench:
    """One PostgreSQL for the whole run, and everything that is started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._postgres = EmbeddedPostgres(folder / "data" / "postgres")
        self._url = ""

    @property
    def logs(self) -> Path:
        """The folder of the processes' logs."""
        return self.folder / "logs"

    async def start(self) -> None:
        """Start PostgreSQL as `make run` does, and make the template of all databases."""
        self.logs.mkdir(parents=True)
        self._url = self._postgres.start()
        await self.execute(f"CREATE DATABASE {_TEMPLATE}")
        await migrate(self.url_of(_TEMPLATE))

    def stop(self) -> None:
        """Stop PostgreSQL."""
        self._postgres.stop()

    async def restart(self) -> None:
        """Stop PostgreSQL and start it again, with nothing in its memory."""
        await asyncio.to_thread(self._postgres.stop)
        self._url = await asyncio.to_thread(self._postgres.start)

    def url_of(self, database: str) -> str:
        """Return the address of a database."""
        return make_url(self._url).set(database=database).render_as_string(hide_password=False)

    async def execute(self, *statements: str, url: str | None = None) -> Any:
        """Run statements outside of any transaction and return the first value of the last."""
        connection = await asyncpg.connect(url or self._url)
        try:
            found = None
            for statement in statements:
                found = await connection.fetchval(statement)
            return found
        finally:
            await connection.close()

    def postgres_tree(self) -> ProcessTree:
        """Return the processes of PostgreSQL."""
        pid = int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
        return ProcessTree(pid)

    @asynccontextmanager
    async def database(self, template: str = _TEMPLATE) -> AsyncIterator[str]:
        """Give the address of a database of its own, dropped afterwards."""
        name = f"bench_{uuid.uuid4().hex[:12]}"
        # What the run before has left to be written must not be paid for by this one.
        await self.execute("CHECKPOINT", f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url_of(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @asynccontextmanager
    async def services(
        self, database_url: str, *, with_transposer: bool = True, variables: Mapping[str, str] | None = None
    ) -> AsyncIterator[Services]:
        """Run ingest-api and track-api, and the transposer when it is a process of its own."""
        port = free_ports()
        settings = StackSettings(port, "127.0.0.1", self.folder, database_url, f"http://127.0.0.1:{port}", False)
        environment = settings.service_environment(database_url) | {"MLSTEAM_TRANSPOSER_PORT": str(port + 4)}
        environment |= variables or {}
        modules = {"ingest-api": port + 1, "track-api": port + 2}
        if with_transposer and has_own_transposer():
            modules["transposer"] = port + 4
        async with AsyncExitStack() as stack:
            trees = {"postgres": self.postgres_tree()}
            for name, its_port in modules.items():
                service = Service(name, [sys.executable, "-m", _MODULES[name]], environment, "127.0.0.1", its_port)
                trees[name] = await stack.enter_async_context(running_process(service, self.logs))
            yield Services(database_url, port + 1, port + 2, trees)

    @asynccontextmanager
    async def tb_proxy(self, database_url: str, variables: Mapping[str, str]) -> AsyncIterator[tuple[int, Path, int]]:
        """Run tb-proxy; give its port, the folder its children's folders are in, and its process id."""
        port = free_ports()
        settings = StackSettings(port, "127.0.0.1", self.folder, database_url, f"http://127.0.0.1:{port}", False)
        temporary = Path(tempfile.mkdtemp(prefix="b-"))
        environment = settings.service_environment(database_url) | {"TMPDIR": str(temporary), **variables}
        command = [sys.executable, "-m", "tb_proxy"]
        try:
            service = Service("tb-proxy", command, environment, "127.0.0.1", port + 3)
            async with running_process(service, self.logs) as tree:
                yield port + 3, temporary, tree.pid
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


_MODULES = {"ingest-api": "ingest_api", "track-api": "track_api", "transposer": "ingest_api.transposer"}


def has_own_transposer() -> bool:
    """Say whether the transposer is a process of its own; where it is not, ingest-api runs it."""
    return importlib.util.find_spec(_MODULES["transposer"]) is not None


@asynccontextmanager
async def running_process(service: Service, logs: Path) -> AsyncIterator[ProcessTree]:
    """Run a process from when it answers until the end of the block."""
    runner = Runner(service, logs)
    try:
        await runner.start()
        await runner.wait_ready()
        assert runner.pid is not None
        yield ProcessTree(runner.pid)
    finally:
        await runner.stop()


@asynccontextmanager
async def running_bench() -> AsyncIterator[Bench]:
    """Run PostgreSQL in a folder of its own for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="mlsteam-bench-"))
    bench = Bench(folder)
    try:
        await bench.start()
        yield bench
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
