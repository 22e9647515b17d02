"""TensorBoards forked from the zygote, and what each of them is given of its tracks.

Called by the registry. Guarantees that a child that ended is known to have ended at once (its channel closes), and that
its folder goes with it.
"""

import asyncio
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import structlog
from sqlalchemy import select

from services.core.errors import ServiceError
from services.files.model import TrackFile
from services.files.store import list_files
from services.series.source import SourceCache
from services.storage.blobs import BlobStore
from services.storage.database import Database
from services.storage.tables import tracks
from services.tensorboard.runs import Run, open_runs
from services.tensorboard.uploads import RewrittenError, UploadCopies, place_of, wanted_files
from tb_proxy.forward.unix import UnixClient
from tb_proxy.processes.answers import Answers
from tb_proxy.processes.folders import new_folder, sweep_folders
from tb_proxy.processes.spawner import BoardId, prefix_of
from tb_proxy.processes.zygote import ZygoteProcess

log = structlog.get_logger()

# Kept small: a cache of buckets and chunks, shared by all children of this process.
CACHE_BYTES = 256 << 20
# The page does not wait longer for copies of event files; the others come while it is open.
_FIRST_COPIES_S = 2.0


class ForkedChild:
    """A running child, the loop that answers it, and the one that brings it uploads."""

    def __init__(self, zygote: ZygoteProcess, pid: int, folder: Path, channel: socket.socket, answers: Answers) -> None:
        self.pid = pid
        self._zygote = zygote
        self._zygote_start = zygote.n_starts
        self._folder = folder
        self._client = UnixClient(folder / "socket")
        self._serving = asyncio.create_task(answers.serve(channel), name="tensorboard_answers")
        self._uploads: asyncio.Task[None] | None = None
        self._wants_replacement = False

    @property
    def client(self) -> UnixClient:
        """The way to it."""
        return self._client

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        return not self._serving.done()

    def is_to_blame(self) -> bool:
        """Say whether the zygote it was forked from still runs: it ends with that."""
        return self._zygote.n_starts == self._zygote_start and self._zygote.is_there()

    def wants_replacement(self) -> bool:
        """Say whether uploaded files have become others."""
        return self._wants_replacement

    def follow(self, uploads: "Uploads", refresh_s: float, *, is_behind: bool) -> None:
        """Bring uploads from now on; at once, if not all are there yet."""
        following = self._follow(uploads, refresh_s, 0.0 if is_behind else refresh_s)
        self._uploads = asyncio.create_task(following, name="tensorboard_uploads")

    async def _follow(self, uploads: "Uploads", refresh_s: float, wait_s: float) -> None:
        while True:
            await asyncio.sleep(wait_s)
            wait_s = refresh_s
            try:
                await uploads.update()
            except RewrittenError:
                self._wants_replacement = True
                return
            except (ServiceError, OSError) as error:
                # The database or the disk is in trouble for a moment; what was missed comes with the next round.
                log.warning("tensorboard_uploads_failed", error=str(error)[:200])

    async def stop(self) -> None:
        """End it and remove its folder."""
        for task in (self._uploads, self._serving):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        # Closing the channel ends a child that is well; this one ends any.
        self._zygote.kill(self.pid)
        self._client.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


class Uploads:
    """The event files of all runs of one TensorBoard, copied below `folder`/run."""

    def __init__(self, database: Database, blobs: BlobStore, runs: Sequence[Run], folder: Path, max_bytes: int) -> None:
        self._database = database
        self._copies = {run: UploadCopies(blobs, folder / run.name, max_bytes // len(runs)) for run in runs}
        self._folders: dict[Run, list[str]] = {}
        self.has_any = False

    async def look(self) -> dict[Run, list[TrackFile]]:
        """Return what there is to copy."""
        found = {}
        async with self._database.read() as session:
            for run in self._copies:
                found[run] = wanted_files(await list_files(session, run.track_id))
        return found

    def folders_of(self, run: Run) -> list[str]:
        """Return the folders of a run that hold a projector's configuration: they are runs without events."""
        return self._folders.get(run, [])

    async def update(self, found: dict[Run, list[TrackFile]] | None = None) -> None:
        """Copy what is new. Raises: RewrittenError, DatabaseDown, BlobStoreDown, OSError."""
        found = await self.look() if found is None else found
        if any(found.values()) and not self.has_any:
            # The child was started without a data server.
            raise RewrittenError(next(files for files in found.values() if files)[0].key)
        for run, files in found.items():
            await self._copies[run].update(files)
            self._folders[run] = sorted(
                {str(place.parent) for f in files if (place := place_of(f.key)) and "projector_config" in place.name}
            )


class ForkedSpawner:
    """Starts TensorBoards by forking."""

    def __init__(self, database: Database, blobs: BlobStore, *, refresh_s: float, max_upload_bytes: int) -> None:
        self._database = database
        self._blobs = blobs
        self._refresh_s = refresh_s
        self._max_upload_bytes = max_upload_bytes
        self._cache = SourceCache(CACHE_BYTES)
        self.zygote = ZygoteProcess()

    async def start(self, board_id: BoardId) -> ForkedChild:
        """Return a TensorBoard whose socket takes requests. Raises: TensorboardNotReady, DatabaseDown."""
        async with self._database.read() as session:
            runs = await open_runs(session, board_id)
        folder = new_folder()
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            (folder / "data").mkdir(mode=0o755)
            (folder / "own").mkdir(mode=0o700)
            uploads = Uploads(self._database, self._blobs, runs, folder / "data", self._max_upload_bytes)
            found = await uploads.look()
            uploads.has_any = any(found.values())
            is_behind = False
            try:
                async with asyncio.timeout(_FIRST_COPIES_S):
                    await uploads.update(found)
            except TimeoutError:
                is_behind = True
            order = {
                "prefix": prefix_of(board_id),
                "runs": [run.name for run in runs],
                "folder": str(folder),
                "has_uploads": uploads.has_any,
            }
            pid, channel = await self.zygote.fork(order, folder / "socket")
            undo.pop_all()
        answers = Answers(self._database, self._cache, runs, uploads.folders_of)
        child = ForkedChild(self.zygote, pid, folder, channel, answers)
        child.follow(uploads, self._refresh_s, is_behind=is_behind)
        return child

    async def find_gone(self, board_ids: Sequence[BoardId]) -> list[BoardId]:
        """Return those of which a track was deleted. Raises: DatabaseDown."""
        return await find_gone(self._database, board_ids)

    async def run(self) -> None:
        """Keep the zygote warm for ever."""
        await asyncio.to_thread(sweep_folders)
        while True:
            await self.zygote.warm()
            await asyncio.sleep(1)

    async def close(self) -> None:
        """End the zygote."""
        await self.zygote.close()


async def find_gone(database: Database, board_ids: Sequence[BoardId]) -> list[BoardId]:
    """Return the boards of which a track was deleted. Raises: DatabaseDown."""
    wanted = {track_id for board_id in board_ids for track_id in board_id}
    if not wanted:
        return []
    query = select(tracks.c.track_id).where(tracks.c.track_id.in_(wanted), tracks.c.deleted_at.is_(None))
    async with database.read() as session:
        there = set(await session.scalars(query))
    return [board_id for board_id in board_ids if not there.issuperset(board_id)]
