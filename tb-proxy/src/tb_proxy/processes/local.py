"""TensorBoard as a child process of this one, reached by a unix socket in its private folder.

Called by the registry. Guarantees that the child learns nothing but what its folder holds: its environment has no
variable of ours, so no way to the database.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from uuid import UUID

import httpx2
import structlog

from services.core.errors import ServiceError, TensorboardNotReady
from services.storage.database import Database
from services.tensorboard.logdir import Logdir

log = structlog.get_logger()

_GRACE_S = 2.0
# TensorBoard starts a thread for every connection, as many as come; and it closes each after one answer.
_LIMITS = httpx2.Limits(max_connections=16, max_keepalive_connections=0)
_TIMEOUT = httpx2.Timeout(connect=5, read=60, write=30, pool=30)
_LOG_TAIL = 2_000


class LocalChild:
    """A running TensorBoard and the loop that brings it new points."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, logdir: Logdir, refresh_s: float) -> None:
        self._process = process
        self._folder = folder
        transport = httpx2.AsyncHTTPTransport(uds=str(folder / "socket"), limits=_LIMITS)
        self._client = httpx2.AsyncClient(transport=transport, timeout=_TIMEOUT, trust_env=False)
        self._refresher = asyncio.create_task(self._refresh(logdir, refresh_s), name="tensorboard_refresh")

    @property
    def client(self) -> httpx2.AsyncClient:
        """The way to it."""
        return self._client

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        return self._process.returncode is None

    async def _refresh(self, logdir: Logdir, refresh_s: float) -> None:
        while True:
            await asyncio.sleep(refresh_s)
            try:
                await logdir.update()
            except ServiceError as error:
                # The database is away for a moment; what was missed comes with the next round.
                log.warning("tensorboard_refresh_failed", error=error.code)

    async def stop(self) -> None:
        """End it and remove its folder."""
        self._refresher.cancel()
        with suppress(asyncio.CancelledError):
            await self._refresher
        await self._client.aclose()
        await _end(self._process)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class LocalSpawner:
    """Starts TensorBoards on this machine."""

    def __init__(self, database: Database, *, refresh_s: float) -> None:
        self._database = database
        self._refresh_s = refresh_s

    async def start(self, track_id: UUID) -> LocalChild:
        """Return a TensorBoard of a track once it answers. Raises: TensorboardNotReady, DatabaseDown."""
        # Whatever happens on the way, also when the start is cut short: nothing of it may stay behind.
        async with AsyncExitStack() as undo:
            # Short, because a socket's path holds 107 bytes; private, because mkdtemp makes it so.
            folder = Path(tempfile.mkdtemp(prefix="mlsteam-tb-"))
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            process = await _spawn(track_id, folder)
            undo.push_async_callback(_end, process)
            logdir = Logdir(self._database, track_id, folder / "data")
            await logdir.update()
            # The process had its imports to do meanwhile; only now may it look at the data.
            await _until_ready(process, folder)
            undo.pop_all()
        return LocalChild(process, folder, logdir, self._refresh_s)


async def _spawn(track_id: UUID, folder: Path) -> asyncio.subprocess.Process:
    (folder / "data").mkdir()
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    with (folder / "log").open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tb_proxy.processes.child", str(folder / "socket"), f"/tb/{track_id}", str(os.getpid())),
            env=environment,
            cwd=folder / "data",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )


async def _until_ready(process: asyncio.subprocess.Process, folder: Path) -> None:
    assert process.stdin is not None, "it was asked for"  # noqa: S101 (an invariant)
    assert process.stdout is not None, "it was asked for"  # noqa: S101 (an invariant)
    with suppress(ConnectionError):
        process.stdin.write(b"go\n")
        await process.stdin.drain()
        process.stdin.close()
    if await process.stdout.readline() != b"ready\n":
        said = (folder / "log").read_text(errors="replace")[-_LOG_TAIL:]
        log.error("tensorboard_start_failed", said=said)
        raise TensorboardNotReady("TensorBoard ended while it started.", retry_after_s=2)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_S)
    except TimeoutError:
        process.kill()
        await process.wait()
