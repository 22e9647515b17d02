"""From lists of values to combinations: grid, random sample, explicit list. Pure.

Guarantees that nothing is built before it is known to be within the limit.
"""

import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.core.errors import BadValue
from services.jobs.spec import Scalar, check_scalar

MAX_COMBINATIONS = 1_000
MAX_VALUES = 10_000
# Beyond this numbers of a range could not be told apart.
_MOST = 2**63
_NAME = re.compile(r"[^/\x00-\x1f\x7f]{1,100}")
_RANGE = re.compile(r"\s*(log\s+)?([^\s:]+):([^\s:]+):([^\s:]+)\s*")

Combination = dict[str, Scalar]


def _number(text: str) -> int | float:
    try:
        value: int | float = int(text)
    except ValueError:
        value = float(text)
    if not abs(value) < _MOST:
        msg = "out of range"
        raise ValueError(msg)
    return value


@dataclass(frozen=True, slots=True)
class Range:
    """The text `start:stop:step`, or `log start:stop:count` with the count as its step."""

    start: int | float
    stop: int | float
    step: int | float
    is_log: bool


def read_range(text: str) -> Range | None:
    """Return what a text says of a range; None for another text.

    Raises: BadValue for a range that never ends, is empty or too long.
    """
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    try:
        start, stop, step = (_number(part) for part in found.groups()[1:])
    except ValueError:
        return None
    if found[1]:
        if start <= 0 or stop <= 0 or not 2 <= int(step) <= MAX_VALUES:
            raise BadValue("A log range is 'log start:stop:count' with positive ends and at least 2 values.")
    elif step == 0 or (stop - start) / step < 0:
        raise BadValue(f"The range {text.strip()!r} never reaches its end.")
    elif (stop - start) / step + 1e-9 >= MAX_VALUES:
        raise BadValue(f"The range {text.strip()!r} has more than {MAX_VALUES:,} values.")
    return Range(start, stop, step, bool(found[1]))


def expand_range(text: str) -> list[int | float] | None:
    """Return the numbers of a range, its end included; None for another text. Raises: BadValue as `read_range`."""
    found = read_range(text)
    if found is None:
        return None
    start, stop, step = found.start, found.stop, found.step
    if found.is_log:
        count = int(step)
        ratio = math.log(stop / start) / (count - 1)
        middle = [float(f"{start * math.exp(ratio * i):.12g}") for i in range(1, count - 1)]
        return [start, *middle, stop]
    # A hair more, so that 0:1:0.1 has its 1.
    count = math.floor((stop - start) / step + 1e-9) + 1
    values = [start + step * i for i in range(count)]
    return [value if isinstance(value, int) else float(f"{value:.12g}") for value in values]


def expand(hyperparameters: dict[str, list[Scalar]]) -> dict[str, list[Scalar]]:
    """Return the values of each name, ranges written out. Raises: BadValue."""
    expanded: dict[str, list[Scalar]] = {}
    for name, given in hyperparameters.items():
        _check_name(name)
        values: list[Scalar] = []
        for value in given:
            _check_value(name, value)
            numbers = expand_range(value) if isinstance(value, str) else None
            values += [value] if numbers is None else numbers
        if not 1 <= len(values) <= MAX_VALUES:
            raise BadValue(f"{name} needs 1 to {MAX_VALUES:,} values.", field="hyperparameters")
        expanded[name] = values
    return expanded


def count_grid(hyperparameters: dict[str, list[Scalar]]) -> int:
    """Return how many combinations there are. Raises: BadValue."""
    return math.prod(len(values) for values in expand(hyperparameters).values())


def check_combinations(combinations: Sequence[Combination]) -> None:
    """Refuse a list that cannot be submitted: empty, too long, or with a name or value no hyperparameter has.

    Raises: BadValue.
    """
    if not combinations:
        raise BadValue("There is nothing to submit.", field="combinations")
    _check_number(len(combinations))
    for choice in combinations:
        # Texts that look like ranges are texts here.
        for name, value in choice.items():
            _check_name(name)
            _check_value(name, value)


def combine(
    hyperparameters: dict[str, list[Scalar]], *, n_random: int | None = None, seed: int = 0
) -> list[Combination]:
    """Return the whole grid in order, or a sample of it without repeats that a seed repeats.

    Raises: BadValue when they would be more than MAX_COMBINATIONS.
    """
    lists = expand(hyperparameters)
    total = math.prod(len(values) for values in lists.values())
    wanted = total if n_random is None else min(n_random, total)
    _check_number(wanted)
    # Numbers of combinations, not combinations: a sample of a billion costs no more than one of ten.
    if n_random is None:
        return [nth(lists, index) for index in range(total)]
    chosen: dict[int, None] = {}
    source = random.Random(seed)  # noqa: S311 (repeatable is what it is for)
    while len(chosen) < wanted:
        chosen[source.randrange(total)] = None
    return [nth(lists, index) for index in chosen]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in {".", ".."}:
        raise BadValue(f"{name[:100]!r} cannot name a hyperparameter.", field="hyperparameters")


def _check_value(name: str, value: Scalar) -> None:
    try:
        check_scalar(value)
    except ValueError as error:
        raise BadValue(f"{name}: {error}", field="hyperparameters") from error


def _check_number(n_jobs: int) -> None:
    if n_jobs > MAX_COMBINATIONS:
        raise BadValue(
            f"That makes {n_jobs:,} jobs; at most {MAX_COMBINATIONS:,} at once. Take fewer values, or a random sample.",
            field="hyperparameters",
            n_jobs=str(n_jobs),
        )


def nth(lists: Mapping[str, Sequence[Scalar]], index: int) -> Combination:
    """Return one combination of the grid by its place."""
    chosen: Combination = {}
    for name, values in reversed(list(lists.items())):
        index, position = divmod(index, len(values))
        chosen[name] = values[position]
    return dict(reversed(chosen.items()))
