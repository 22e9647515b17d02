"""Sends what a local job has left in its spool: an agent that was killed, a server that was away.

Called by local.py once a job has ended. Guarantees that it says whether all of it was sent, or is of no use any more.
"""

import asyncio
import subprocess
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from uuid import UUID

from services.jobs.launchers import steps
from services.jobs.launchers.steps import Machine

_TRIES = 12
_SYNC_S = 300
_LONGEST_PAUSE_S = 60.0

# Gives a token of a job's track for sending what the job has left; None when there is no such track any more.
TokenOf = Callable[[UUID], AbstractAsyncContextManager[str | None]]


class Left:
    """Knows how the rest of a spool is sent from this machine."""

    def __init__(self, machine: Machine, backend: str, token_of: TokenOf) -> None:
        self._machine, self._backend, self._token_of = machine, backend, token_of

    async def send(self, job_id: UUID, spool: Path) -> bool:
        """Send what a spool holds, with growing pauses; False when it could not be sent."""
        if not await asyncio.to_thread(_holds_files, spool):
            return True
        for attempt in range(_TRIES):
            async with self._token_of(job_id) as token:
                # Without its track nobody could read it.
                if token is None or await self._sync(spool, token):
                    return True
            await asyncio.sleep(min(_LONGEST_PAUSE_S, 2.0**attempt))
        return False

    async def _sync(self, spool: Path, token: str) -> bool:
        told = {"MLSTEAM_API_TOKEN": token, "MLSTEAM_BACKEND": self._backend, "MLSTEAM_SPOOL_DIR": str(spool)}
        process = await asyncio.create_subprocess_exec(
            *self._machine.agent, "sync", env={"PATH": steps.PATH, "HOME": str(spool.parent / "home"), **told},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **steps.user_options(self._machine),
        )  # fmt: skip
        try:
            return await asyncio.wait_for(process.wait(), _SYNC_S) == 0
        except TimeoutError:
            process.kill()
            await process.wait()
            return False


def _holds_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))
