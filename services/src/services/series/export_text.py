"""Columns of points as lines of text: every number as Python's repr writes it, but a column at a time.

Called by export.py. Guarantees that each number reads back as exactly the same one.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.core.points import Floats, Points
from services.core.values import ValueType

# Arrow writes the shortest digits too, but 1.0 as 1, and not the same exponents: 1e-05 as 0.00001, 3e-07 as 3e-7,
# 12345678901.5 as 1.23456789015e+10. Between these two bounds its numbers with a fraction are Python's.
_ARROW_FROM, _ARROW_BELOW = 1e-4, 1e10
# The first whole number that Python writes with an exponent.
_WHOLE_BELOW = 1e16
_AS_ARROW, _AS_WHOLE, _AS_PYTHON = range(3)

_NEEDS_QUOTES = re.compile('[,"\r\n]')


def _strings(column: Any) -> Any:
    return pc.cast(pa.array(column), pa.string())


def _whole_strings(numbers: Floats) -> Any:
    return pc.binary_join_element_wise(_strings(numbers.astype(np.int64)), ".0", "")


def _python_strings(numbers: Floats) -> Any:
    return pa.array([repr(number) for number in numbers.tolist()], pa.string())


def _is_whole(numbers: Floats) -> NDArray[np.bool_]:
    # Minus zero is left out: an integer has none.
    is_minus_zero = (numbers == 0) & np.signbit(numbers)
    found: NDArray[np.bool_] = (np.trunc(numbers) == numbers) & (np.abs(numbers) < _WHOLE_BELOW) & ~is_minus_zero
    return found


def float_strings(numbers: Floats) -> Any:
    """Write each number as Python's repr does."""
    sizes = np.abs(numbers)
    ways = np.where((sizes >= _ARROW_FROM) & (sizes < _ARROW_BELOW), _AS_ARROW, _AS_PYTHON)
    ways[_is_whole(numbers)] = _AS_WHOLE
    return _in_ways(numbers, ways, (_strings, _whole_strings, _python_strings))


def step_strings(steps: Floats) -> Any:
    """Write whole steps without a point, others as numbers, and nothing where there is none."""
    ways = np.where(_is_whole(steps), 0, 1)
    ways[np.isnan(steps)] = 2
    return _in_ways(
        steps,
        ways,
        (lambda some: _strings(some.astype(np.int64)), float_strings, lambda some: pa.repeat(pa.scalar(""), len(some))),
    )


def _in_ways(numbers: Floats, ways: NDArray[np.int_], writers: Sequence[Callable[[Floats], Any]]) -> Any:
    found = [(way, np.flatnonzero(ways == way)) for way in range(len(writers))]
    return merge([(rows, writers[way](numbers[rows])) for way, rows in found if len(rows)])


def merge(columns: Sequence[tuple[NDArray[np.intp], Any]]) -> Any:
    """Return one column of several, each given with the rows that it fills; no row is left out."""
    if len(columns) == 1:
        return columns[0][1]
    rows = np.concatenate([rows for rows, _ in columns])
    return pa.concat_arrays([strings for _, strings in columns]).take(pa.array(np.argsort(rows)))


def whole_text(text: str) -> str:
    """Replace what UTF-8 has no bytes for: a string may hold half of a surrogate pair."""
    return text.encode(errors="replace").decode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def value_strings(points: Points, *, is_csv: bool = False) -> Any:
    """Write each value; texts stay as they are, but for the quotes that CSV asks for."""
    if isinstance(points.values, list):
        return pa.array([_quoted(whole_text(v)) if is_csv else whole_text(v) for v in points.values], pa.string())
    return float_strings(points.values) if points.type is ValueType.FLOAT else _strings(points.values)


def joined(*columns: Any) -> bytes:
    """Return lines, of columns with commas between them, as bytes."""
    between = [part for column in columns for part in (column, ",")][:-1]
    lines = pc.binary_join_element_wise(*between, "\n", "")
    # The texts of a column lie one after the other: with the line ends in them they are the lines already.
    _, _, data = lines.buffers()
    return bytes(data) if data is not None else b""
