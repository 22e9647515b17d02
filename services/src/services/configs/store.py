"""The SQL of config values."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text

from services.core.values import Value, ValueType, from_text
from services.storage.database import AnySession, Session
from services.storage.tables import config_values, leaves


@dataclass(frozen=True, slots=True)
class ConfigValue:
    """One key with its value."""

    leaf_id: int
    key: str
    type: ValueType
    value: Value
    set_at: float


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """A value to store."""

    track_id: UUID
    leaf_id: int
    type: int
    text: str
    set_at: float


async def upsert_configs(session: Session, rows: Sequence[ConfigRow]) -> None:
    """Store values; under each key the one set last by its own time stays, whatever order they arrive in."""
    newest: dict[tuple[UUID, int], ConfigRow] = {}
    for row in rows:
        held = newest.get((row.track_id, row.leaf_id))
        if held is None or row.set_at >= held.set_at:
            newest[row.track_id, row.leaf_id] = row
    # Sorted, so that two replicas lock rows in one order.
    kept = sorted(newest.values(), key=lambda row: (row.track_id, row.leaf_id))
    await session.execute(
        text(
            "INSERT INTO config_values AS held (track_id, leaf_id, type, value, set_at)"
            " SELECT * FROM unnest(CAST(:tracks AS uuid[]), CAST(:leaves AS int[]), CAST(:types AS smallint[]),"
            " CAST(:texts AS text[]), CAST(:times AS float8[]))"
            " ON CONFLICT (track_id, leaf_id) DO UPDATE"
            " SET type = excluded.type, value = excluded.value, set_at = excluded.set_at"
            " WHERE excluded.set_at >= held.set_at"
        ),
        {
            "tracks": [row.track_id for row in kept],
            "leaves": [row.leaf_id for row in kept],
            "types": [row.type for row in kept],
            "texts": [row.text for row in kept],
            "times": [row.set_at for row in kept],
        },
    )


async def read_configs(session: AnySession, track_id: UUID) -> list[ConfigValue]:
    """Return every config value of a track, by key."""
    query = (
        select(config_values, leaves.c.key)
        .join(
            leaves,
            (leaves.c.track_id == config_values.c.track_id) & (leaves.c.leaf_id == config_values.c.leaf_id),
        )
        .where(config_values.c.track_id == track_id)
        .order_by(leaves.c.key)
    )
    return [
        ConfigValue(row.leaf_id, row.key, ValueType(row.type), from_text(row.type, row.value), row.set_at)
        for row in await session.execute(query)
    ]
