"""The `mlsteam` command: `mlsteam sync` sends what trainings that died have left.

Called by people and by job scripts. Guarantees that exit code 0 means: nothing is left.
"""

import argparse
import sys
from pathlib import Path

from mlsteam.errors import MLSteamError
from mlsteam.leftovers import drain
from mlsteam.sender import Pace
from mlsteam.settings import read_settings
from mlsteam.transport import HttpTransport


def sync(spool_dir: Path | None, backend: str | None) -> int:
    """Send what lies in the spool folder; returns how many writers have something left. Raises: SettingsError."""
    settings = read_settings(spool_dir=spool_dir, backend=backend)
    transport = HttpTransport(settings.backend, settings.token)
    left = 0
    for folder in sorted(settings.spool_dir.iterdir()) if settings.spool_dir.is_dir() else ():
        left_here = drain(folder, transport, Pace())
        print(f"{folder.name}: {'all sent' if not left_here else f'{left_here} writer(s) left'}")
        left += left_here
        if not left_here and not any(folder.iterdir()):
            folder.rmdir()
    return left


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="mlsteam", description=__doc__.splitlines()[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("sync", help="send what trainings that died have left")
    command.add_argument("--spool-dir", type=Path, help="where the records rest (MLSTEAM_SPOOL_DIR, ~/.mlsteam/spool)")
    command.add_argument("--backend", help="the address of the server (MLSTEAM_BACKEND, or the token's)")
    options = parser.parse_args(arguments)
    try:
        return 1 if sync(options.spool_dir, options.backend) else 0
    except MLSteamError as error:
        print(f"mlsteam: {error}", file=sys.stderr)
        return 2
