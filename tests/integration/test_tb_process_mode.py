"""The mode `process`: TensorBoard's own command on event files that we write."""

import asyncio
from pathlib import Path

import psutil
import pytest
from support.board import opened_board

from services.storage.database import Database
from tb_proxy.settings import TbMode


async def test_the_stock_command_shows_the_same(database: Database, service_environment: dict[str, str]) -> None:
    async with opened_board(database, tb_mode=TbMode.PROCESS) as board:
        points = await board.scalars_until(3)
        assert [(step, value) for _, step, value in points] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
        await board.log([3])
        assert (await board.scalars_until(4))[-1][1:] == [3, 0.25]
        texts = await board.get("data/plugin/text/text", tag="config", run=board.run)
        assert "a|b &lt;script&gt;" in texts[0]["text"]
        page = await board.client.get(board.url())
        assert "../static/" in page.text
        assert set(await board.get("data/environment")) == {
            "version", "data_location", "window_title", "experiment_name", "experiment_description", "creation_time",
        }  # fmt: skip
        # It listens on TCP, in a network where nobody else is.
        child = psutil.Process((await board.child()).pid)
        networks = [await asyncio.to_thread(Path(f"/proc/{pid}/ns/net").readlink) for pid in (child.pid, "self")]
        assert networks[0] != networks[1]
        assert not [name for name in child.environ() if name.startswith("MLSTEAM")]
