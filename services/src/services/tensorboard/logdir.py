"""Write what a track holds into a private folder, in the form that its TensorBoard process reads.

Called by tb-proxy. Guarantees that the folder's one file is replaced as a whole: a reader sees the old or the new state.
The process that reads it has no way to the database; what is in the folder is all it can show.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.configs.store import read_configs
from services.core.points import Points
from services.core.values import ValueType
from services.series.load import load_points, load_summaries
from services.storage.database import ReadSession

SNAPSHOT_FILE = "track.msgpack"
# TensorBoard's own limit of texts that it shows of one tag is 100.
_TEXTS = 100
_STEP_LIMIT = 2**53


def order_by_step(steps: NDArray[np.float64], times: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return TensorBoard's steps (whole, strictly rising) and which point stands at each: the later one by time.

    It keeps one point a step and knows no fractions; points without a step count through in order of time. Where
    rounding would put two points of different steps into one, all are counted through as well.
    """
    by_time = np.argsort(times, kind="stable")
    given = steps[by_time]
    whole = np.floor(given) if len(given) else given
    is_usable = not np.isnan(given).any() and bool((whole == given).all()) and bool((np.abs(given) < _STEP_LIMIT).all())
    if not is_usable:
        order = by_time if np.isnan(given).all() else by_time[np.lexsort((np.arange(len(given)), given))]
        return np.arange(len(order), dtype=np.int64), order
    order = by_time[np.argsort(given, kind="stable")]
    ordered = steps[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True) if len(ordered) else np.zeros(0, dtype=bool)
    order = order[is_last]
    return steps[order].astype(np.int64), order


def thin_out(values: NDArray[np.float64], limit: int) -> NDArray[np.intp]:
    """Return which points to keep of many: the smallest and the largest of each stretch, the first and the last."""
    if len(values) <= limit:
        return np.arange(len(values))
    stretches = max(1, limit // 2 - 1)
    edges = np.linspace(0, len(values), stretches + 1).astype(np.intp)
    # NaN would win every comparison; it is kept only where nothing else is.
    low, high = np.where(np.isnan(values), np.inf, values), np.where(np.isnan(values), -np.inf, values)
    kept = [0, len(values) - 1]
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        kept += [start + int(np.argmin(low[start:stop])), start + int(np.argmax(high[start:stop]))]
    return np.unique(np.array(kept, dtype=np.intp))


def _scalars(parts: Sequence[Points], max_points: int) -> dict[str, bytes] | None:
    numeric = [part for part in parts if part.type is not ValueType.STR]
    if not numeric:
        return None
    values = np.concatenate([np.asarray(part.values, dtype=np.float64) for part in numeric])
    times = np.concatenate([part.times for part in numeric])
    steps, order = order_by_step(np.concatenate([part.steps for part in numeric]), times)
    values, times = values[order], times[order]
    kept = thin_out(values, max_points)
    return {
        "steps": steps[kept].astype("<i8").tobytes(),
        "times": times[kept].astype("<f8").tobytes(),
        "values": values[kept].astype("<f8").tobytes(),
    }


def _texts(parts: Sequence[Points]) -> list[tuple[int, float, str]]:
    texts = [part for part in parts if part.type is ValueType.STR]
    if not texts:
        return []
    values = [str(value) for part in texts for value in part.values]
    times = np.concatenate([part.times for part in texts])
    steps, order = order_by_step(np.concatenate([part.steps for part in texts]), times)
    shown = list(zip(steps.tolist(), order.tolist(), strict=True))[-_TEXTS:]
    return [(step, float(times[index]), values[index]) for step, index in shown]


async def write_logdir(session: ReadSession, track_id: UUID, folder: Path, *, max_points: int) -> None:
    """Write a track's series and config values into a folder that exists."""
    keys = list(await load_summaries(session, track_id))
    scalars: dict[str, dict[str, bytes]] = {}
    texts: dict[str, list[tuple[int, float, str]]] = {}
    for key, parts in (await load_points(session, track_id, keys)).items():
        if (columns := _scalars(parts, max_points)) is not None:
            scalars[key] = columns
        if shown := _texts(parts):
            texts[key] = shown
    parameters: dict[str, Any] = {config.key: config.value for config in await read_configs(session, track_id)}
    content = msgspec.msgpack.encode({"scalars": scalars, "texts": texts, "parameters": parameters})
    new = folder / (SNAPSHOT_FILE + ".new")
    new.write_bytes(content)
    new.replace(folder / SNAPSHOT_FILE)
