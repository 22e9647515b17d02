"""The SQL of live events: one channel, told and listened to."""

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
from sqlalchemy import text

from services.storage.database import Session

CHANNEL = "mlsteam_changes"

# A notice may be lost with the machine, so it need not wait for the disk beside the commits of data that must.
_NOTIFY = text(
    "SELECT set_config('synchronous_commit', 'off', true), count(pg_notify(:channel, payload))"
    " FROM unnest(CAST(:payloads AS text[])) AS payload"
)


async def notify(session: Session, payloads: Sequence[str]) -> None:
    """Tell every listener, once the transaction has ended."""
    await session.execute(_NOTIFY, {"channel": CHANNEL, "payloads": list(payloads)})


async def listen(connection: "asyncpg.Connection[Any]", on_payload: Callable[[str], None]) -> None:
    """Have a connection call back with each payload from now on."""

    def on_notify(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        on_payload(str(payload))

    await connection.add_listener(CHANNEL, on_notify)
