"""The reading side of a writer's folder: which records are batch N, what is acknowledged, what may go.

Called by sender.py and the `sync` command. Guarantees that a cut is durable before its batch is first sent, so that a
resend of sequence N after a crash carries exactly the same records.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mlsteam.records import HEADER_BYTES, Kind, Record, decode_header, scan
from mlsteam.spool import sync_folder

Position = tuple[int, int]
MAX_BATCH_RECORDS = 20_000
MAX_BATCH_BYTES = 2 * 1024 * 1024


class Cut(msgspec.Struct):
    """Batch `seq` holds the records from `start` to `end`; when lost, a mark for each key stands for them."""

    seq: int
    start: Position
    end: Position
    lost_because: str = ""


class State(msgspec.Struct):
    """What is kept in the file `state`."""

    acked_seq: int = 0
    acked_to: Position = (1, HEADER_BYTES)
    cuts: list[Cut] = []


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment file: its number and bytes."""

    number: int
    raw: bytes


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves the old or the new content."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def find_owner(folder: Path) -> tuple[str, str] | None:
    """Say which writer and track a folder belongs to, from the header of its first readable segment."""
    for path in sorted(folder.glob("*.seg")):
        with path.open("rb") as file:
            if owner := decode_header(file.read(HEADER_BYTES)):
                return owner
    return None


class CutLog:
    """Cuts the records of one writer into numbered batches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "state"
        self.state = msgspec.json.decode(path.read_bytes(), type=State) if path.exists() else State()
        self._max_records = MAX_BATCH_RECORDS
        self._pending = [cut for cut in self.state.cuts if cut.seq > self.state.acked_seq]
        self._records: tuple[Cut, list[Record]] | None = None

    def _segments(self, start: Position) -> Iterator[Segment]:
        for path in sorted(self.folder.glob("*.seg")):
            if int(path.stem) >= start[0]:
                yield Segment(int(path.stem), path.read_bytes())

    def _read(self, start: Position, until: Position | None) -> tuple[list[Record], Position]:
        records: list[Record] = []
        damaged, at, taken = 0, start, 0
        for segment in self._segments(start):
            offset = start[1] if segment.number == start[0] else HEADER_BYTES
            at = (segment.number, offset)
            for found in scan(segment.raw, offset):
                is_full = until is None and (len(records) >= self._max_records or taken >= MAX_BATCH_BYTES)
                if is_full or (until is not None and (segment.number, found.end) > until):
                    return self._with_damage(records, damaged), at
                if found.record is None:
                    damaged += 1
                else:
                    records.append(found.record)
                taken += found.end - at[1]
                at = (segment.number, found.end)
            if until is not None and at >= until:
                break
        return self._with_damage(records, damaged), at

    @staticmethod
    def _with_damage(records: list[Record], damaged: int) -> list[Record]:
        if not damaged:
            return records
        now = time.time()
        return [*records, Record(Kind.LOSS, "*", now, now, damaged, "Damaged on the disk of the client.")]

    def next_batch(self) -> tuple[Cut, list[Record]] | None:
        """Return the batch to send now; the same one until it is acknowledged. Raises: OSError."""
        if not self._pending:
            start = self.state.acked_to
            records, end = self._read(start, None)
            if not records:
                return None
            cut = Cut(self.state.acked_seq + 1, start, end)
            self._remember(cut)
            self._records = (cut, records)
        cut = self._pending[0]
        if self._records is None or self._records[0] is not cut:
            records, _ = self._read(cut.start, cut.end)
            self._records = (cut, self._as_losses(cut, records) if cut.lost_because else records)
        return self._records

    @staticmethod
    def _as_losses(cut: Cut, records: list[Record]) -> list[Record]:
        # Losses of the same key are counted together; an empty range still says that something is missing.
        marks: dict[str, Record] = {}
        for record in records:
            old = marks.get(record.key)
            first, count = (old.time, int(old.number)) if old else (record.time, 0)
            marks[record.key] = Record(Kind.LOSS, record.key, first, record.time, count + 1, cut.lost_because)
        if marks or cut.start != cut.end:
            return list(marks.values())
        now = time.time()
        return [Record(Kind.LOSS, "*", now, now, 0, cut.lost_because)]

    def _remember(self, cut: Cut) -> None:
        self._pending.append(cut)
        self.state.cuts.append(cut)
        self.save()

    def save(self) -> None:
        """Make the state durable."""
        write_durably(self.folder / "state", msgspec.json.encode(self.state))

    def acknowledge(self, cut: Cut) -> None:
        """Forget a batch that the server committed, and remove the segments that it was the last of."""
        self._pending.remove(cut)
        self._records = None
        self._max_records = MAX_BATCH_RECORDS
        self.state.acked_seq = max(self.state.acked_seq, cut.seq)
        self.state.acked_to = max(self.state.acked_to, cut.end)
        oldest = self.state.acked_to[0]
        done = [path for path in self.folder.glob("*.seg") if int(path.stem) < oldest]
        # What lies whole in segments that stay can be sent again after a rewind; half a batch must never be.
        self.state.cuts = [old for old in self.state.cuts if old.start[0] >= oldest][-256:]
        if done:
            self.save()
            for path in done:
                path.unlink(missing_ok=True)

    def halve(self, cut: Cut, reason: str) -> None:
        """Make a refused batch smaller; a single record that is refused becomes a loss mark."""
        records, _ = self._read(cut.start, cut.end)
        self._pending.remove(cut)
        self.state.cuts.remove(cut)
        self._records = None
        if len(records) <= 1:
            self._remember(Cut(cut.seq, cut.start, cut.end, reason))
            return
        self._max_records = len(records) // 2
        self.save()

    def rewind(self, expected: int) -> None:
        """Go back to the number that the server wants; batches that are gone become loss marks."""
        last = self._pending[0] if self._pending else None
        until = last.seq if last else self.state.acked_seq + 1
        kept = {cut.seq: cut for cut in self.state.cuts}
        place = (0, 0)
        lost = [
            Cut(seq, place, place, "The server lost it after it was removed here.") for seq in range(expected, until)
        ]
        self._pending = [kept.get(cut.seq, cut) for cut in lost] + ([last] if last else [])
        self._records = None

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to send."""
        return not self._pending and not self._read(self.state.acked_to, None)[0]

    def remove(self) -> None:
        """Remove the writer's folder; everything in it was sent."""
        shutil.rmtree(self.folder, ignore_errors=True)
