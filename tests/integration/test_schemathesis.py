"""Garbage for every address of both OpenAPI documents: whatever comes, no answer is a 5xx."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from support.apps import token_of
from support.servers import ServerProcess

from services.accounts.actions import ensure_administrator
from services.projects.store import create_project
from services.storage.database import Database
from services.tracks.actions import create_track

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize(("module", "folder"), [("track_api", "track-api"), ("ingest_api", "ingest-api")])
async def test_no_address_answers_garbage_with_a_5xx(
    module: str, folder: str, service_environment: dict[str, str], database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        principal = await ensure_administrator(session)
        project = await create_project(session, principal, "p")
        track = await create_track(session, project.project_id, created_by="admin")
    # Signing out would end the run's own rights; so it is left out of what is tried.
    token = await token_of(database, principal)
    # A real track in the paths, or every call would end at "not found".
    config = tmp_path / "schemathesis.toml"
    config.write_text(f'[parameters]\n"path.track_id" = "{track.track_id}"\n"path.project" = "p"\n')
    server = ServerProcess(module)
    try:
        await server.wait_ready()
        command = [
            str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run",
            str(ROOT / folder / "openapi.json"), "--url", server.url, "--header", f"Authorization: Bearer {token}",
            "--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--max-examples", "15",
            "--max-time", "30", "--seed", "1", "--suppress-health-check", "all", "--warnings", "off", "--no-color",
            "--generation-database", "none", "--exclude-method", "DELETE", "--continue-on-failure",
        ]  # fmt: skip
        run = await asyncio.to_thread(
            subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
    finally:
        server.stop()
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
