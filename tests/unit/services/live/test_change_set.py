"""What was not told yet stays small, whatever changes."""

from uuid import UUID

from services.live.model import MAX_KEYS, Change, ChangeKind, ChangeSet

PROJECT = UUID(int=1)
DATA = (ChangeKind.DATA,)


def _track(number: int) -> UUID:
    return UUID(int=100 + number)


def test_changes_of_one_track_become_one() -> None:
    changes = ChangeSet(max_tracks=10, max_keys=1000)
    assert not changes
    changes.add(_track(0), PROJECT, ["b", "a"], DATA)
    changes.add(_track(0), PROJECT, ["a", "c"], DATA)
    changes.add(_track(0), PROJECT, (), (ChangeKind.TRACK,))
    assert changes
    assert changes.take() == [Change(_track(0), PROJECT, ["a", "b", "c"], [ChangeKind.DATA, ChangeKind.TRACK])]
    assert not changes
    assert changes.take() == []


def test_many_keys_are_told_as_many() -> None:
    changes = ChangeSet(max_tracks=10, max_keys=10_000)
    changes.add(_track(0), PROJECT, [str(n) for n in range(MAX_KEYS)], DATA)
    changes.add(_track(1), PROJECT, ["x"], DATA)
    changes.add(_track(0), PROJECT, ["one more"], DATA)
    changes.add(_track(0), PROJECT, ["and more"], DATA)
    changes.add(_track(2), PROJECT, None, DATA)
    taken = changes.take()
    assert taken is not None
    assert [change.keys for change in taken] == [None, ["x"], None]


def test_of_endless_keys_only_some_are_looked_at() -> None:
    looked_at = 0

    def endless():  # type: ignore[no-untyped-def]
        nonlocal looked_at
        while True:
            looked_at += 1
            yield str(looked_at)

    ChangeSet(max_tracks=1, max_keys=1000).add(_track(0), PROJECT, endless(), DATA)
    assert looked_at == MAX_KEYS + 1


def test_the_keys_of_all_tracks_together_are_bounded() -> None:
    changes = ChangeSet(max_tracks=1000, max_keys=100)
    for number in range(50):
        changes.add(_track(number), PROJECT, [f"{number}/{n}" for n in range(10)], DATA)
    taken = changes.take()
    assert taken is not None
    assert sum(len(change.keys or ()) for change in taken) <= 100
    assert len(taken) == 50
    changes.add(_track(0), PROJECT, ["a"], DATA)
    assert changes.take() == [Change(_track(0), PROJECT, ["a"], [ChangeKind.DATA])], "counted afresh"


def test_too_many_tracks_are_told_as_everything() -> None:
    changes = ChangeSet(max_tracks=3, max_keys=100)
    for number in range(5):
        changes.add(_track(number), PROJECT, ["a"], DATA)
    assert changes
    assert changes.take() is None
    assert changes.take() == []
