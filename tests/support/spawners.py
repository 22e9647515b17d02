"""Spawners that behave, and spawners that do not, for the registry of tb-proxy."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from services.core.errors import TensorboardNotReady
from tb_proxy.forward.unix import UnixClient
from tb_proxy.processes.spawner import BoardId


class FakeChild:
    """A TensorBoard that is nothing but a word about being alive."""

    def __init__(self) -> None:
        self.client = UnixClient(Path("/nowhere"))
        self.is_up = True
        self.is_old = False
        self.is_guilty = True
        self.times_stopped = 0

    def is_alive(self) -> bool:
        return self.is_up

    def is_to_blame(self) -> bool:
        return self.is_guilty

    def wants_replacement(self) -> bool:
        return self.is_old

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self.is_up = False
        self.times_stopped += 1


class FakeSpawner:
    """Starts at once."""

    def __init__(self) -> None:
        self.children: list[FakeChild] = []
        self.gone: set[UUID] = set()

    async def start(self, board_id: BoardId) -> FakeChild:
        await asyncio.sleep(0)
        self.children.append(FakeChild())
        return self.children[-1]

    async def find_gone(self, board_ids: Sequence[BoardId]) -> list[BoardId]:
        return [board_id for board_id in board_ids if self.gone.intersection(board_id)]


class SlowSpawner(FakeSpawner):
    """Starts when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_start = asyncio.Event()
        self.times_asked = 0

    async def start(self, board_id: BoardId) -> FakeChild:
        self.times_asked += 1
        await self.may_start.wait()
        return await super().start(board_id)


class NeverReadySpawner(FakeSpawner):
    """Starts for ever."""

    async def start(self, board_id: BoardId) -> FakeChild:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


class CrashingSpawner(FakeSpawner):
    """Every start ends at once."""

    def __init__(self) -> None:
        super().__init__()
        self.times_asked = 0

    async def start(self, board_id: BoardId) -> FakeChild:
        self.times_asked += 1
        raise TensorboardNotReady("it ended")
