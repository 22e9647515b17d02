"""Migrations: the tables they make are the tables the code uses, and many starters at once do no harm."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from support.postgres import TestServer

from services.storage.database import Database
from services.storage.migrate import migrate
from services.storage.tables import metadata


async def test_migrated_schema_is_the_schema_of_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_many_starters_at_once_migrate_once(postgres: TestServer) -> None:
    with postgres.database(template="template0") as url:
        await asyncio.gather(*(migrate(url) for _ in range(4)))
        opened = Database(url, pool_size=1)
        async with opened.read() as session:
            assert (await session.execute(text("SELECT count(*) FROM alembic_version"))).scalar() == 1
        await opened.close()


async def test_pre_target_stops_at_the_newest_pre_revision(postgres: TestServer) -> None:
    with postgres.database(template="template0") as url:
        await migrate(url, "pre")
        opened = Database(url, pool_size=1)
        async with opened.read() as session:
            assert (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar() == "0005"
        await opened.close()
