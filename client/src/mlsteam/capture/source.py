"""What was run: command line, Python, git and packages, under `source/`. The environment is never read.

Called by captures.py, in a background thread.
"""

import importlib.metadata
import platform
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mlsteam.capture.git import git_diff, git_facts
from mlsteam.capture.secrets import mask_arguments

if TYPE_CHECKING:
    from mlsteam.track import Track

_MAX_COMMAND_CHARS = 16_000


def _script_folder() -> Path:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(main).resolve().parent if main else Path.cwd()


def packages() -> str:
    """Return the installed packages as lines of a requirements file."""
    found = {(dist.metadata["Name"] or "", dist.version) for dist in importlib.metadata.distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found, key=str) if name)


def capture_source(track: "Track") -> None:
    """Record what was run."""
    folder = _script_folder()
    track["source"] = {
        "command": shlex.join(mask_arguments(sys.orig_argv))[:_MAX_COMMAND_CHARS],
        "folder": str(Path.cwd()),
        "python": platform.python_version(),
    }
    if facts := git_facts(folder):
        track["source/git"] = facts
    if facts.get("is_dirty") and (diff := git_diff(folder)):
        track["source/git/diff.patch"].upload(diff, content_type="text/plain")
    track["source/packages.txt"].upload(packages().encode(), content_type="text/plain")
