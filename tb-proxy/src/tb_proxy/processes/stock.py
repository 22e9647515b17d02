"""The mode `process`: a stock TensorBoard over event files that we write, for plugins that need a real log folder.

Called by the registry. Slower to start by a second, and 32 MiB more each. It runs in a network of its own, and does not
start where there is none. Guarantees that the child learns nothing but what its folder holds: its environment has no
variable of ours, so no way to the database.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import structlog

from services.core.errors import ServiceError, TensorboardNotReady
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.tensorboard.logdir import Logdir
from services.tensorboard.runs import open_runs
from services.tensorboard.uploads import RewrittenError
from tb_proxy.forward.unix import UnixClient
from tb_proxy.processes.folders import new_folder, sweep_folders
from tb_proxy.processes.forked import Uploads, find_gone
from tb_proxy.processes.spawner import BoardId, prefix_of

log = structlog.get_logger()

_GRACE_S = 2.0
_LOG_TAIL = 2_000


class StockChild:
    """A running TensorBoard and the loop that brings it new points."""

    def __init__(
        self, process: asyncio.subprocess.Process, folder: Path, content: "_Content", refresh_s: float
    ) -> None:
        self._process = process
        self._folder = folder
        self._wants_replacement = False
        self._client = UnixClient(folder / "socket")
        self._refresher = asyncio.create_task(self._refresh(content, refresh_s), name="tensorboard_refresh")

    @property
    def client(self) -> UnixClient:
        """The way to it."""
        return self._client

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        return self._process.returncode is None

    def is_to_blame(self) -> bool:
        """Say yes: its parent is this process."""
        return True

    def wants_replacement(self) -> bool:
        """Say whether uploaded files have become others."""
        return self._wants_replacement

    async def _refresh(self, content: "_Content", refresh_s: float) -> None:
        while True:
            await asyncio.sleep(refresh_s)
            try:
                await content.update()
            except RewrittenError:
                self._wants_replacement = True
                return
            except (ServiceError, OSError) as error:
                # The database is away for a moment; what was missed comes with the next round.
                log.warning("tensorboard_refresh_failed", error=str(error)[:200])

    async def stop(self) -> None:
        """End it and remove its folder."""
        self._refresher.cancel()
        with suppress(asyncio.CancelledError):
            await self._refresher
        self._client.close()
        await _end(self._process)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class _Content:
    """The event files we write and those that were uploaded, of all runs."""

    def __init__(self, logdirs: Sequence[Logdir], uploads: Uploads) -> None:
        self._logdirs = logdirs
        self._uploads = uploads
        uploads.has_any = True

    async def update(self) -> None:
        """Bring what is new. Raises: RewrittenError, DatabaseDown, BlobStoreDown, OSError."""
        for logdir in self._logdirs:
            await logdir.update()
        await self._uploads.update()


class StockSpawner:
    """Starts TensorBoards as processes of their own."""

    def __init__(self, database: Database, blobs: BlobStore, *, refresh_s: float, max_upload_bytes: int) -> None:
        self._database = database
        self._blobs = blobs
        self._refresh_s = refresh_s
        self._max_upload_bytes = max_upload_bytes

    async def start(self, board_id: BoardId) -> StockChild:
        """Return a TensorBoard once it answers. Raises: TensorboardNotReady, DatabaseDown."""
        async with self._database.read() as session:
            runs = await open_runs(session, board_id)
        # Whatever happens on the way, also when the start is cut short: nothing of it may stay behind.
        async with AsyncExitStack() as undo:
            folder = new_folder()
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            process = await _spawn(board_id, folder)
            undo.push_async_callback(_end, process)
            data = folder / "data"
            content = _Content(
                [Logdir(self._database, run.track_id, data / run.name) for run in runs],
                Uploads(self._database, self._blobs, runs, data, self._max_upload_bytes),
            )
            await content.update()
            # The process had its imports to do meanwhile; only now may it look at the data.
            await _until_ready(process, folder)
            undo.pop_all()
        return StockChild(process, folder, content, self._refresh_s)

    async def find_gone(self, board_ids: Sequence[BoardId]) -> list[BoardId]:
        """Return those of which a track was deleted. Raises: DatabaseDown."""
        return await find_gone(self._database, board_ids)

    async def run(self) -> None:
        """Nothing has to be kept warm."""
        await asyncio.to_thread(sweep_folders)
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""


async def _spawn(board_id: BoardId, folder: Path) -> asyncio.subprocess.Process:
    (folder / "data").mkdir()
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    with (folder / "log").open("wb") as errors:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tb_proxy.board.stock", str(folder / "socket"), prefix_of(board_id), str(os.getpid())),
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
