"""All points of one series as lines of text, in pieces, so that a long series is never one string in memory."""

import csv
import io
from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from services.core.points import Points
from services.core.values import Value

# Lines in one piece: about a megabyte.
_LINES = 20_000


class ExportFormat(StrEnum):
    """How points are written."""

    TEXT = "text"  # timestamp,log_value: the form of the user guide
    CSV = "csv"  # with a header and the steps


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def export_lines(parts: Sequence[Points], form: ExportFormat) -> Iterator[str]:
    """Give all points in order of time, also those whose step was written again later."""
    times = np.concatenate([part.times for part in parts])
    steps = np.concatenate([part.steps for part in parts])
    values: list[Value] = []
    for part in parts:
        values += part.values if isinstance(part.values, list) else part.values.tolist()
    order = np.argsort(times, kind="stable")
    if form is ExportFormat.CSV:
        yield "timestamp,step,value\n"
    for start in range(0, len(order), _LINES):
        piece = order[start : start + _LINES]
        rows = zip(times[piece].tolist(), steps[piece].tolist(), [values[i] for i in piece.tolist()], strict=True)
        if form is ExportFormat.TEXT:
            yield "".join(f"{time!r},{_plain(value)}\n" for time, _, value in rows)
        else:
            buffer = io.StringIO()
            writer = csv.writer(buffer, lineterminator="\n")
            writer.writerows((repr(t), "" if np.isnan(s) else f"{s:.17g}", _plain(v)) for t, s, v in rows)
            yield buffer.getvalue()
