"""A site with a project and a token, and the variables by which a client finds it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.ingest import Place, make_place
from support.postgres import TestServer
from support.site import Site

from services.storage.database import Database


async def _place(database_url: str) -> Place:
    database = Database(database_url, pool_size=2)
    place = await make_place(database, "demo")
    await database.close()
    return place


@contextmanager
def site_of(postgres: TestServer, folder: Path) -> Iterator[Site]:
    """Run a site on a database of its own, with the project `demo`."""
    with postgres.database() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLSTEAM_DATABASE_URL", url)
        patch.setenv("MLSTEAM_BLOB_URL", f"file://{folder / 'blobs'}")
        patch.setenv("MLSTEAM_PUBLIC_URL", "http://127.0.0.1:8080")
        patch.setenv("MLSTEAM_LOG_LEVEL", "WARNING")
        place = asyncio.run(_place(url))
        site = Site(place, folder / "gateway.log")
        try:
            asyncio.run(site.wait_ready())
            yield site
        finally:
            site.stop()


def variables_of(site: Site) -> dict[str, str]:
    """Return the variables by which a client finds a site."""
    return {"MLSTEAM_BACKEND": site.url, "MLSTEAM_API_TOKEN": site.place.token, "MLSTEAM_PROJECT": "demo"}


@contextmanager
def environment_of_site(postgres: TestServer, folder: Path) -> Iterator[dict[str, str]]:
    """Run a site on a database of its own and give the variables that a client needs."""
    with site_of(postgres, folder) as site:
        yield variables_of(site)
