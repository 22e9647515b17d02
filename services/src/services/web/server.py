"""uvicorn, with a word before it stops, and without patience for those who take nothing.

Used by serve.py and by the local gateway. Guarantees that answers which never end by themselves learn that they have to
end before the server waits for all of them, and that nobody keeps a connection open by not reading.
"""

import asyncio
import gc
import socket
from collections.abc import Callable

import uvicorn

# How long a connection may rest between requests: longer than proxies (nginx and most load balancers: 60 s) and HTTP
# clients keep one, so that they end it. A request that met our end on its way would be lost, and no POST is repeated.
KEEP_ALIVE_S = 75
_TICKS = 600  # of 0.1 s
_STOPPING_S = 2.0


class Server(uvicorn.Server):
    """A web server that calls `on_stop` when it begins to stop."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop
        self._unread: dict[object, int] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set aside what was loaded for it."""
        await super().startup(sockets)
        # It lives as long as the process. A full collection that walks all of it holds every request for 100 ms.
        gc.collect()
        gc.freeze()

    async def on_tick(self, counter: int) -> bool:
        """Do what is due each minute, and uvicorn's own."""
        if counter % _TICKS == 0:
            self._abort_unread()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is endless, stop accepting, wait for the rest."""
        self._on_stop()
        aborting = asyncio.create_task(self._keep_aborting())
        try:
            await super().shutdown(sockets)
        finally:
            aborting.cancel()

    async def _keep_aborting(self) -> None:
        while True:
            await asyncio.sleep(_STOPPING_S)
            self._abort_unread()

    def _abort_unread(self) -> None:
        """Abort connections that are closed on our side and of which nothing was taken since the last time.

        Closing waits until everything was sent, so one who does not read would hold his connection for ever.
        """
        unread: dict[object, int] = {}
        for connection in list(self.server_state.connections):
            transport = connection.transport
            if transport.is_closing():
                unread[connection] = transport.get_write_buffer_size()
                if self._unread.get(connection) == unread[connection]:
                    transport.abort()
        self._unread = unread
