"""The engine, the sessions, and transaction(): the only code that commits.

Called by the resources of each app. Guarantees that a read session cannot write, and that what a transaction wrote is
committed when its block has ended.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NewType

import asyncpg
from sqlalchemy import Table, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from services.core.errors import DatabaseDown
from services.core.settings import ServiceSettings

Session = NewType("Session", AsyncSession)
ReadSession = NewType("ReadSession", AsyncSession)
AnySession = Session | ReadSession

_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
# Longer than any statement a request should wait for; a stuck one must not hold a connection for ever.
_STATEMENT_TIMEOUT_MS = 60_000
_CONNECT_TIMEOUT_S = 10


def asyncpg_url(url: str) -> str:
    """Turn any postgresql:// or postgres:// address into the one SQLAlchemy's asyncpg dialect takes."""
    scheme, _, rest = url.partition("://")
    if scheme.split("+")[0] not in {"postgresql", "postgres"}:
        msg = "MLSTEAM_DATABASE_URL must start with postgresql://"
        raise ValueError(msg)
    return f"postgresql+asyncpg://{rest}"


class Database:
    """One PostgreSQL and the pool of connections to it."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=0,
            connect_args={
                "timeout": _CONNECT_TIMEOUT_S,
                "server_settings": {
                    "statement_timeout": str(_STATEMENT_TIMEOUT_MS),
                    "application_name": "mlsteam",
                },
            },
        )
        event.listen(self.engine.sync_engine, "checkout", _check_open)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> "Database":
        """Open the database a service was told to use."""
        return cls(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Run a block in one transaction: committed when it ends well, rolled back when it raises.

        Raises: DatabaseDown when the database does not answer.
        """
        async with _translated(), self._sessions() as session, _discarded_when_cut(session):
            yield Session(session)
            await session.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """Run a block on one read-only snapshot, so that merged levels never show a point twice or not at all."""
        async with _translated(), self._sessions() as session, _discarded_when_cut(session):
            await session.connection(execution_options=_SNAPSHOT)
            yield ReadSession(session)

    @staticmethod
    async def copy_rows(
        session: Session, table: Table, rows: Sequence[tuple[Any, ...]], columns: Sequence[str]
    ) -> None:
        """Write rows by binary COPY on the session's own connection, so within its transaction."""
        driver = await _driver(session)
        await driver.copy_records_to_table(table.name, records=rows, columns=list(columns))

    @staticmethod
    async def fetch(session: AnySession, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run one statement of a hot path on the driver itself, within the session's transaction.

        Takes $1, $2, ...; spares the quarter of a millisecond that building and reading a statement costs otherwise.
        """
        driver = await _driver(session)
        rows: list[asyncpg.Record] = await driver.fetch(statement, *arguments)
        return rows

    async def vacuum(self, *tables: str) -> None:
        """Give the space of deleted rows back to new ones; outside any transaction, as PostgreSQL wants it."""
        async with self.engine.connect() as connection:
            free = await connection.execution_options(isolation_level="AUTOCOMMIT")
            # Without cutting the file's end off, which needs a lock that all writers would wait for.
            await free.execute(text(f"VACUUM (TRUNCATE false, SKIP_LOCKED) {', '.join(tables)}"))

    @asynccontextmanager
    async def own_connection(self, application_name: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """Give a connection beside the pool, for what holds one for long and never writes.

        Raises: DatabaseDown when the database does not answer.
        """
        options = self.engine.dialect.create_connect_args(self.engine.url)[1]
        # The dialect's own, for SQLAlchemy's part of a connection.
        options = {name: value for name, value in options.items() if not name.startswith("prepared_statement")}
        settings = {"application_name": application_name}
        async with _translated():
            connection = await asyncpg.connect(**options, timeout=_CONNECT_TIMEOUT_S, server_settings=settings)
        try:
            yield connection
        finally:
            # Not asked to end politely: it may be gone, and holds nothing that could be lost.
            connection.terminate()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _check_open(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    # The driver knows of a connection that the server has closed. Asking the server each time would be three more
    # round trips for a transaction of three.
    # One inside a transaction was cut in the middle of something: what ran on it would never be committed.
    if connection.driver_connection.is_closed() or connection.driver_connection.is_in_transaction():
        raise DisconnectionError


@asynccontextmanager
async def _discarded_when_cut(session: AsyncSession) -> AsyncIterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        # SQLAlchemy cannot know where a statement on the driver was cut, so nobody else may have this connection.
        await session.invalidate()
        raise


async def _driver(session: AnySession) -> asyncpg.Connection:
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, asyncpg.Connection), "the dialect is asyncpg's"  # noqa: S101 (an invariant)
    adapter: Any = raw.dbapi_connection
    if adapter._transaction is None:  # noqa: SLF001
        # SQLAlchemy begins when it first executes something itself; without this, what runs on the driver before that
        # would stand outside the transaction. There is no public way that does not cost a round trip more.
        await adapter._start_transaction()  # noqa: SLF001
    return driver


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    # A request that fails because PostgreSQL is away must say "try again", not "we have a bug".
    try:
        yield
    except (
        InterfaceError,
        OperationalError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
        OSError,
        TimeoutError,
        NoConnectionFree,
    ) as error:
        raise DatabaseDown from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_shutdown(error):
            raise DatabaseDown from error
        raise


def _is_shutdown(error: DBAPIError) -> bool:
    # SQLSTATE class 57P: PostgreSQL is shutting down, starting up or was killed by an operator.
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""
    return str(code).startswith(("57P", "08", "53300"))
