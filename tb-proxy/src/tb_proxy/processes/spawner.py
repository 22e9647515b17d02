"""What the registry asks of whoever starts TensorBoards. Real: local.py."""

from typing import Protocol
from uuid import UUID

import httpx2


class Child(Protocol):
    """One TensorBoard that answers."""

    @property
    def client(self) -> httpx2.AsyncClient:
        """The way to it."""
        ...

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        ...

    async def stop(self) -> None:
        """End it and remove what it left. May be called twice."""
        ...


class Spawner(Protocol):
    """Starts TensorBoards."""

    async def start(self, track_id: UUID) -> Child:
        """Return a TensorBoard of a track once it answers. Raises: TensorboardNotReady."""
        ...
