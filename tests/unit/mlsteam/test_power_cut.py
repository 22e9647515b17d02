"""A power cut at any moment: what was synced is there, once; what was not may be gone, and nothing is made up."""

import random
from collections import Counter
from pathlib import Path

import pytest
from support.power import PowerCut

from mlsteam.cuts import CutLog
from mlsteam.losses import recover
from mlsteam.records import Kind
from mlsteam.rows import RowLog
from mlsteam.segments import Entries
from mlsteam.spool import Spool, SpoolKey

NAN = float("nan")


class Training:
    """Random work on a spool and a server that stores by sequence number; values count up, so each is told apart."""

    def __init__(self, root: Path, chance: random.Random, *, is_sync: bool) -> None:
        self.spool = Spool(root, "t", segment_bytes=8192, max_bytes=40_000, retry_full_s=0, is_sync=is_sync)
        self._chance, self._is_sync = chance, is_sync
        self._rows, self._keys = RowLog(self.spool), [SpoolKey(name, Kind.SERIES_FLOAT) for name in "ab"]
        self._cuts: CutLog | None = None
        self.count = self.durable = 0
        self.stored: dict[int, list[float]] = {}
        # By the marks of a full spool that arrived; and what was dropped when it was last synced.
        self.lost = self.durable_lost = 0

    def work(self) -> None:
        what = self._chance.choice(["points"] * 6 + ["row", "column", "sync", "deliver"])
        if what == "points":
            for _ in range(self._chance.randrange(1, 60)):
                self._append(lambda value: self.spool.append(self._chance.choice(self._keys), 1.0, NAN, value))
        elif what == "row":
            self._append(lambda value: self._rows.log({"a": value, "c": 1}, 1.0, NAN))
        elif what == "column":
            self._append(lambda value: self.spool.append_column(self._keys[0], *_packed(value)))
        elif what == "sync":
            self._sync()
        else:
            self._sync()
            self._cuts = self._cuts or CutLog(self.spool.folder)
            self._deliver(self._cuts, most=self._chance.randrange(4), until=self.spool.position)

    def _sync(self) -> None:
        self.spool.sync()
        self.durable, self.durable_lost = self.count, self.spool.dropped

    def _append(self, append: object) -> None:
        dropped = self.spool.dropped
        append(float(self.count))  # type: ignore[operator]
        if self.spool.dropped == dropped:
            self.count += 1
        if self._is_sync:
            self.durable = self.count

    def _deliver(self, cuts: CutLog, *, most: int, until: tuple[int, int] | None) -> None:
        while most and (batch := cuts.next_batch(until)):
            most -= 1
            cut, entries = batch
            if cut.seq not in self.stored:
                self.stored[cut.seq] = _values(entries)
                self.lost += sum(int(mark.number) for mark in entries.others if "full" in mark.text)
            # The answer may be lost on its way.
            if self._chance.random() < 0.8 or until is None:
                cuts.acknowledge(cut)

    def recover(self, root: Path) -> None:
        folder = root / "t" / self.spool.writer
        if folder.exists():
            recover(folder, folder.name, "t")
            self._deliver(CutLog(folder), most=1 << 30, until=None)


def _packed(value: float) -> tuple[bytes, list[float], bytes]:
    return SpoolKey("", Kind.SERIES_FLOAT).pack(value, 0.0, 0.0, 0)[:8], [1.0], bytes(16)


def _values(entries: Entries) -> list[float]:
    return [value for (kind, _), one in entries.columns.items() if kind is Kind.SERIES_FLOAT for value in one.values]


@pytest.mark.parametrize("is_sync", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_what_was_synced_survives(seed: int, is_sync: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    root = tmp_path / "spool"
    with monkeypatch.context() as patch:
        power = PowerCut(tmp_path, patch, chance)
        training = Training(root, chance, is_sync=is_sync)
        for _ in range(chance.randrange(1, 120)):
            training.work()
        power.image(tmp_path.parent / f"{tmp_path.name}-image")
        power.close()
    training.recover(tmp_path.parent / f"{tmp_path.name}-image" / "spool")
    found = Counter(value for values in training.stored.values() for value in values)
    assert [value for value, times in found.items() if times > 1] == []
    assert set(found) <= set(map(float, range(training.count)))
    missing = [value for value in range(training.durable) if float(value) not in found]
    assert missing == []
    assert training.durable_lost <= training.lost <= training.spool.dropped
    training.spool.close()
