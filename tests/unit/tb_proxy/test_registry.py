"""The registry with spawners that are slow, fail, or start things that die."""

import asyncio
from uuid import UUID

import pytest
from support.spawners import CrashingSpawner, FakeSpawner, NeverReadySpawner, SlowSpawner

from services.core.errors import TensorboardNotReady
from tb_proxy.processes.registry import Registry, State

A, B, C = (UUID(int=1),), (UUID(int=2),), (UUID(int=3),)


class Now:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def look(registry: Registry, board_id: tuple[UUID, ...]) -> None:
    async with registry.use(board_id):
        pass


async def test_a_crowd_starts_one() -> None:
    spawner = SlowSpawner()
    registry = Registry(spawner)
    crowd = asyncio.gather(*(look(registry, A) for _ in range(30)))
    await asyncio.sleep(0)
    assert registry.state_of(A) is State.STARTING
    spawner.may_start.set()
    await crowd
    assert (spawner.times_asked, registry.state_of(A)) == (1, State.READY)


async def test_a_caller_who_leaves_while_it_starts_leaves_nothing_stuck() -> None:
    spawner = SlowSpawner()
    registry = Registry(spawner)
    first = asyncio.create_task(look(registry, A))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert registry.state_of(A) is State.STOPPED
    spawner.may_start.set()
    await look(registry, A)
    assert registry.state_of(A) is State.READY


async def test_a_start_without_end_is_given_up() -> None:
    registry = Registry(NeverReadySpawner(), start_timeout_s=0.01)
    with pytest.raises(TensorboardNotReady):
        await look(registry, A)
    assert registry.state_of(A) is State.FAILED


async def test_what_crashes_again_and_again_is_left_alone_for_a_minute() -> None:
    spawner, now = CrashingSpawner(), Now()
    registry = Registry(spawner, now=now)
    for _ in range(5):
        with pytest.raises(TensorboardNotReady):
            await look(registry, A)
    assert spawner.times_asked == 3
    now.at += 61
    with pytest.raises(TensorboardNotReady):
        await look(registry, A)
    assert spawner.times_asked == 4


async def test_one_that_died_is_replaced_and_cleaned_up() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    await look(registry, A)
    spawner.children[0].is_up = False
    await look(registry, A)
    assert len(spawner.children) == 2
    assert spawner.children[0].times_stopped == 1
    assert registry.state_of(A) is State.READY


async def test_idle_ones_end_used_ones_stay() -> None:
    spawner, now = FakeSpawner(), Now()
    registry = Registry(spawner, idle_s=300, now=now)
    await look(registry, A)
    async with registry.use(B):
        now.at += 301
        await registry.reap()
        assert (registry.state_of(A), registry.state_of(B)) == (State.STOPPED, State.READY)
    await registry.reap()
    assert registry.state_of(B) is State.READY  # its last use has only just ended
    now.at += 301
    await registry.reap()
    assert [child.times_stopped for child in spawner.children] == [1, 1]


async def test_the_one_unused_longest_makes_room_but_none_in_use() -> None:
    spawner, now = FakeSpawner(), Now()
    registry = Registry(spawner, max_children=2, room_s=0.05, now=now)
    await look(registry, A)
    now.at += 1
    await look(registry, B)
    await look(registry, C)
    assert [registry.state_of(key) for key in (A, B, C)] == [State.STOPPED, State.READY, State.READY]
    async with registry.use(B), registry.use(C):
        with pytest.raises(TensorboardNotReady):
            await look(registry, A)
    assert registry.state_of(B) is State.READY
    # One that is answering is waited for, for a moment.
    async with registry.use(C):
        busy = registry.use(B)
        await busy.__aenter__()
        wanting = asyncio.create_task(look(registry, A))
        await asyncio.sleep(0.01)
        await busy.__aexit__(None, None, None)
        await wanting
    assert registry.state_of(B) is State.STOPPED


async def test_close_ends_all() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    await asyncio.gather(look(registry, A), look(registry, B))
    await registry.close()
    assert [child.times_stopped for child in spawner.children] == [1, 1]


async def test_a_deleted_track_ends_its_board_and_others_stay() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    both = (*A, *B)
    for board_id in (A, both, C):
        await look(registry, board_id)
    spawner.gone = set(A)
    await registry.end_gone()
    assert [registry.state_of(board_id) for board_id in (A, both, C)] == [State.STOPPED, State.STOPPED, State.READY]


async def test_the_last_who_may_not_look_any_more_ends_it() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    one, other = UUID(int=8), UUID(int=9)
    for user_id in (one, other):
        async with registry.use(A, user_id):
            pass
    await registry.leave(A, one)
    assert registry.state_of(A) is State.READY
    await registry.leave(A, other)
    assert registry.state_of(A) is State.STOPPED


async def test_one_that_does_not_answer_is_replaced_once() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    await look(registry, A)
    first = spawner.children[0]
    # Two requests found it silent; the second must not end the new one.
    await registry.replace(A, first)
    await look(registry, A)
    await registry.replace(A, first)
    assert [child.times_stopped for child in spawner.children] == [1, 0]


async def test_one_whose_files_became_others_is_replaced_when_nobody_uses_it() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    await look(registry, A)
    spawner.children[0].is_old = True
    async with registry.use(A):
        await look(registry, A)
        assert len(spawner.children) == 2
        spawner.children[1].is_old = True
        await look(registry, A)
        assert len(spawner.children) == 2


async def test_the_end_of_the_parent_is_no_failure_of_the_track() -> None:
    spawner = FakeSpawner()
    registry = Registry(spawner)
    for _ in range(5):
        await look(registry, A)
        spawner.children[-1].is_up = spawner.children[-1].is_guilty = False
    await look(registry, A)
    assert registry.state_of(A) is State.READY


async def test_half_of_the_places_are_for_those_who_have_not_asked() -> None:
    registry = Registry(FakeSpawner(), max_children=4)
    await look(registry, A)
    assert registry.has_room(B)
    await look(registry, B)
    assert not registry.has_room(C)
    assert registry.has_room(A)
