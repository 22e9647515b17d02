"""The reading side of a writer's folder: which records are batch N, what is acknowledged, what may go.

Called by sender.py and the `sync` command. Guarantees that a cut is durable before its batch is first sent, so that a
resend of sequence N after a crash carries exactly the same records.
"""

import importlib
import time
from pathlib import Path

import msgspec

from mlsteam.disk import Slate
from mlsteam.records import HEADER_BYTES, STATE_BYTES, Kind, Record, decode_header, read_header
from mlsteam.segments import Entries, SegmentReader

Position = tuple[int, int]
MAX_BATCH_RECORDS = 50_000
MAX_BATCH_BYTES = 2 * 1024 * 1024
# What is kept for a rewind has to fit into the file `state`.
_MAX_CUTS = 128
_MAX_REASON_CHARS = 150


class Cut(msgspec.Struct, array_like=True):
    """Batch `seq` holds the records from `start` to `end`; when lost, a mark for each key stands for them."""

    seq: int
    start: Position
    end: Position
    lost_because: str = ""


class State(msgspec.Struct, array_like=True):
    """What is kept in the file `state`."""

    acked_seq: int = 0
    acked_to: Position = (1, HEADER_BYTES)
    cuts: list[Cut] = []


def find_owner(folder: Path) -> tuple[str, str] | None:
    """Say which writer and track a folder belongs to, from the header of its first readable segment."""
    for path in sorted(folder.glob("*.seg")):
        if owner := decode_header(read_header(path)):
            return owner
    return None


class CutLog:
    """Cuts the records of one writer into numbered batches."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._slate = Slate(folder / "state", STATE_BYTES)
        kept = self._slate.read()
        self.state = msgspec.json.decode(kept, type=State) if kept else State()
        self._max_records = MAX_BATCH_RECORDS
        self._pending = [cut for cut in self.state.cuts if cut.seq > self.state.acked_seq]
        self._entries: tuple[Cut, Entries] | None = None
        self._readers: dict[int, SegmentReader] = {}

    def _read(self, start: Position, until: Position | None, *, is_whole: bool = False) -> tuple[Entries, Position]:
        """Read from a place on: to the limits of a batch, or, when `is_whole`, exactly to `until`."""
        entries, at, left = Entries(), start, MAX_BATCH_BYTES
        for path in sorted(self.folder.glob("*.seg")):
            number = int(path.stem)
            if number < start[0] or (until is not None and number > until[0]):
                continue
            reader = self._readers.setdefault(number, SegmentReader(path))
            begin = start[1] if number == start[0] else HEADER_BYTES
            end = until[1] if until is not None and number == until[0] else None
            max_records, max_bytes = (1 << 62, 1 << 62) if is_whole else (self._max_records, left)
            stop = reader.read(begin, end, entries, max_records=max_records, max_bytes=max_bytes)
            at, left = (number, stop), left - (stop - begin)
            if not is_whole and (entries.records >= self._max_records or left <= 0):
                break
        if entries.damaged:
            now = time.time()
            mark = Record(Kind.LOSS, "*", now, now, entries.damaged, "Damaged on the disk of the client.")
            entries.others.append(mark)
        return entries, at

    def next_batch(self, until: Position | None = None) -> tuple[Cut, Entries] | None:
        """Return the batch to send now; the same one until it is acknowledged. Raises: OSError.

        `until` is how far a living writer has committed; of a dead one everything is read.
        """
        if not self._pending:
            entries, end = self._read(self.state.acked_to, until)
            if not entries.records:
                # Only definitions, or places that were never filled.
                return None
            cut = Cut(self.state.acked_seq + 1, self.state.acked_to, end)
            self._remember(cut)
            self._entries = (cut, entries)
        cut = self._pending[0]
        if self._entries is None or self._entries[0] is not cut:
            entries, _ = self._read(cut.start, cut.end, is_whole=True)
            self._entries = (cut, self._as_losses(cut, entries) if cut.lost_because else entries)
        return self._entries

    @staticmethod
    def _as_losses(cut: Cut, entries: Entries) -> Entries:
        # An empty range still says that something is missing.
        now = time.time()
        marks = [
            Record(Kind.LOSS, key, min(column.times), max(column.times), len(column.times), cut.lost_because)
            for (_, key), column in entries.columns.items()
        ]
        marks += [Record(Kind.LOSS, one.key, one.time, one.time, 1, cut.lost_because) for one in entries.others]
        if not marks and cut.start == cut.end:
            marks = [Record(Kind.LOSS, "*", now, now, 0, cut.lost_because)]
        return Entries(others=marks, records=len(marks))

    def _remember(self, cut: Cut) -> None:
        self.state.cuts.append(cut)
        try:
            self.save()
        except OSError:
            # Not on the disk is not cut: the next time may put other records into it.
            self.state.cuts.remove(cut)
            raise
        self._pending.append(cut)

    def save(self) -> None:
        """Make the state durable."""
        self._slate.write(msgspec.json.encode(self.state))

    def acknowledge(self, cut: Cut) -> None:
        """Forget a batch that the server committed, and remove the segments that it was the last of."""
        self._pending.remove(cut)
        self._entries = None
        self._max_records = MAX_BATCH_RECORDS
        self.state.acked_seq = max(self.state.acked_seq, cut.seq)
        self.state.acked_to = max(self.state.acked_to, cut.end)
        oldest = self.state.acked_to[0]
        done = [path for path in self.folder.glob("*.seg") if int(path.stem) < oldest]
        # What lies whole in segments that stay can be sent again after a rewind; half a batch must never be.
        self.state.cuts = [old for old in self.state.cuts if old.start[0] >= oldest][-_MAX_CUTS:]
        if done:
            self.save()
            for path in done:
                path.unlink(missing_ok=True)
                self._readers.pop(int(path.stem), None)

    def halve(self, cut: Cut, reason: str) -> bool:
        """Make a refused batch smaller; a single record that is refused becomes a loss mark.

        False when that mark is refused as well: then it is not the record that the server dislikes, and it stays.
        """
        if cut.lost_because:
            cut.lost_because = cut.lost_because if cut.start == cut.end else ""
            self._entries = None
            return False
        entries, _ = self._read(cut.start, cut.end, is_whole=True)
        self._pending.remove(cut)
        self.state.cuts.remove(cut)
        self._entries = None
        if entries.records <= 1:
            self._remember(Cut(cut.seq, cut.start, cut.end, reason[:_MAX_REASON_CHARS]))
            return True
        self._max_records = entries.records // 2
        self.save()
        return True

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
        self._entries = None

    @property
    def is_sent(self) -> bool:
        """Whether nothing is left to send."""
        return not self._pending and not self._read(self.state.acked_to, None)[0].records

    def remove(self) -> None:
        """Remove the writer's folder; everything in it was sent."""
        # Imported at the end: `import mlsteam` stays fast.
        importlib.import_module("shutil").rmtree(self.folder, ignore_errors=True)
