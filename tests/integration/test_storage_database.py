"""The one place that commits: what runs on the driver is inside the session's transaction, from its first statement."""

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
