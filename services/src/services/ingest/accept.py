"""Check a decoded batch entry by entry: good ones go on, bad ones become rejects with a reason.

Called by ingest-api's post_batch. Guarantees that whatever it passes can be stored.
"""

import re
from collections.abc import Iterator
from uuid import UUID

import numpy as np

from services.core.errors import RejectReason
from services.core.keys import key_problem
from services.core.points import Points
from services.core.values import INT64_MAX, INT64_MIN, ValueType, to_text, type_of
from services.ingest.batch import Batch, ConfigEntry, Reject
from services.storage.batch_body import BatchBody, ConsoleColumns, SeriesColumns, WireConfig, WireLoss

MAX_STRING_CHARS = 65_536
MAX_LINE_CHARS = 1_000_000
_STREAM = re.compile(r"[a-z0-9_-]{1,64}")

_Problem = tuple[RejectReason, str]


def accept(body: BatchBody, *, track_id: UUID, project_id: UUID, encoding: int, stored: bytes) -> Batch:
    """Return the batch with what is good in it, and a reject for each entry that is not.

    `stored` is the body as it will rest in the batch log; refused series are skipped there by their running index.
    """
    rejects = [reject for start, columns in _numbered(body) for reject in _refuse_series(start, columns)]
    refused = frozenset(reject.index for reject in rejects)
    configs: list[ConfigEntry] = []
    for index, config in enumerate(body.configs):
        if problem := _config_problem(config):
            rejects.append(Reject("config", index, config.key[:1024], *problem))
        else:
            value_type = type_of(config.value)
            configs.append(ConfigEntry(index, config.key, value_type, to_text(config.value), config.time))
    console: list[tuple[int, ConsoleColumns]] = []
    for index, block in enumerate(body.console):
        if problem := _console_problem(block):
            rejects.append(Reject("console", index, block.stream[:1024], *problem))
        elif block.lines:
            console.append((index, block))
    losses: list[WireLoss] = []
    for index, loss in enumerate(body.losses):
        if problem := _loss_problem(loss):
            rejects.append(Reject("loss", index, loss.key[:1024], *problem))
        else:
            losses.append(loss)
    return Batch(
        track_id=track_id,
        project_id=project_id,
        writer=UUID(hex=body.writer),
        seq=body.seq,
        encoding=encoding,
        body=stored,
        series=[(columns.keys, columns.counts) for columns in body.series],
        configs=configs,
        console=console,
        losses=losses,
        refused=refused,
        rejects=rejects,
    )


def _numbered(body: BatchBody) -> Iterator[tuple[int, SeriesColumns]]:
    start = 0
    for columns in body.series:
        yield start, columns
        start += len(columns.keys)


def _refuse_series(start: int, columns: SeriesColumns) -> Iterator[Reject]:
    keys = columns.keys
    is_clean = _is_clean(columns)
    # The points of each key are cut out only where one of them is wrong: ten thousand good keys are the usual case.
    if is_clean and not keys.problems:
        return
    for place, key in enumerate(keys.keys):
        problem = (RejectReason.BAD_KEY, keys.problems[place]) if place in keys.problems else None
        if problem is None and not is_clean:
            problem = _points_problem(columns.points_at(place))
        if problem:
            yield Reject("series", start + place, key[:1024], *problem)


def _key_problem(key: str) -> _Problem | None:
    problem = key_problem(key)
    return (RejectReason.BAD_KEY, problem) if problem else None


def _is_clean(columns: SeriesColumns) -> bool:
    has_good_steps = columns.steps is None or not np.isinf(columns.steps).any()
    return columns.type is not ValueType.STR and has_good_steps and bool(np.isfinite(columns.times).all())


def _points_problem(points: Points) -> _Problem | None:
    if not np.isfinite(points.times).all():
        return RejectReason.BAD_TIME, "A time must be a finite number of seconds."
    if np.isinf(points.steps).any():
        return RejectReason.BAD_STEP, "A step must be a finite number."
    if points.type is ValueType.STR and any(len(value) > MAX_STRING_CHARS for value in points.values):
        return RejectReason.TOO_LARGE, f"A string in a series has at most {MAX_STRING_CHARS} characters."
    return None


def _config_problem(config: WireConfig) -> _Problem | None:
    if problem := _key_problem(config.key):
        return problem
    value = config.value
    if not np.isfinite(config.time):
        return RejectReason.BAD_TIME, "A time must be a finite number of seconds."
    if isinstance(value, int) and not INT64_MIN <= value <= INT64_MAX:
        return RejectReason.BAD_VALUE, "An integer must fit into 64 bits with a sign."
    if isinstance(value, str) and len(value) > MAX_STRING_CHARS:
        return RejectReason.TOO_LARGE, f"A string value has at most {MAX_STRING_CHARS} characters; upload it as a file."
    if isinstance(value, str) and "\x00" in value:
        return RejectReason.BAD_VALUE, "A string value must not hold NUL characters."
    return None


def _console_problem(console: ConsoleColumns) -> _Problem | None:
    if not _STREAM.fullmatch(console.stream):
        return RejectReason.BAD_KEY, "A stream is named by 1 to 64 of a-z, 0-9, '_' and '-'."
    if not np.isfinite(console.times).all():
        return RejectReason.BAD_TIME, "A time must be a finite number of seconds."
    if any(len(line) > MAX_LINE_CHARS for line in console.lines):
        return RejectReason.TOO_LARGE, f"A console line has at most {MAX_LINE_CHARS} characters."
    return None


def _loss_problem(loss: WireLoss) -> _Problem | None:
    if problem := _key_problem(loss.key):
        return problem
    if not np.isfinite([loss.first_at, loss.last_at]).all():
        return RejectReason.BAD_TIME, "A time must be a finite number of seconds."
    if len(loss.reason) > 200 or "\x00" in loss.reason:
        return RejectReason.BAD_VALUE, "A reason has at most 200 characters and no NUL."
    return None
