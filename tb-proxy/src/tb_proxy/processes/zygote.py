"""The way to the zygote: started once, started anew when it ends, asked for one child at a time.

Called by forked.py. Guarantees that a child's sockets exist before the child does: a request that comes early waits in
the backlog, and nobody polls for readiness.
"""

import asyncio
import os
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from services.core.errors import TensorboardNotReady
from services.core.telemetry import TB_ZYGOTE_STARTS

log = structlog.get_logger()

_MAX_ANSWER = 1 << 12
_ANSWER_S = 10.0
_START_S = 60.0
_BACKLOG = 64
_GRACE_S = 2.0


def _environment() -> dict[str, str]:
    # No variable of ours; and one thread, because only a process with one thread may fork.
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "GRPC_ENABLE_FORK_SUPPORT": "0"} | dict.fromkeys(names, "1")


class ZygoteProcess:
    """One zygote at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self.facts: dict[str, Any] = {}
        self.n_starts = 0

    @property
    def pid(self) -> int | None:
        """Its process, if it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def is_there(self) -> bool:
        """Say whether it has not ended. Its sockets close before the kernel ends its children, so ask these."""
        if self._control is None:
            return False
        try:
            return bool(self._control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def warm(self) -> None:
        """Start it where it does not run. Raises: TensorboardNotReady."""
        async with self._lock:
            await self._running()

    async def _running(self) -> socket.socket:
        if self.pid is not None and self._control is not None:
            return self._control
        await self._end()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tb_proxy.board.zygote", str(theirs.fileno()), str(os.getpid())),
                env=_environment(),
                cwd="/",
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        self._control = ours
        ready = await self._hear(_START_S)
        self.n_starts += 1
        TB_ZYGOTE_STARTS.inc()
        self.facts = ready
        log.info("tensorboard_zygote_ready", pid=self.pid, **ready)
        return ours

    async def _hear(self, seconds: float) -> dict[str, Any]:
        assert self._control is not None, "it was opened"  # noqa: S101 (an invariant)
        try:
            async with asyncio.timeout(seconds):
                message = await asyncio.get_running_loop().sock_recv(self._control, _MAX_ANSWER)
        except (TimeoutError, OSError) as error:
            await self._end()
            raise TensorboardNotReady("TensorBoard's parent process does not answer.", retry_after_s=2) from error
        except asyncio.CancelledError:
            # Its answer would be taken for that to the next question.
            await self._end()
            raise
        if not message:
            await self._end()
            raise TensorboardNotReady("TensorBoard's parent process ended.", retry_after_s=2)
        answer: dict[str, Any] = msgspec.msgpack.decode(message)
        return answer

    async def fork(self, order: dict[str, Any], socket_path: Path) -> tuple[int, socket.socket]:
        """Return the process id of a new child and our end of its channel. Raises: TensorboardNotReady."""
        ours, theirs = socket.socketpair()
        listening = socket.socket(socket.AF_UNIX)
        with ExitStack() as undo:
            undo.callback(ours.close)
            with theirs, listening:
                listening.bind(str(socket_path))
                listening.listen(_BACKLOG)
                async with self._lock:
                    control = await self._running()
                    fds = [listening.fileno(), theirs.fileno()]
                    try:
                        socket.send_fds(control, [msgspec.msgpack.encode(order)], fds)
                    except OSError as error:
                        await self._end()
                        raise TensorboardNotReady(retry_after_s=1) from error
                    # Shielded: who asked may hang up, and the next answer must be to the next question.
                    answer = await asyncio.shield(asyncio.create_task(self._hear(_ANSWER_S)))
            undo.pop_all()
        ours.setblocking(False)
        return answer["pid"], ours

    def kill(self, pid: int) -> None:
        """End a child; one that has ended already is left alone."""
        if self._control is not None:
            with suppress(OSError):
                self._control.send(msgspec.msgpack.encode({"kill": pid}))

    async def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), _GRACE_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def close(self) -> None:
        """End it, and with it all children."""
        async with self._lock:
            await self._end()
