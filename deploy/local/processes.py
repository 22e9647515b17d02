"""Child processes of the stack: started with a log file each, watched, started again when they crash, stopped in order.

Called by stack.py. Guarantees that no child outlives the stack, however the stack ends.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_CRASHES_A_MINUTE = 5
_GRACE_S = 10.0
_READY_S = 60.0
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: loading a library between fork and exec could wait for ever on a lock.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServiceFailed(Exception):
    """A service does not start, or crashes again and again; the sentence says where to look."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running; it is ready when a GET of `ready_path` on its port answers 200."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    host: str
    port: int
    ready_path: str = "/readyz"


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def start_child(command: Sequence[str], environment: Mapping[str, str], log: Path) -> asyncio.subprocess.Process:
    """Start a process of its own group, so that a Ctrl-C of the terminal reaches only us; we stop it in order."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


async def stop_child(process: asyncio.subprocess.Process, *, grace_s: float = _GRACE_S) -> None:
    """Ask a process to end, and end it when it does not."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def answers(host: str, port: int, path: str) -> bool:
    """Say whether a GET is answered with 200."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


class Runner:
    """One service: its process, its crashes."""

    def __init__(self, service: Service, logs: Path) -> None:
        self.service = service
        self.log = logs / f"{service.name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._crashes: list[float] = []
        self._is_stopping = False

    @property
    def pid(self) -> int | None:
        """Return the id of the process that was started last."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the process. Returns before it is ready."""
        self._process = await start_child(self.service.command, self.service.environment, self.log)

    async def wait_ready(self) -> None:
        """Return when the service answers. Raises: ServiceFailed."""
        deadline = time.monotonic() + _READY_S
        while not await answers(self.service.host, self.service.port, self.service.ready_path):
            if self._process is not None and self._process.returncode is not None:
                raise ServiceFailed(self._sentence(f"ended with exit code {self._process.returncode} at its start"))
            if time.monotonic() > deadline:
                raise ServiceFailed(self._sentence(f"was not ready after {_READY_S:.0f} s"))
            await asyncio.sleep(0.1)

    async def keep_running(self) -> None:
        """Start the process again whenever it ends. Raises: ServiceFailed when it ends too often."""
        while True:
            if self._process is None:
                return
            code = await self._process.wait()
            if self.is_stopping():
                return
            now = time.monotonic()
            self._crashes = [at for at in self._crashes if now - at < 60] + [now]
            if len(self._crashes) > _CRASHES_A_MINUTE:
                raise ServiceFailed(self._sentence(f"crashed {len(self._crashes)} times within a minute"))
            pause = 0.2 * 2 ** (len(self._crashes) - 1)
            print(f"{self.service.name} ended ({_cause(code)}); starting it again. Log: {self.log}", flush=True)
            await asyncio.sleep(pause)
            if not self.is_stopping():
                await self.start()

    def is_stopping(self) -> bool:
        """Say whether it was asked to stop, so that its end is no crash."""
        return self._is_stopping

    async def stop(self, *, grace_s: float = _GRACE_S) -> None:
        """Stop the process for good."""
        self._is_stopping = True
        if self._process is not None:
            await stop_child(self._process, grace_s=grace_s)

    def kill(self) -> None:
        """End the process at once."""
        self._is_stopping = True
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _sentence(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-8:] if self.log.exists() else []
        return "\n".join([f"{self.service.name} {what}. The end of {self.log}:", *(f"    {line}" for line in lines)])


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
