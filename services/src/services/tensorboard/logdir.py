"""Write a track's series and config values into a folder of event files, and keep it up to date.

Called by tb-proxy in its mode `process`, which keeps one of these for every run of a stock TensorBoard. Guarantees that
a call writes only what is new since the last, so that a reader that follows the file never sees a point twice.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from services.configs.store import ConfigValue, read_configs
from services.core.points import Points
from services.core.values import ValueType, to_text
from services.series.load import load_points, load_summaries
from services.storage.database import Database
from services.tensorboard.events import file_start, scalar_records, text_record
from services.tensorboard.scalars import whole_steps
from services.tensorboard.thinning import thin_out

# TensorBoard keeps 1,000 points a series; reading more than that only makes its start slow.
_POINTS = 1_000
_TEXTS = 100
_LONGEST_TEXT = 20_000
_LONGEST_CELL = 1_000
_CONFIG_TAG = "config"


class Logdir:
    """The event file of one track: one run, whose folder is given."""

    def __init__(self, database: Database, track_id: UUID, folder: Path) -> None:
        self._database = database
        self._track_id = track_id
        folder.mkdir(parents=True)
        now = time.time()
        self._file = folder / f"events.out.tfevents.{int(now)}.track"
        self._file.write_bytes(file_start(now))
        self._written: dict[str, int] = {}
        self._config = ""
        self._config_step = 0

    async def update(self) -> None:
        """Append what was logged since the last call. Raises: DatabaseDown."""
        async with self._database.read() as session:
            summaries = await load_summaries(session, self._track_id)
            grown = [key for key, held in summaries.items() if held.n_points > self._written.get(key, 0)]
            parts = await load_points(session, self._track_id, grown) if grown else {}
            configs = await read_configs(session, self._track_id)
        # In a thread, because a large track takes a moment that other pages should not wait for.
        await asyncio.to_thread(self._append, parts, configs)

    def _append(self, parts: dict[str, list[Points]], configs: list[ConfigValue]) -> None:
        written = dict(self._written)
        records = [self._new_records(key, columns, written) for key, columns in parts.items()]
        table = config_table(configs)
        if table and table != self._config:
            records.append(text_record(_CONFIG_TAG, table, self._config_step, time.time()))
            self._config, self._config_step = table, self._config_step + 1
        if records:
            with self._file.open("ab") as file:
                file.write(b"".join(records))
        self._written = written

    @staticmethod
    def _new_records(key: str, parts: Sequence[Points], written: dict[str, int]) -> bytes:
        records, seen, before = [], 0, written.get(key, 0)
        for part in parts:
            start = max(0, before - seen)
            if start < len(part):
                records.append(_encode(key, part.slice(start, len(part)), first_index=seen + start))
            seen += len(part)
        written[key] = max(seen, before)
        return b"".join(records)


def _encode(key: str, points: Points, *, first_index: int) -> bytes:
    # Where the user gave no step, a step counts the points of the series.
    index = np.arange(first_index, first_index + len(points), dtype=np.float64)
    given = np.where(np.isfinite(points.steps), points.steps, index)
    steps = whole_steps(given)
    if points.type is ValueType.STR:
        shown = range(max(0, len(points) - _TEXTS), len(points))
        texts = [str(points.values[i])[:_LONGEST_TEXT] for i in shown]
        return b"".join(
            text_record(key, text, int(steps[i]), float(points.times[i])) for i, text in zip(shown, texts, strict=True)
        )
    values = np.asarray(points.values, dtype=np.float64)
    kept = thin_out(values, _POINTS)
    return scalar_records(key, values[kept], steps[kept], points.times[kept])


def config_table(configs: Sequence[ConfigValue]) -> str:
    """Return config values as a Markdown table, which is how TensorBoard shows texts; nothing for none."""
    if not configs:
        return ""
    cells = [(_cell(config.key), _cell(to_text(config.value))) for config in configs]
    return "\n".join(["| key | value |", "|---|---|", *(f"| {key} | {value} |" for key, value in cells)])


def _cell(text: str) -> str:
    # What a user wrote is text, not Markdown, and must not end its cell or its line.
    flat = " ".join(text[:_LONGEST_CELL].split()).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!>|" else c for c in flat)
