"""Run named loops beside a service, and make sure that none of them ends unseen.

Called from each app's resources. Guarantees that a loop that fails is logged with its name, turns health red and
is started again after a pause that grows.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

log = structlog.get_logger()

# A loop that fails this often in a row is not having a bad moment: the service reports itself unhealthy.
_UNHEALTHY_AFTER_FAILURES = 3
_LONGEST_PAUSE_S = 30.0
# A loop that ran this long had recovered, so its failures are counted afresh.
_RECOVERED_AFTER_S = 60.0
_CANCEL_AGAIN_S = 1.0

LoopBody = Callable[[], Coroutine[Any, Any, None]]


class Supervisor:
    """Keeps named loops running and knows whether they do."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    def unhealthy_loops(self) -> list[str]:
        """Return the names of the loops that keep failing."""
        return [name for name, count in self._failures.items() if count >= _UNHEALTHY_AFTER_FAILURES]

    async def _keep_running(self, name: str, body: LoopBody) -> None:
        self._failures[name] = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await body()
                log.error("loop_ended", loop=name)
            except Exception:  # whatever a loop dies of, the supervisor's work is to report it and start it again
                log.exception("loop_failed", loop=name)
            if asyncio.get_running_loop().time() - started > _RECOVERED_AFTER_S:
                self._failures[name] = 0
            self._failures[name] += 1
            await asyncio.sleep(min(_LONGEST_PAUSE_S, 0.5 * 2 ** self._failures[name]))

    @asynccontextmanager
    async def running(self, **loops: LoopBody) -> AsyncIterator["Supervisor"]:
        """Run the loops while the block runs; cancel and await them after it."""
        tasks = [asyncio.create_task(self._keep_running(name, body), name=name) for name, body in loops.items()]
        try:
            yield self
        finally:
            running = set(tasks)
            while running:
                # Asked again and again: a driver that is cancelled in the middle of a statement may raise an error of
                # its own instead, and the loop would go on for ever.
                for task in running:
                    task.cancel()
                _, running = await asyncio.wait(running, timeout=_CANCEL_AGAIN_S)
