"""What of a series is asked for: the axis, a range on it, and how many columns there are to draw it in."""

from dataclasses import dataclass
from enum import StrEnum


class Axis(StrEnum):
    """What x is."""

    STEP = "step"
    TIME = "time"
    RELATIVE = "relative"  # seconds since the first point of the series asked for together
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Window:
    """What to draw: the axis, a range on it (both ends included), and how many columns there are."""

    axis: Axis = Axis.STEP
    start: float | None = None
    stop: float | None = None
    buckets: int = 1000
    # All series on one grid, those of few points too, and of each column the mean alone.
    is_common: bool = False
