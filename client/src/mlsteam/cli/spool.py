"""`mlsteam sync` and `status`: what trainings have left on this machine, and sending it.

Called by main.py. Guarantees that exit code 0 of `sync` means: nothing is left of trainings that no longer run.
"""

import os
from pathlib import Path
from typing import Any

import click

from mlsteam.cli.output import json_option, progress, write_json, write_rows
from mlsteam.creation import CreatingTransport, read_creation
from mlsteam.delivery import Pace
from mlsteam.disk import lock_folder
from mlsteam.errors import APIError, SettingsError
from mlsteam.leftovers import drain
from mlsteam.places import usable_spool
from mlsteam.settings import read_settings
from mlsteam.transport import HttpTransport

_BATCHES_A_ROUND = 20


def _is_alive(writer: Path) -> bool:
    descriptor = lock_folder(writer)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def look(folder: Path) -> dict[str, Any]:
    """Say what lies in the spool of one track."""
    writers = [writer for writer in folder.iterdir() if writer.is_dir()]
    found = [path for writer in writers for path in writer.rglob("*") if path.is_file()]
    return {
        "track_id": folder.name,
        "writers": len(writers),
        "running": sum(map(_is_alive, writers)),
        "quarantined": sum((writer / "quarantined").exists() for writer in writers),
        "bytes": sum(path.stat().st_size for path in found),
        "is_to_be_made": read_creation(folder) is not None,
    }


def _spools(spool_dir: Path) -> list[Path]:
    return sorted(path for path in spool_dir.iterdir() if path.is_dir()) if spool_dir.is_dir() else []


def _send(folder: Path, transport: HttpTransport) -> dict[str, Any]:
    """Send what dead writers of a track left; stops where it makes no way."""
    creating = CreatingTransport(transport, folder)
    refusal = creating.create()
    creation = read_creation(folder)
    if refusal is not None and creation is not None:
        detail = refusal.json().get("detail") or f"the server answered {refusal.status}"
        return look(folder) | {"left": 1, "reason": f"No track can be made in project {creation.project!r}: {detail}"}
    while True:
        before = look(folder)
        left = drain(folder, creating, Pace(), max_batches=_BATCHES_A_ROUND)
        after = look(folder)
        if not left or after == before:
            break
    left += after["quarantined"]
    if not any(folder.iterdir()):
        folder.rmdir()
    return after | {"left": left, "reason": "The track is gone." if after["quarantined"] else ""}


@click.command()
@click.option("--spool-dir", type=click.Path(path_type=Path), help="Where the records rest (MLSTEAM_SPOOL_DIR).")
@click.option("--backend", help="The address of the server (MLSTEAM_BACKEND, or the token's).")
@json_option
def sync(spool_dir: Path | None, backend: str | None, as_json: bool) -> int:
    """Send what trainings that ended, died or ran offline have left."""
    settings = read_settings(spool_dir=spool_dir, backend=backend)
    transport = HttpTransport(settings.backend, settings.token)
    done = []
    with progress() as bar:
        folders = _spools(usable_spool(settings.spool_dir))
        task = bar.add_task("sending", total=len(folders))
        for folder in folders:
            bar.update(task, description=folder.name)
            done.append(_send(folder, transport))
            bar.advance(task)
    if as_json:
        write_json(done)
    for one in () if as_json else done:
        state = f"{one['left']} writer(s) left. {one['reason']}".strip() if one["left"] else "all sent"
        state = "still running" if one["running"] and not one["left"] else state
        click.echo(f"{one['track_id']}: {state}")
    return 1 if any(one["left"] for one in done) else 0


@click.command()
@json_option
def status(as_json: bool) -> int:
    """Show the settings, whether the server answers, and what waits in the spool."""
    settings = read_settings(is_offline=True)
    try:
        online = read_settings()
        reply = HttpTransport(online.backend, online.token, timeout_s=5.0).request("GET", "/api/v3/projects?limit=1")
        server = {200: "reachable", 401: "refuses the token"}.get(reply.status, f"answered {reply.status}")
    except (APIError, SettingsError) as error:
        server = str(error)
    spools = [look(folder) for folder in _spools(usable_spool(settings.spool_dir))]
    facts = {
        "backend": settings.backend,
        "server": server,
        "project": settings.project,
        "track_id": settings.track_id,
        "spool_dir": str(settings.spool_dir),
    }
    if as_json:
        write_json(facts | {"spools": spools})
    else:
        for name, value in facts.items():
            click.echo(f"{name.replace('_', ' '):10} {value}")
        if spools:
            columns = ["track_id", "writers", "running", "quarantined", "bytes", "is_to_be_made"]
            write_rows(spools, columns, as_json=False)
    return 0 if server == "reachable" else 1
