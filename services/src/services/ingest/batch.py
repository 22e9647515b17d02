"""A checked batch and its answer, free of HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from services.console.store import stream_key
from services.core.errors import RejectReason
from services.storage.batch_body import ConsoleColumns, KeyList, WireLoss


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
    series: list[tuple[KeyList, NDArray[np.int64]]]  # keys of each group with the number of points of each
    configs: list[ConfigEntry]
    console: list[tuple[int, ConsoleColumns]]
    losses: list[WireLoss]
    refused: frozenset[int]
    rejects: list[Reject]

    def stored_series(self) -> Iterator[tuple[int, str, int]]:
        """Give running index, key and number of points of every series that has some and was not refused."""
        index = -1
        for keys, counts in self.series:
            for key, count in zip(keys.keys, counts.tolist(), strict=True):
                index += 1
                if count and index not in self.refused:
                    yield index, key, count

    @property
    def n_points(self) -> int:
        """Return the number of points that are stored."""
        if self.refused:
            return sum(count for _, _, count in self.stored_series())
        return int(sum(counts.sum() for _, counts in self.series))

    @property
    def holds_only_series(self) -> bool:
        """Say whether there is nothing in it but series, and nothing was refused."""
        return bool(self.series) and not (self.configs or self.console or self.losses or self.rejects)

    @property
    def keys(self) -> Iterator[str]:
        """Return the keys that it is about, also those that were refused, one after the other."""
        for keys, _ in self.series:
            yield from keys.keys
        yield from (config.key for config in self.configs)
        yield from (stream_key(block.stream) for _, block in self.console)
        yield from (loss.key for loss in self.losses)

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
