"""What PyTorch writes today for TensorBoard, shown through tb-proxy: as the committed event files, but new."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from integrations.conftest import PYTHON
from support.board import Board, opened_board
from support.board_content import check_content, until_loaded

from services.storage.database import Database

WRITE = Path(__file__).parent / "write_event_files.py"


@pytest.fixture
async def board(database: Database, service_environment: dict[str, str]) -> AsyncIterator[Board]:
    async with opened_board(database) as opened:
        yield opened


async def test_every_plugin_shows_what_pytorch_writes(board: Board, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "written"
    await asyncio.to_thread(subprocess.run, [PYTHON, "-W", "ignore", str(WRITE), str(folder)], check=True)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            await board.upload(database, f"runs/{path.relative_to(folder).as_posix()}", path.read_bytes())
    await until_loaded(board)
    await check_content(board, f"{board.run}/runs")
