"""Columns of points as lines of text: every number as Python's repr writes it, but a column at a time.

Called by export.py. Guarantees that each number reads back as exactly the same one.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.core.points import Floats, Points
from services.core.values import ValueType

# Arrow writes the shortest digits as Python does, but whole numbers without a point, and exponents in its own way: each
# span between these sizes has its writer below. Whole numbers have one too, up to the first with an exponent.
_SIZES = (1e-9, 1e-6, 1e-5, 1e-4, 1e10)
_WHOLE_BELOW = 1e16

_NEEDS_QUOTES = re.compile('[,"\r\n]')


def _strings(column: Any) -> Any:
    return pc.cast(pa.array(column), pa.string())


def _whole_strings(numbers: Floats) -> Any:
    return pc.binary_join_element_wise(_strings(numbers.astype(np.int64)), ".0", "")


def _python_strings(numbers: Floats) -> Any:
    return pa.array([repr(number) for number in numbers.tolist()], pa.string())


def _tiny_strings(numbers: Floats) -> Any:
    return pc.replace_substring(_strings(numbers), "e-", "e-0")


def _small_strings(numbers: Floats, zeros: str, exponent: str) -> Any:
    # 0.000012 is to be 1.2e-05.
    digits = pc.utf8_slice_codeunits(_strings(np.abs(numbers)), len(zeros))
    first, rest = pc.utf8_slice_codeunits(digits, 0, 1), pc.utf8_slice_codeunits(digits, 1)
    sign = pc.if_else(pa.array(numbers < 0), "-", "")
    return pc.binary_join_element_wise(sign, first, pc.if_else(pc.equal(rest, ""), "", "."), rest, exponent, "")


def _is_whole(numbers: Floats) -> NDArray[np.bool_]:
    # Minus zero is left out: an integer has none.
    is_minus_zero = (numbers == 0) & np.signbit(numbers)
    found: NDArray[np.bool_] = (np.trunc(numbers) == numbers) & (np.abs(numbers) < _WHOLE_BELOW) & ~is_minus_zero
    return found


_WRITERS = (
    _python_strings,  # nearer to zero than all sizes
    _tiny_strings,
    partial(_small_strings, zeros="0.00000", exponent="e-06"),
    partial(_small_strings, zeros="0.0000", exponent="e-05"),
    _strings,
    _python_strings,  # large ones with a fraction, all with an exponent, infinities, NaN
    _whole_strings,
)


def float_strings(numbers: Floats) -> Any:
    """Write each number as Python's repr does."""
    ways = np.digitize(np.abs(numbers), _SIZES)
    ways[_is_whole(numbers)] = len(_SIZES) + 1
    return _in_ways(numbers, ways, _WRITERS)


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
