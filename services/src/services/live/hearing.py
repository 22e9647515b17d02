"""The one connection that hears what other processes committed, and passes it to the hub.

Run by track-api beside its requests. Guarantees that after every gap in hearing all listeners load anew; while there is
a gap, pages fall back on asking now and then.
"""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog

from services.core.errors import DatabaseDown
from services.live.model import Change
from services.live.store import listen
from services.live.wire import decode_payload
from services.storage.database import Database

log = structlog.get_logger()

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
# A connection whose other end vanished without a word looks alive until it is asked.
_ASK_EVERY_S = 10.0
_ANSWER_WITHIN_S = 5.0


class Hearing:
    """Listens until cancelled, again and again."""

    def __init__(self, database: Database, tell: Callable[[Change | None], None]) -> None:
        self._database = database
        self._tell = tell
        self._pause_s = _FIRST_PAUSE_S

    async def run(self) -> None:
        """Hear until cancelled; after a loss, connect again with growing pauses."""
        while True:
            try:
                await self._hear()
            except (DatabaseDown, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("changes_not_heard", error=type(error).__name__, again_in_s=self._pause_s)
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)

    async def _hear(self) -> None:
        is_lost = asyncio.Event()
        async with self._database.own_connection("mlsteam-events") as connection:
            connection.add_termination_listener(lambda _: is_lost.set())
            await listen(connection, lambda payload: self._tell(decode_payload(payload)))
            # Whatever was committed while nobody listened was missed.
            self._tell(None)
            log.info("changes_are_heard")
            self._pause_s = _FIRST_PAUSE_S
            while not is_lost.is_set():
                try:
                    async with asyncio.timeout(_ASK_EVERY_S):
                        await is_lost.wait()
                except TimeoutError:
                    await connection.fetchval("SELECT 1", timeout=_ANSWER_WITHIN_S)
        log.warning("changes_connection_lost")
