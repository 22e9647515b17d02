"""A checked batch and its answer, free of HTTP."""

from dataclasses import dataclass
from uuid import UUID

from services.core.errors import RejectReason
from services.storage.batch_body import ConsoleColumns, WireLoss


@dataclass(frozen=True, slots=True)
class Reject:
    """One entry that was refused: its place in the batch, its key, and why."""

    entry: str
    index: int
    key: str
    reason: RejectReason
    detail: str


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One config value that passed the checks."""

    index: int
    key: str
    type: int
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of one track that passed the checks, without the entries that did not."""

    track_id: UUID
    project_id: UUID
    writer: UUID
    seq: int
    encoding: int
    body: bytes
    series: list[tuple[int, str, int]]  # running index, key, number of points; the refused ones are not in it
    configs: list[ConfigEntry]
    console: list[tuple[int, ConsoleColumns]]
    losses: list[WireLoss]
    refused: frozenset[int]
    rejects: list[Reject]

    @property
    def n_points(self) -> int:
        """Return the number of points that are stored."""
        return sum(count for _, _, count in self.series)

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory while it waits."""
        return len(self.body) + 512


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer to a batch: everything up to a number is committed."""

    acked_through: int
    rejects: list[Reject]
    is_duplicate: bool
