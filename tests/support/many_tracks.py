"""Very many tracks in a database, as they rest after the transposer, in seconds: for what only shows with thousands."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import text

from services.core.ids import new_id
from services.core.values import LeafKind, Value, ValueType, to_text, type_of
from services.series.pages import bits_of, empty_page, encode_page
from services.storage.database import Database, Session
from services.storage.tables import config_values, leaves, series_pages, tracks

N_PARAMS, N_METRICS = 50, 50
_NAMED = ("lr", "batch", "optimizer", "dropout", "seed", "model/name", "model/layers", "data/augment")
_PARAMS = [*_NAMED, *(f"extra/param_{at:02}" for at in range(N_PARAMS - len(_NAMED)))]
_METRICS = ["train/loss", "val/loss", "val/accuracy", *(f"layer_{at:02}/norm" for at in range(N_METRICS - 3))]
_AT_ONCE = 1_000


async def seed_tracks(database: Database, project_id: UUID, n_tracks: int) -> list[UUID]:
    """Make tracks with 50 parameters and 50 metrics each; return their ids, the oldest first."""
    randomly, now = random.Random(7), datetime.now(UTC)
    made: list[UUID] = []
    for start in range(0, n_tracks, _AT_ONCE):
        numbers = range(start, min(n_tracks, start + _AT_ONCE))
        async with database.transaction() as session:
            made += await _seed(session, project_id, numbers, now - timedelta(minutes=7 * n_tracks), randomly)
    async with database.engine.begin() as connection:
        count = {"n": n_tracks + 1, "id": project_id}
        await connection.execute(text("UPDATE projects SET next_track_number = :n WHERE project_id = :id"), count)
        await connection.execute(text("ANALYZE tracks, leaves, config_values, series_pages"))
    return made


def _param(at: int, randomly: random.Random) -> Value:
    choices: dict[int, Value] = {
        0: 10 ** randomly.uniform(-5, -1),
        1: 2 ** randomly.randint(4, 9),
        2: randomly.choice(("adam", "adamw", "sgd", "lion")),
        5: f"resnet{randomly.choice((18, 34, 50, 101))}",
        7: randomly.random() < 0.5,
    }
    return choices.get(at % 8, round(randomly.random(), 3))


def _page(values: Sequence[float], time: float) -> bytes:
    page = empty_page()
    # Leaf numbers start at 1; parameters come first.
    places = np.arange(1 + N_PARAMS, 1 + N_PARAMS + len(values))
    page.n_points[places] = 1000
    page.last_type[places] = int(ValueType.FLOAT)
    page.last_time[places] = time
    page.last_step[places] = 999
    page.last_bits[places] = bits_of(ValueType.FLOAT, np.array(values))
    return encode_page(page)


async def _seed(
    session: Session, project_id: UUID, numbers: range, since: datetime, randomly: random.Random
) -> list[UUID]:
    ids = [new_id() for _ in numbers]
    rows, keys, configs, pages = [], [], [], []
    for track_id, number in zip(ids, numbers, strict=True):
        created = since + timedelta(minutes=7 * number)
        ended = created + timedelta(seconds=randomly.randint(30, 90_000))
        status = randomly.choice(("finished", "finished", "finished", "failed", "stopped"))
        tags = ["baseline"] if number % 3 == 0 else ["sweep", f"g{number % 7}"]
        rows.append((
            track_id, project_id, number + 1, f"run-{number + 1:05}", status, tags, "admin", created, created, created,
            ended, ended, 1 + N_PARAMS + N_METRICS,
        ))  # fmt: skip
        keys += [(track_id, at + 1, key, int(LeafKind.CONFIG)) for at, key in enumerate(_PARAMS)]
        keys += [(track_id, 1 + N_PARAMS + at, key, int(LeafKind.SERIES)) for at, key in enumerate(_METRICS)]
        for at in range(N_PARAMS):
            value = _param(at, randomly)
            configs.append((track_id, at + 1, int(type_of(value)), to_text(value), created.timestamp()))
        values = [abs(randomly.gauss(0.5, 0.2)) for _ in _METRICS]
        pages.append((track_id, 0, 1, _page(values, ended.timestamp())))
    columns = (
        "track_id", "project_id", "number", "name", "status", "tags", "created_by", "created_at", "updated_at",
        "started_at", "last_seen_at", "ended_at", "next_leaf_id",
    )  # fmt: skip
    await Database.copy_rows(session, tracks, rows, columns)
    await Database.copy_rows(session, leaves, keys, ("track_id", "leaf_id", "key", "kind"))
    await Database.copy_rows(session, config_values, configs, ("track_id", "leaf_id", "type", "value", "set_at"))
    await Database.copy_rows(session, series_pages, pages, ("track_id", "page", "version", "data"))
    return ids
