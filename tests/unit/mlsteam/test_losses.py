"""What a full spool gives up: counted in a file, so that neither a kill nor a restart hides it, and told once."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from mlsteam.cuts import CutLog
from mlsteam.losses import FILE_NAME, read_losses, recover
from mlsteam.records import Kind
from mlsteam.spool import Spool, SpoolKey

NAN = float("nan")
SMALL = {"segment_bytes": 4096, "max_bytes": 8192, "retry_full_s": 0.0}


def log(spool: Spool, name: str, count: int, first: int = 0) -> None:
    key = SpoolKey(name, Kind.SERIES_FLOAT)
    for number in range(first, first + count):
        spool.append(key, float(number), NAN, float(number))


def told(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return how many points and how many losses of each key a folder gives, as a dead writer's."""
    recover(folder, folder.name, folder.parent.name)
    points: dict[str, int] = {}
    losses: dict[str, int] = {}
    cuts = CutLog(folder)
    while batch := cuts.next_batch():
        for (_, key), column in batch[1].columns.items():
            points[key] = points.get(key, 0) + len(column.values)
        for mark in batch[1].others:
            losses[mark.key] = losses.get(mark.key, 0) + int(mark.number)
        cuts.acknowledge(batch[0])
    return points, losses


def total(*counts: dict[str, int]) -> dict[str, int]:
    return {key: sum(one.get(key, 0) for one in counts) for key in set().union(*counts)}


@pytest.mark.parametrize("count", [300, 301, 777])
def test_a_writer_killed_while_full_leaves_its_marks(tmp_path: Path, count: int) -> None:
    child = os.fork()
    if child == 0:
        spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
        log(spool, "a", count)
        log(spool, "b", 5)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (folder,) = (tmp_path / "t").iterdir()
    points, losses = told(folder)
    assert losses["b"] == 5
    assert 0 < losses["a"] < count
    assert total(points, losses) == {"a": count, "b": 5}
    # Asked again, it has nothing more to tell.
    assert told(folder) == ({}, {})


def test_marks_that_were_moved_to_a_segment_are_not_told_twice(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    log(spool, "a", 400)
    cuts = CutLog(spool.folder)
    while batch := cuts.next_batch(spool.position):
        cuts.acknowledge(batch[0])
    dropped = spool.dropped
    assert dropped
    assert spool.settle()
    spool.close()
    assert read_losses(spool.folder / FILE_NAME)[1]
    assert told(spool.folder) == ({}, {"a": dropped})


def test_a_second_time_of_want_counts_from_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    cuts, points, marked = CutLog(spool.folder), 0, 0
    for turn in range(5):
        log(spool, f"k{turn % 2}", 1000)
        while batch := cuts.next_batch(spool.position):
            points += sum(len(column.values) for column in batch[1].columns.values())
            marked += sum(int(mark.number) for mark in batch[1].others)
            cuts.acknowledge(batch[0])
    spool.close()
    rest, losses = told(spool.folder)
    assert sum(rest.values()) + points + sum(losses.values()) + marked == 5000
    assert spool.dropped == sum(losses.values()) + marked


def test_what_was_lost_before_a_signal_is_told_and_what_comes_after_it_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    log(spool, "a", 400)
    lost = spool.dropped
    spool.mute()
    log(spool, "a", 10)
    cuts = CutLog(spool.folder)
    while batch := cuts.next_batch(spool.position):
        cuts.acknowledge(batch[0])
    assert spool.settle()
    log(spool, "a", 10)
    assert spool.dropped == lost + 20
    spool.close()
    assert told(spool.folder) == ({}, {"a": lost})


def test_more_keys_than_there_is_room_for_are_counted_together(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    log(spool, "a", 1000)
    for number in range(2000):
        log(spool, f"{number}/" + "x" * 100, 1)
    spool.close()
    points, losses = told(spool.folder)
    assert losses["*"] > 1000
    assert sum(points.values()) + sum(losses.values()) == 3000


def test_a_kill_between_any_two_steps_of_moving_the_marks_tells_them_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    log(spool, "a", 400)
    before = tmp_path / "before"
    shutil.copytree(spool.folder, before)
    cuts = CutLog(spool.folder)
    while batch := cuts.next_batch(spool.position):
        cuts.acknowledge(batch[0])
    acknowledged = (spool.folder / "state").read_bytes()
    assert spool.settle()
    newest = max(spool.folder.glob("*.seg"))
    whole = newest.read_bytes()
    for kept, header in ((0, 0), (10, 0), (200, 0), (3840, 0), (3840, 256)):
        # The records come before the header, and each may be cut short.
        folder = tmp_path / f"case-{kept}-{header}" / "t" / spool.writer
        shutil.copytree(before, folder)
        (folder / "state").write_bytes(acknowledged)
        for old in folder.glob("*.seg"):
            if old.name < max(folder.glob("*.seg")).name:
                old.unlink()
        torn = bytearray(len(whole))
        torn[256 : 256 + kept] = whole[256 : 256 + kept]
        torn[:header] = whole[:header]
        (folder / newest.name).write_bytes(torn)
        points, losses = told(folder)
        assert (points, losses) == ({}, {"a": spool.dropped}), (kept, header)
    spool.close()


def test_a_damaged_file_gives_what_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", **SMALL)  # type: ignore[arg-type]
    log(spool, "a", 400)
    spool.close()
    path = spool.folder / FILE_NAME
    raw = path.read_bytes()
    for at in range(0, 400, 3):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :])
        newest, marks = read_losses(path)
        assert newest in {0, 2}
        assert len(marks) <= 1
    path.write_bytes(raw[:100])
    assert read_losses(path) == (0, [])
