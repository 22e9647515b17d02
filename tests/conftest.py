"""Fixtures for all tests: a real PostgreSQL, a database of one's own, a folder for blobs."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, enable_socket, socket_allow_hosts
from support.apps import Apps, running_apps
from support.postgres import TestServer, running_server

from services.core.settings import ServiceSettings
from services.storage.database import Database

# What a track captures by itself has tests of its own; the others look at what they logged, and at nothing else.
os.environ.setdefault("MLSTEAM_CAPTURE", "none")
# A run in the background of a shell ignores Ctrl-C, and the trainings that tests start and interrupt would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
# How long an example takes says how busy the machine is; the benchmark measures.
settings.register_profile("track", deadline=None, print_blob=True)
settings.load_profile("track")


@pytest.fixture(autouse=True)
def _network(request: pytest.FixtureRequest) -> Iterator[None]:
    # Unit tests touch no socket at all; every other test stays on this machine.
    if "/tests/unit/" in str(request.node.path):
        disable_socket(allow_unix_socket=True)
    else:
        socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """One PostgreSQL server for the session (of each worker)."""
    with running_server() as server:
        yield server


@pytest.fixture
def database_url(postgres: TestServer) -> Iterator[str]:
    """A migrated database for one test."""
    with postgres.database() as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The database of one test, opened."""
    opened = Database(database_url, pool_size=8)
    yield opened
    await opened.close()


@pytest.fixture
def service_environment(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables a service needs, set for this process and returned for children."""
    environment = {
        "MLSTEAM_DATABASE_URL": database_url,
        "MLSTEAM_BLOB_URL": f"file://{tmp_path / 'blobs'}",
        "MLSTEAM_PUBLIC_URL": "http://127.0.0.1:8080",
        "MLSTEAM_LOG_LEVEL": "WARNING",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def service_settings(service_environment: dict[str, str]) -> ServiceSettings:
    """The shared settings, read from the test's environment."""
    return ServiceSettings()


@pytest.fixture
async def apps(service_environment: dict[str, str], database: Database) -> AsyncIterator[Apps]:
    """track-api and ingest-api in this process, and a signed-in caller of each."""
    async with running_apps(database) as opened:
        yield opened
