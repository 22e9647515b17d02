"""The hub tells each listener what it asked for, and a listener who does not read holds next to nothing."""

import asyncio
import sys
from uuid import UUID

from services.live.hub import Hub
from services.live.model import Change, ChangeKind

PROJECT, OTHER_PROJECT, TRACK, OTHER_TRACK = (UUID(int=n) for n in range(1, 5))


def _change(track_id: UUID = TRACK, project_id: UUID = PROJECT, keys: list[str] | None = None) -> Change:
    return Change(track_id, project_id, ["loss"] if keys is None else keys, [ChangeKind.DATA])


async def test_listeners_hear_of_their_track_or_project_only() -> None:
    hub = Hub()
    with hub.listen(TRACK) as of_track, hub.listen(PROJECT) as of_project, hub.listen(OTHER_PROJECT) as other:
        hub.tell(_change())
        hub.tell(_change(OTHER_TRACK))
        assert await of_track.wait(0)
        assert of_track.take() == [_change()]
        assert of_project.take() == [_change(), _change(OTHER_TRACK)]
        assert other.take() == []
        assert not await of_track.wait(0)
    hub.tell(_change())
    assert not hub._listeners, "who has left is forgotten"


async def test_everybody_hears_that_something_was_missed() -> None:
    hub = Hub()
    with hub.listen(TRACK) as one, hub.listen(PROJECT) as two:
        hub.tell(_change())
        hub.tell(None)
        assert one.take() is None
        assert two.take() is None
        hub.tell(_change())
        assert one.take() == [_change()]


async def test_a_listener_who_does_not_read_stays_small() -> None:
    hub = Hub()
    with hub.listen(PROJECT) as listener:
        for number in range(20_000):
            hub.tell(_change(UUID(int=number % 90 + 100), keys=[f"key/{number}"]))
        pending = listener._changes._tracks
        assert len(pending) == 90
        assert sum(len(p.keys or ()) for p in pending.values()) <= 100
        assert sum(sys.getsizeof(p.keys) for p in pending.values()) < 50_000
        for number in range(1000):
            hub.tell(_change(UUID(int=number)))
        assert not listener._changes._tracks
        assert listener.take() is None


async def test_closing_ends_everybody_at_once_and_whoever_comes_later() -> None:
    hub, ended = Hub(), []
    with hub.listen(TRACK, lambda: ended.append("first")) as listener:
        waiting = asyncio.create_task(listener.wait(60))
        pausing = asyncio.create_task(listener.pause(60))
        await asyncio.sleep(0)
        hub.close()
        async with asyncio.timeout(30):
            assert not await waiting
            await pausing
        assert listener.is_ended
        assert ended == ["first"]
        with hub.listen(TRACK) as late:
            assert late.is_ended
