"""The other tools, each set in an environment of its own, so that their needs never meet ours."""

import subprocess
import sys
from pathlib import Path

from harness.options import progress
from harness.stack import ROOT

_HERE = Path(__file__).resolve().parents[1]


def requirements(name: str) -> Path:
    """Return the file that says what an environment holds."""
    return _HERE / f"requirements-{name}.txt"


def environment(name: str) -> Path:
    """Return the folder of an environment, installed if it is not as its file says."""
    folder, wanted = ROOT / ".run" / "bench" / name, requirements(name)
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        progress(f"installing {wanted.name} into {folder.relative_to(ROOT)} (minutes the first time)")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        subprocess.run([*pip, "--quiet", "-r", str(wanted)], check=True)
        stamp.write_text(wanted.read_text())
    return folder


def version(name: str, package: str) -> str:
    """Return which version of a package it pins."""
    pinned = next(line for line in requirements(name).read_text().splitlines() if line.startswith(f"{package}=="))
    return pinned.partition("==")[2]
