"""The supervisor: a loop that fails is started again, and one that keeps failing turns health red."""

import asyncio

from services.core.supervise import Supervisor


async def test_a_failing_loop_is_started_again_and_reported() -> None:
    starts = 0
    again = asyncio.Event()

    async def fails_at_first() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise RuntimeError
        again.set()
        await asyncio.Event().wait()

    supervisor = Supervisor()
    async with supervisor.running(fragile=fails_at_first):
        await asyncio.wait_for(again.wait(), 30)
        assert supervisor.unhealthy_loops() == []
    assert starts == 2


async def test_loops_end_with_the_block() -> None:
    ended = False

    async def loop() -> None:
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    async with Supervisor().running(loop=loop):
        await asyncio.sleep(0)
    assert ended


async def test_a_loop_that_mistakes_its_end_for_a_failure_is_ended_all_the_same() -> None:
    is_running = asyncio.Event()

    async def mistakes() -> None:
        is_running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise RuntimeError("what a database driver may make of it") from error

    async with asyncio.timeout(30), Supervisor().running(mistaken=mistakes):
        await is_running.wait()
