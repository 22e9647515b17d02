"""Columns of points: the form in which a series travels from the wire to chunks and to readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.core.values import Value, ValueType

Floats = NDArray[np.float64]
DTYPE_OF_TYPE: dict[ValueType, Any] = {
    ValueType.FLOAT: np.dtype("<f8"),
    ValueType.INT: np.dtype("<i8"),
    ValueType.BOOL: np.dtype("?"),
}


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one series and one type, in order of arrival. NaN in steps: this point has none."""

    type: ValueType
    values: NDArray[Any] | list[str]
    times: Floats
    steps: Floats

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.times)

    def slice(self, start: int, stop: int) -> "Points":
        """Return some of the points, without copying numbers."""
        return Points(self.type, self.values[start:stop], self.times[start:stop], self.steps[start:stop])

    def take(self, order: NDArray[np.intp]) -> "Points":
        """Return points in another order."""
        values = [self.values[i] for i in order.tolist()] if isinstance(self.values, list) else self.values[order]
        return Points(self.type, values, self.times[order], self.steps[order])

    def value_at(self, index: int) -> Value:
        """Return one value as a Python value."""
        value = self.values[index]
        return value if isinstance(value, str) else value.item()


def join_points(parts: Sequence[Points]) -> Points:
    """Return points of one type one after the other."""
    if len(parts) == 1:
        return parts[0]
    values: NDArray[Any] | list[str]
    if parts[0].type is ValueType.STR:
        values = [value for part in parts for value in part.values]
    else:
        values = np.concatenate([np.asarray(part.values) for part in parts])
    times = np.concatenate([part.times for part in parts])
    return Points(parts[0].type, values, times, np.concatenate([part.steps for part in parts]))
