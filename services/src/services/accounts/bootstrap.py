"""Print a one-time sign-in link for the administrator: `python -m services.accounts.bootstrap`.

Run by whoever starts the services, and by an administrator who lost the password: it needs the database's own rights.
Prints one line of JSON: {"link", "api_token"}.
"""

import asyncio
import json
import sys

from services.accounts.actions import LINK_LASTS, ensure_administrator
from services.accounts.store import insert_link
from services.accounts.tokens import issue_token
from services.core.clock import SystemClock
from services.core.settings import ServiceSettings, load_settings
from services.storage.database import Database


async def bootstrap(settings: ServiceSettings, *, with_token: bool) -> dict[str, str]:
    """Make the administrator if there is none, and a link that signs in once."""
    database = Database.from_settings(settings)
    address, now = settings.public_url.rstrip("/"), SystemClock().now()
    try:
        async with database.transaction() as session:
            principal = await ensure_administrator(session)
            secret = await insert_link(session, principal.user_id, now + LINK_LASTS)
            made = {"link": f"{address}/sign-in#token={secret}"}
            if with_token:
                _, made["api_token"] = await issue_token(
                    session, principal, name="command line", api_address=address, now=now
                )
    finally:
        await database.close()
    return made


def main() -> None:
    """Run from the command line; `--link-only` makes no API token."""
    made = asyncio.run(bootstrap(load_settings(ServiceSettings), with_token="--link-only" not in sys.argv))
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
