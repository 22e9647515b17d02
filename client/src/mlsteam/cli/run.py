"""`mlsteam run -- command`: any command with a track around it.

Called by main.py. Guarantees the exit code of the command; 127 when there is none of that name, before a track is made.
"""

import os
import shlex
import shutil
from pathlib import Path

import click

import mlsteam
from mlsteam.agent import Agent
from mlsteam.capture.captures import read_wanted
from mlsteam.capture.secrets import mask_arguments
from mlsteam.settings import read_settings


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--project", help="Where the track is made (MLSTEAM_PROJECT).")
@click.option("--track", help="Attach to this track instead of making one (MLSTEAM_TRACK_ID).")
@click.option("--name", help="The name of a new track.")
@click.option("--tag", "tags", multiple=True, help="A tag of a new track; may be given several times.")
@click.option("--mode", type=click.Choice(["online", "offline", "disabled"]), help="MLSTEAM_MODE")
@click.option("--finish-timeout", default=60.0, show_default=True, help="Seconds to send the rest in.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(  # noqa: PLR0917  # click passes them by name
    project: str | None,
    track: str | None,
    name: str | None,
    tags: tuple[str, ...],
    mode: str | None,
    finish_timeout: float,
    command: tuple[str, ...],
) -> int:
    """Run COMMAND with a track: its console is kept, and what it logs with `mlsteam.init()` goes to the same track."""
    if shutil.which(command[0]) is None:
        click.echo(f"mlsteam: there is no command {command[0]!r}.", err=True)
        return 127
    opened = mlsteam.init(
        project,
        track_id=track,
        name=name,
        tags=tags,
        mode=mode,
        finish_timeout=finish_timeout,
        # The agent reads the command's pipes; the command tells of its source.
        capture_console=False,
        capture_traceback=False,
        capture_source=False,
    )
    opened["source/command"] = shlex.join(mask_arguments(list(command)))
    if opened.id == "disabled":
        os.execvpe(command[0], list(command), os.environ | {"MLSTEAM_MODE": "disabled"})  # noqa: S606  # the user's own
    settings = read_settings(project=project, is_offline=opened.is_offline)
    told = {
        "MLSTEAM_TRACK_ID": opened.id,
        "MLSTEAM_BACKEND": settings.backend,
        "MLSTEAM_PROJECT": settings.project,
        "MLSTEAM_API_TOKEN": settings.token(),
        "MLSTEAM_SPOOL_DIR": str(opened.spool.folder.parents[1]),
        "MLSTEAM_MODE": "offline" if opened.is_offline else "online",
    }
    followed = Path.cwd() if read_wanted(settings.capture).eventfiles else None
    agent = Agent(opened, finish_timeout=finish_timeout, folder=followed)
    code = 126
    try:
        code = agent.run(command, os.environ | {key: value for key, value in told.items() if value})
    finally:
        agent.end(code)
    return code
