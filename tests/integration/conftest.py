"""Fixtures of the integration tests alone."""

from collections.abc import AsyncIterator, Iterator

import pytest
from support.board import Board, opened_board
from support.postgres import TestServer
from support.workshop import Workshop, running_workshop

from services.storage.database import Database


@pytest.fixture
async def board(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Board]:
    async with opened_board(database) as opened:
        yield opened


@pytest.fixture(scope="module")
def workshop(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A site with a job runner whose own environment holds what no job may see."""
    with running_workshop(
        postgres, tmp_path_factory.mktemp("workshop"), CANARY="of-the-server", MLSTEAM_RUNNER_MAX_PROCESSES="100"
    ) as opened:
        yield opened
