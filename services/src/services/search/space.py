"""From hyperparameters as a lab has them to what is searched. Pure.

Guarantees that every value found is one that the grid could have, except between the ends of a log range: there any
number may come, whole if both ends are written without a decimal point.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from services.core.errors import BadValue
from services.jobs.spec import Scalar
from services.labs.combinations import Combination, Range, expand, nth, read_range

Told = tuple[bool, Scalar]
Identity = frozenset[tuple[str, Told]]


def tell(value: Scalar) -> Told:
    """Return what is equal for equal values: True is no 1 here; 1.0 is, as a database may turn one into the other."""
    return isinstance(value, bool), value


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter: `values` to choose from, in order if they are a range; or all numbers of a log `range`."""

    name: str
    values: tuple[Scalar, ...]
    is_ordered: bool = False
    range: Range | None = None

    @property
    def low(self) -> int | float:
        """Return the lower end of a log range."""
        assert self.range is not None, "only a log range has ends"  # noqa: S101 (an invariant)
        return min(self.range.start, self.range.stop)

    @property
    def high(self) -> int | float:
        """Return the upper end of a log range."""
        assert self.range is not None, "only a log range has ends"  # noqa: S101 (an invariant)
        return max(self.range.start, self.range.stop)

    @property
    def is_whole(self) -> bool:
        """Say whether a log range is of whole numbers."""
        return self.range is not None and isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def n_values(self) -> int | None:
        """Return how many values there are; None when they cannot be counted."""
        if self.range is None:
            return len(self.values)
        return int(self.high) - int(self.low) + 1 if self.is_whole else None

    @cached_property
    def _places(self) -> dict[Told, int]:
        return {tell(value): place for place, value in enumerate(self.values)}

    def place_of(self, value: Scalar) -> int | float:
        """Return what stands for a value in the study: its place, or itself in a log range."""
        if self.range is None:
            return self._places[tell(value)]
        assert not isinstance(value, str), "a log range holds numbers"  # noqa: S101 (an invariant)
        return value

    def value_at(self, place: float) -> Scalar:
        """Return the value that something in the study stands for."""
        if self.range is None:
            return self.values[int(place)]
        if self.is_whole:
            return int(place)
        # As many digits as a person would write; never beyond the ends.
        return min(max(float(f"{place:.6g}"), float(self.low)), float(self.high))


def read_space(hyperparameters: Mapping[str, list[Scalar]]) -> list[Dimension]:
    """Return what is to be searched. Raises: BadValue."""
    expanded = expand(dict(hyperparameters))
    if not expanded:
        raise BadValue("There is nothing to search: the lab has no hyperparameters.", field="hyperparameters")
    space = []
    for name, values in expanded.items():
        given = hyperparameters[name]
        found = read_range(given[0]) if len(given) == 1 and isinstance(given[0], str) else None
        if found is not None and found.is_log:
            space.append(Dimension(name, (), range=found))
        else:
            distinct = {tell(value): value for value in values}
            space.append(Dimension(name, tuple(distinct.values()), is_ordered=found is not None))
    return space


def count_space(space: Sequence[Dimension]) -> int | None:
    """Return how many combinations there are; None when they cannot be counted."""
    numbers = [dimension.n_values for dimension in space]
    counted = [number for number in numbers if number is not None]
    return math.prod(counted) if len(counted) == len(numbers) else None


def identify(choice: Combination) -> Identity:
    """Return what two combinations have in common only when they are the same."""
    return frozenset((name, tell(value)) for name, value in choice.items())


def first_untried(space: Sequence[Dimension], tried: set[Identity], start: int) -> Combination | None:
    """Return a combination that was not tried, from a place of the grid on; None where there is none, or no grid."""
    total = count_space(space)
    if not total or len(tried) >= total:
        return None
    lists: dict[str, Sequence[Scalar]] = {d.name: d.values or range(int(d.low), int(d.high) + 1) for d in space}
    # One more than were tried must hold one that was not.
    for offset in range(len(tried) + 1):
        choice = nth(lists, (start + offset) % total)
        if identify(choice) not in tried:
            return choice
    return None
