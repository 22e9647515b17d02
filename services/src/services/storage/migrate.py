"""Bring the database to the newest schema: `python -m services.storage.migrate [pre|all]`.

Run before the services start. One process at a time does the work, the others wait and find it done. `pre` stops at the
newest revision that the previous release can live with (file name NNNN_pre_...); `all` also runs the clean-up that
follows it (NNNN_post_...), once no process of the previous release is left.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from services.core.settings import ServiceSettings, load_settings
from services.storage.database import Database

# Any number will do as long as no other lock of ours uses it.
_MIGRATION_LOCK = 7_405_001
# A migration that cannot get its lock soon would make every request behind it wait too.
_LOCK_TIMEOUT = "4s"


def scripts_folder() -> Path:
    """Return the folder of migrations: inside the installed package, or beside src/ in a checkout."""
    installed = Path(__file__).parent / "migrations"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "migrations"


def alembic_config() -> Config:
    """Return alembic's configuration; there is no alembic.ini to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()).replace("%", "%%"))
    return config


def newest_pre_revision(config: Config) -> str:
    """Return the newest revision whose file name says `pre`."""
    for script in ScriptDirectory.from_config(config).walk_revisions():
        if "_pre_" in Path(script.path).name:
            return script.revision
    msg = "no migration says `pre` in its file name"
    raise LookupError(msg)


def _upgrade(target: str) -> Callable[[Connection], None]:
    def run(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, newest_pre_revision(config) if target == "pre" else "head")

    return run


async def migrate(url: str, target: str = "all") -> None:
    """Run what is missing up to the target, in one transaction a revision, under a lock of the whole database."""
    database = Database(url, pool_size=2)
    try:
        async with database.engine.connect() as locker, database.engine.connect() as worker:
            await locker.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
            try:
                await worker.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
                await worker.run_sync(_upgrade(target))
                await worker.commit()
            finally:
                await locker.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
    finally:
        await database.close()


def main() -> None:
    """Run from the command line."""
    target = sys.argv[1] if len(sys.argv) > 1 else "all"
    if target not in {"pre", "all"}:
        sys.exit("usage: python -m services.storage.migrate [pre|all]")
    asyncio.run(migrate(load_settings(ServiceSettings).database_url.get_secret_value(), target))


if __name__ == "__main__":
    main()
