"""The one place that commits: what runs on the driver is inside the session's transaction, from its first statement."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.storage.database import Database


async def test_the_drivers_first_statement_is_rolled_back_with_the_rest(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await Database.fetch(session, "INSERT INTO signing_keys (key_id, secret) VALUES ($1, $2)", "k", b"s")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as session:
        assert await Database.fetch(session, "SELECT 1 FROM signing_keys WHERE key_id = 'k'") == []


async def test_the_drivers_first_statement_is_committed_with_the_rest(database: Database) -> None:
    async with database.transaction() as session:
        await Database.fetch(session, "INSERT INTO signing_keys (key_id, secret) VALUES ($1, $2)", "k", b"s")
    async with database.read() as session:
        assert len(await Database.fetch(session, "SELECT 1 FROM signing_keys WHERE key_id = 'k'")) == 1


async def test_a_read_sees_one_snapshot_and_cannot_write(database: Database) -> None:
    async with database.read() as session:
        assert await Database.fetch(session, "SELECT 1 FROM signing_keys WHERE key_id = 'k'") == []
        async with database.transaction() as other:
            await Database.fetch(other, "INSERT INTO signing_keys (key_id, secret) VALUES ($1, $2)", "k", b"s")
        assert await Database.fetch(session, "SELECT 1 FROM signing_keys WHERE key_id = 'k'") == []
        with pytest.raises(DBAPIError, match="read-only"):
            await session.execute(text("DELETE FROM signing_keys"))


async def test_what_is_cut_anywhere_spoils_no_connection(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            await Database.fetch(
                session, "INSERT INTO signing_keys (key_id, secret) VALUES ($1, $2)", str(number), b"s"
            )

    done = 0
    for number in range(300):
        task = asyncio.create_task(write(number))
        # From before its first word to the server until after its last.
        await asyncio.sleep(number % 30 / 10_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if number % 10 == 0:
            await write(1000 + number)
            done += 1
    async with database.read() as session:
        rows = await Database.fetch(session, "SELECT key_id FROM signing_keys WHERE key_id::int >= 1000")
    assert len(rows) == done
