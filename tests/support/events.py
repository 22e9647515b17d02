"""A listener to an event stream, as a page is one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from sqlalchemy import text

from services.storage.database import Database

_HEARS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mlsteam-events' AND datname = current_database()"
    " AND state = 'idle' AND (query ILIKE 'listen %' OR query = 'SELECT 1')"
)


class Events:
    """What a stream has said, one event after the other."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer = answer
        self.comments = 0
        self._lines = answer.aiter_lines()

    async def next(self, within_s: float = 60.0) -> tuple[str, Any]:
        """Return the next event and its data; fail when none comes in time, or with StopAsyncIteration at the end."""
        name = ""
        async with asyncio.timeout(within_s):
            while True:
                line = await anext(self._lines)
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    return name, json.loads(value)
                elif line.startswith(":"):
                    self.comments += 1

    async def changed(self, within_s: float = 60.0) -> dict[str, Any]:
        """Return the data of the next event, which must be `changed`."""
        name, data = await self.next(within_s)
        assert name == "changed", (name, data)
        assert isinstance(data, dict)
        return data

    async def until_key(self, key: str) -> list[dict[str, Any]]:
        """Return the changes up to the one that names a key."""
        told = [await self.changed()]
        while key not in told[-1]["keys"]:
            told.append(await self.changed())
        return told

    async def sign_of_life(self, within_s: float = 60.0) -> None:
        """Return after the next comment; fail when an event comes first."""
        async with asyncio.timeout(within_s):
            while not (line := await anext(self._lines)).startswith(":"):
                assert not line.startswith("event:"), line
        self.comments += 1

    async def rest(self, within_s: float = 60.0) -> list[tuple[str, Any]]:
        """Return what is said until the stream ends."""
        said = []
        async with asyncio.timeout(within_s):
            while True:
                try:
                    said.append(await self.next(within_s))
                except StopAsyncIteration:
                    return said


async def until_heard(database: Database) -> None:
    """Return when track-api hears what is committed; a stream that is open at that moment is told `resync`."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as session:
                if await session.scalar(_HEARS):
                    return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(url: str, token: str, **target: str) -> AsyncIterator[Events]:
    """Open a stream and take its `hello`."""
    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=None) as client,
        client.stream("GET", f"{url}/api/v3/events", params=target) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        events = Events(answer)
        assert (await events.next())[0] == "hello"
        yield events
