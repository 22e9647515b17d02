"""A series too long to be held as points: the chunks it rests in, and their pyramids in memory.

Called by source.py and order.py. A bucket made of blocks may hold up to 63 points of each neighbour, and the answer
says so; a window of few enough points is read as points, and exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.points import Floats
from services.core.values import ValueType
from services.series.buckets import BlockPositions, PlacedBlocks
from services.series.chunk_store import ChunkFacts
from services.series.column import common_type
from services.series.pyramid import BLOCK, Blocks, StoredBlocks, decode_pyramid, join_pyramids

# A series of more points is not held as points, and a window of more is drawn from blocks.
LONG_POINTS = 2_000_000


@dataclass(frozen=True)
class LongSeries:
    """The chunks of a series, in order of arrival, with their pyramids."""

    facts: list[ChunkFacts]
    stored: StoredBlocks
    # What order.py made of it before.
    held: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, facts: Sequence[ChunkFacts], pyramids: Sequence[bytes]) -> "LongSeries":
        """Make it of chunks with their pyramids."""
        return cls(list(facts), join_pyramids([decode_pyramid(data) for data in pyramids]))

    @property
    def size_bytes(self) -> int:
        """Return about what it takes in memory."""
        return self.stored.size_bytes + 32 * len(self.stored.count) + 400 * len(self.facts)

    def __len__(self) -> int:
        """Return the number of points."""
        return int(self.counts.sum())

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Return the number of points of each chunk."""
        return np.array([f.n_points for f in self.facts], np.int64)

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """Return how many points arrived before each chunk, and at the end how many there are."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @cached_property
    def time_span(self) -> tuple[Floats, Floats]:
        """Return the oldest and the newest time of each chunk."""
        return np.array([f.time_min for f in self.facts]), np.array([f.time_max for f in self.facts])

    @cached_property
    def step_span(self) -> tuple[Floats, Floats]:
        """Return the smallest and the largest step of each chunk; NaN where it has none."""
        return np.array([f.step_min for f in self.facts]), np.array([f.step_max for f in self.facts])

    @property
    def first_time(self) -> float:
        """Return the time of the oldest point."""
        return float(self.time_span[0].min())

    @property
    def type(self) -> ValueType:
        """Return the type of its values."""
        return common_type({f.type for f in self.facts})

    @cached_property
    def has_no_steps(self) -> bool:
        """Say whether no point has a step; its index then stands for it."""
        return not any(f.n_steps for f in self.facts)

    @cached_property
    def has_all_steps(self) -> bool:
        """Say whether every point has a step."""
        return all(f.n_steps == f.n_points for f in self.facts)

    def blocks_of(self, place: int) -> slice:
        """Return where the blocks of a chunk are."""
        starts = self.held.get("starts")
        if starts is None:
            starts = self.held["starts"] = np.concatenate([[0], np.cumsum(-(-self.counts // BLOCK))])
        return slice(int(starts[place]), int(starts[place + 1]))

    def placed(self, at: slice, *, by_step: bool) -> PlacedBlocks:
        """Return some of the blocks as they stand in time or on steps, without copying."""
        stored = self.stored
        names = ("step_first", "step_last", "step_of_min", "step_of_max")
        if not by_step:
            names = ("time_first", "time_last", "time_of_min", "time_of_max")
        blocks = Blocks(*(getattr(stored.blocks, name)[at] for name in Blocks.__slots__))
        x = BlockPositions(*(getattr(stored, name)[at] for name in names))
        return PlacedBlocks(blocks, stored.count[at], stored.first[at], stored.last[at], x)
