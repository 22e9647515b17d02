"""uvicorn, with a word before it stops.

Used by serve.py and by the local gateway. Guarantees that answers which never end by themselves learn that they have to
end before the server waits for all of them.
"""

import socket
from collections.abc import Callable

import uvicorn


class Server(uvicorn.Server):
    """A web server that calls `on_stop` when it begins to stop."""

    def __init__(self, config: uvicorn.Config, on_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is endless, stop accepting, wait for the rest."""
        self._on_stop()
        await super().shutdown(sockets)
