"""All that TensorBoard can show, from event files that PyTorch wrote (tests/integrations/write_event_files.py)."""

import asyncio
from pathlib import Path

from support.board import Board
from support.board_content import all_routes, check_content, until_loaded

from services.storage.database import Database

FILES = Path(__file__).parent / "event_files"


async def test_every_plugin_shows_what_pytorch_wrote(board: Board, database: Database, tmp_path: Path) -> None:
    for path in sorted(FILES.rglob("*")):
        if path.is_file():
            await board.upload(database, f"runs/{path.relative_to(FILES).as_posix()}", path.read_bytes())
    await until_loaded(board)
    asked = await check_content(board, f"{board.run}/runs")
    assert asked == await asyncio.to_thread(all_routes, tmp_path)
