"""The spool: what is appended is found again, whatever was torn, and a cut repeats exactly."""

import os
import signal
from pathlib import Path

import pytest

from mlsteam.cuts import CutLog, find_owner
from mlsteam.handles import encode_value
from mlsteam.records import HEADER_BYTES, Kind, scan
from mlsteam.spool import Spool, lock_folder

NAN = float("nan")


def point(key: str, value: float) -> bytes:
    return encode_value(0, key, value, time=1.0, step=NAN)


def fill(spool: Spool, count: int) -> None:
    for number in range(count):
        spool.append(point("loss", float(number)))


def numbers(log: CutLog) -> list[float]:
    found: list[float] = []
    while batch := log.next_batch():
        found += [record.number for record in batch[1]]
        log.acknowledge(batch[0])
    return found


def test_records_come_back_over_many_segments(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    fill(spool, 1000)
    assert find_owner(spool.folder) == (spool.writer, "t")
    assert numbers(CutLog(spool.folder)) == [float(number) for number in range(1000)]
    # All but the segment that is still written are gone.
    assert len(list(spool.folder.glob("*.seg"))) == 1
    spool.close()


def test_a_torn_tail_is_cut_at_every_byte(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096)
    fill(spool, 3)
    raw = (spool.folder / "00000001.seg").read_bytes()
    end = spool.position[1]
    spool.close()
    last = (end - HEADER_BYTES) // 3
    for kept in range(last):
        torn = raw[: end - last + kept] + bytes(last - kept)
        whole = [found.record for found in scan(torn[:end], HEADER_BYTES) if found.record]
        assert [record.number for record in whole][:2] == [0.0, 1.0]
        assert len(whole) <= 3


def test_a_damaged_record_is_counted_and_its_neighbours_stay(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    fill(spool, 3)
    spool.close()
    path = spool.folder / "00000001.seg"
    raw = bytearray(path.read_bytes())
    raw[HEADER_BYTES + 60] ^= 0xFF
    path.write_bytes(raw)
    batch = CutLog(spool.folder).next_batch()
    assert batch is not None
    assert [record.number for record in batch[1] if record.kind is Kind.SERIES_FLOAT] == [0.0, 2.0]
    assert [record.number for record in batch[1] if record.kind is Kind.LOSS] == [1]


def test_a_cut_is_the_same_after_a_restart_though_more_was_logged(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t")
    fill(spool, 5)
    first = CutLog(spool.folder).next_batch()
    fill(spool, 5)
    assert repr(CutLog(spool.folder).next_batch()) == repr(first)
    spool.close()


def test_a_full_spool_drops_counts_and_says_so_later(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "t", segment_bytes=4096, max_bytes=8192)
    fill(spool, 1000)
    assert 0 < spool.dropped < 1000
    dropped, log = spool.dropped, CutLog(spool.folder)
    kept = numbers(log)
    assert len(kept) + dropped == 1000
    fill(spool, 1)
    batch = log.next_batch()
    assert batch is not None
    assert [(record.key, record.number) for record in batch[1] if record.kind is Kind.LOSS] == [("loss", dropped)]
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
    spool.append(encode_value(0, "k", value, time=1.5, step=2.0))
    batch = CutLog(spool.folder).next_batch()
    assert batch is not None
    (record,) = batch[1]
    assert (record.text if isinstance(value, str) else record.number) == value
    assert (record.key, record.time, record.step) == ("k", 1.5, 2.0)
    spool.close()
