"""Fixtures of the integration tests alone."""

from collections.abc import AsyncIterator

import pytest
from support.board import Board, opened_board

from services.storage.database import Database


@pytest.fixture
async def board(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Board]:
    async with opened_board(database) as opened:
        yield opened
