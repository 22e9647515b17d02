"""TensorBoards that start once, crash, are ended, and leave nothing."""

import asyncio
import os
import signal
from typing import Any

import psutil
from support.board import Board

from services.storage.database import Database
from tb_proxy.processes.registry import State


async def test_one_process_for_a_crowd_a_new_one_after_a_kill_none_after_the_end(board: Board) -> None:
    answers = await asyncio.gather(*(board.client.get(board.url("data/runs")) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    first = await board.child()
    (zygote,) = [one for one in psutil.Process().children() if "tb_proxy.board.zygote" in one.cmdline()]
    assert [one.pid for one in zygote.children()] == [first.pid]
    # Killed while it is asked: the page's request is answered all the same, by another process.
    os.kill(first.pid, signal.SIGKILL)
    assert (await board.client.get(board.url("data/runs"))).status_code == 200
    second = await board.child()
    assert second.pid != first.pid
    # The parent of all: its children end with it, and the next request brings both back.
    zygote.kill()
    await asyncio.to_thread(psutil.wait_procs, [zygote, psutil.Process(second.pid)], 60)
    assert (await board.client.get(board.url("data/runs"))).status_code == 200
    third = await board.child()
    await board.registry.close()
    for _ in range(100):
        if not psutil.pid_exists(third.pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("a child outlived its end")


async def test_a_deleted_track_ends_its_child(board: Board, database: Database) -> None:
    await board.scalars_until(3)
    async with database.transaction() as session:
        await Database.fetch(session, "UPDATE tracks SET deleted_at = now() WHERE track_id = $1", board.place.track_id)
    await board.registry.end_gone()
    assert board.registry.state_of((board.place.track_id,)) is State.STOPPED


async def test_what_crashes_again_and_again_gets_a_readable_page(board: Board) -> None:
    for _ in range(3):
        os.kill((await board.child()).pid, signal.SIGKILL)
        await board.registry.replace((board.place.track_id,), await _dead(board))
    page = await board.client.get(board.url(), headers={"accept": "text/html", "accept-language": "zh-TW"})
    assert page.status_code == 503
    assert "目前無法使用" in page.text
    assert int(page.headers["retry-after"]) > 2
    assert (await board.client.get(board.url("data/runs"))).json()["error"] == "tensorboard_not_ready"


async def _dead(board: Board) -> Any:
    return board.registry._entries[(board.place.track_id,)].child
