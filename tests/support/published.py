"""The published client as users have it: installed once from the package registry, in an environment of its own."""

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

# Its own pins bring the rest; newer setuptools have no pkg_resources, which one of those imports.
_PACKAGES = ("mlsteam-client==0.5.0", "setuptools<81")
_FOLDER = Path(__file__).resolve().parents[2] / ".run" / "published-client" / f"py{sys.version_info[1]}"


def published_python() -> Path:
    """Return the interpreter that has it; installed on the first call."""
    python, done = _FOLDER / "bin" / "python", _FOLDER / "installed"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            venv.create(_FOLDER, with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *_PACKAGES], check=True)
            done.touch()
    return python


def start_published(script: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    """Start a script that may import it, with nothing but its variables set."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
    return subprocess.Popen(
        [published_python(), "-c", script],
        cwd=folder,
        env=kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
