"""The spool: what is appended is found again, whatever was torn, and a cut repeats exactly."""

import os
import signal
from pathlib import Path

import pytest

from mlsteam.cuts import CutLog, find_owner
from mlsteam.disk import lock_folder
from mlsteam.records import HEADER_BYTES, SLOT_BYTES, Kind, Record
from mlsteam.rows import RowLog
from mlsteam.spool import Spool, SpoolKey

NAN = float("nan")


def fill(spool: Spool, count: int) -> None:
    key = SpoolKey("loss", Kind.SERIES_FLOAT)
    for number in range(count):
        spool.append(key, 1.0, NAN, float(number))


def numbers(log: CutLog, name: str = "loss") -> list[float]:
    found: list[float] = []
    while batch := log.next_batch():
        column = batch[1].columns.get((Kind.SERIES_FLOAT, name))
        found += column.values if column else []
        log.acknowledge(batch[0])
    return found


def losses(log: CutLog) -> list[tuple[str, float]]:
    batch = log.next_batch()
    assert batch is not None
    return [(record.key, record.number) for record in batch[1].others if record.kind is Kind.LOSS]


def test_records_come_back_over_many_segments(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    fill(spool, 1000)
    assert find_owner(spool.folder) == (spool.writer, "t")
    assert numbers(CutLog(spool.folder)) == [float(number) for number in range(1000)]
    # All but the segment that is still written are gone.
    assert len(list(spool.folder.glob("*.seg"))) == 1
    spool.close()


def test_a_file_that_is_cut_at_any_byte_gives_what_is_whole_and_no_loss(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    fill(spool, 3)
    RowLog(spool).log({"loss": 3.0, "acc": 1}, 1.0, NAN)
    fill(spool, 1)
    path = spool.folder / "00000001.seg"
    raw, end = path.read_bytes(), spool.position[1]
    spool.close()
    for kept in range(HEADER_BYTES, end + 1):
        for tail in (b"", bytes(len(raw) - kept)):
            path.write_bytes(raw[:kept] + tail)
            entries, _ = CutLog(spool.folder)._read((1, HEADER_BYTES), None)
            column = entries.columns.get((Kind.SERIES_FLOAT, "loss"))
            found = list(column.values) if column else []
            assert found == [0.0, 1.0, 2.0, 3.0, 0.0][: len(found)]
            # With a hole where its commit word should be, a record is torn; cut at a slot's end, it is whole.
            assert len(found) >= min(3, max(0, (kept - HEADER_BYTES) // SLOT_BYTES - 2))
            # Bytes of a record whose commit word is torn itself are the one thing that looks like damage.
            assert entries.damaged <= 1
            if not tail:
                assert entries.damaged == 0
    assert found == [0.0, 1.0, 2.0, 3.0, 0.0]


@pytest.mark.parametrize("is_row", [False, True])
def test_a_kill_within_a_record_leaves_no_trace_of_it(*, is_row: bool, tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    key, rows = SpoolKey("loss", Kind.SERIES_FLOAT), RowLog(spool)
    for number in range(4):
        spool.append(key, 1234.5, 7.0, float(number))
        rows.log({"acc": float(number), "n": number}, 1234.5, 7.0)
    begin = spool.position[1]
    if is_row:
        rows.log({"acc": 4.0, "n": 4}, 1234.5, 7.0)
    else:
        spool.append(key, 1234.5, 7.0, 4.0)
    path, end = spool.folder / "00000001.seg", spool.position[1]
    spool.close()
    raw = path.read_bytes()
    # The commit word, at the end of the first slot, is written last.
    order = [*range(begin, begin + SLOT_BYTES - 4), *range(begin + SLOT_BYTES, end)]
    for written in range(len(order) + 1):
        torn = bytearray(raw[:begin].ljust(len(raw), b"\0"))
        for place in order[:written]:
            torn[place] = raw[place]
        path.write_bytes(torn)
        entries, _ = CutLog(spool.folder)._read((1, HEADER_BYTES), None)
        assert entries.damaged == 0
        assert list(entries.columns[Kind.SERIES_FLOAT, "loss"].values) == [0.0, 1.0, 2.0, 3.0]
        assert list(entries.columns[Kind.SERIES_FLOAT, "acc"].values) == [0.0, 1.0, 2.0, 3.0]


def test_every_flipped_bit_is_noticed_and_its_neighbours_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    fill(spool, 3)
    path, end = spool.folder / "00000001.seg", spool.position[1]
    spool.close()
    raw = path.read_bytes()
    second = end - 2 * SLOT_BYTES
    for bit in range(SLOT_BYTES * 8):
        damaged = bytearray(raw)
        damaged[second + bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        batch = CutLog(spool.folder)._read((1, HEADER_BYTES), None)[0]
        assert list(batch.columns[Kind.SERIES_FLOAT, "loss"].values) == [0.0, 2.0]
        assert [record.number for record in batch.others] == [1]


def test_a_cut_is_the_same_after_a_restart_though_more_was_logged(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    fill(spool, 5)
    first = CutLog(spool.folder).next_batch()
    fill(spool, 5)
    again = CutLog(spool.folder).next_batch()
    assert first is not None
    assert again is not None
    assert again[0] == first[0]
    name = (Kind.SERIES_FLOAT, "loss")
    assert list(again[1].columns[name].values) == list(first[1].columns[name].values)
    spool.close()


def test_a_full_spool_drops_counts_and_says_so_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096, max_bytes=8192, retry_full_s=0)
    fill(spool, 1000)
    assert 0 < spool.dropped < 1000
    dropped, log = spool.dropped, CutLog(spool.folder)
    kept = numbers(log)
    assert len(kept) + dropped == 1000
    fill(spool, 1)
    assert losses(log) == [("loss", dropped)]
    spool.close()


def test_one_process_owns_a_folder(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    spool.open()
    assert lock_folder(spool.folder) is None
    spool.close()
    descriptor = lock_folder(spool.folder)
    assert descriptor is not None
    os.close(descriptor)


def test_a_record_survives_sigkill(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        spool = Spool(tmp_path, "t")
        fill(spool, 100)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (folder,) = (tmp_path / "t").iterdir()
    assert numbers(CutLog(folder)) == [float(number) for number in range(100)]


@pytest.mark.parametrize("value", [True, 2**62, 0.1, "text"])
def test_each_type_comes_back_exactly(tmp_path: Path, value: float | str) -> None:
    spool = Spool(tmp_path, "t")
    RowLog(spool).log({"k": value}, 1.5, 2.0)
    batch = CutLog(spool.folder).next_batch()
    assert batch is not None
    ((name, column),) = batch[1].columns.items()
    assert (name[1], list(column.values)) == ("k", [value])
    assert (list(column.times), list(column.steps)) == ([1.5], [2.0])
    spool.close()


def test_points_rows_and_texts_keep_their_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    rows, keys = RowLog(spool), [SpoolKey(name, Kind.SERIES_FLOAT) for name in "ab"]
    for number in range(500):
        spool.append(keys[number % 2], 1.0, NAN, float(number))
        if number % 5 == 0:
            rows.log({"a": number + 0.5, "b": number + 0.5, "c": number}, 1.0, NAN)
        if number % 50 == 0:
            spool.append_entry(Record(Kind.SERIES_STR, "note", 1.0, NAN, 0, str(number)))
    position = spool.position
    spool.close()
    entries, _ = CutLog(spool.folder)._read((1, HEADER_BYTES), position, is_whole=True)
    expected = {name: [] for name in "ab"}  # type: dict[str, list[float]]
    for number in range(500):
        expected["ab"[number % 2]].append(float(number))
        for name in "ab" if number % 5 == 0 else "":
            expected[name].append(number + 0.5)
    assert {name: list(entries.columns[Kind.SERIES_FLOAT, name].values) for name in "ab"} == expected
    assert list(entries.columns[Kind.SERIES_INT, "c"].values) == list(range(0, 500, 5))
    assert entries.columns[Kind.SERIES_STR, "note"].values == [str(number) for number in range(0, 500, 50)]


def test_a_segment_that_the_sender_removes_meanwhile_costs_no_point(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096, retry_full_s=60)
    key = SpoolKey("loss", Kind.SERIES_FLOAT)
    spool.append(key, 1.0, 1.0, 1.0)
    # A name that leads nowhere is what is seen of a file between the look at its folder and the look at it.
    (spool.folder / "00000000.seg").symlink_to("removed")
    for number in range(1000):
        spool.append(key, 1.0, 1.0, float(number))
    assert spool.dropped == 0


def test_a_folder_that_its_owner_has_just_removed_is_nobodys(tmp_path: Path) -> None:
    assert lock_folder(tmp_path / "removed") is None
