"""What the registry asks of whoever starts TensorBoards. Real: forked.py, and stock.py in the mode `process`."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from tb_proxy.forward.unix import UnixClient

# The tracks of one TensorBoard, in the order of its address.
BoardId = tuple[UUID, ...]


def prefix_of(board_id: BoardId) -> str:
    """Return the address of a TensorBoard, without the slash at its end."""
    return "/tb/" + ",".join(map(str, board_id))


class Child(Protocol):
    """One TensorBoard that answers."""

    @property
    def client(self) -> UnixClient:
        """The way to it."""
        ...

    def is_alive(self) -> bool:
        """Say whether its process runs."""
        ...

    def is_to_blame(self) -> bool:
        """Say of one that ended whether it did so by itself, and not because its parent ended."""
        ...

    def wants_replacement(self) -> bool:
        """Say whether it should end although it runs, because what it reads has become another thing."""
        ...

    async def stop(self) -> None:
        """End it and remove what it left. May be called twice."""
        ...


class Spawner(Protocol):
    """Starts TensorBoards."""

    async def start(self, board_id: BoardId) -> Child:
        """Return a TensorBoard once it can be asked. Raises: TensorboardNotReady."""
        ...

    async def find_gone(self, board_ids: Sequence[BoardId]) -> list[BoardId]:
        """Return those of which a track was deleted."""
        ...
