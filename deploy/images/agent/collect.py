"""Collect what the agent needs for every Python a pod may have: `collect.py FOLDER [PYTHON...]`.

Called by the agent's Dockerfile, from the folder with `client/`, `agent/` and the lock. What is pure Python lies in
`lib/any` once; what is compiled lies in `lib/cp312-gnu` and its like. `start.py` chooses.
"""

import csv
import platform
import shutil
import subprocess
import sys
import tempfile
from email.parser import Parser
from pathlib import Path

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PROGRAMS = ("start.py", "fetch.py", "prepare.py")
# The oldest systems that images are still built on; musl is Alpine's.
LIBCS = {"gnu": "manylinux_2_28", "musl": "unknown-linux-musl"}
_ROOT = Path(__file__).resolve().parents[1]


def _install(python: str, libc: str, target: Path) -> None:
    lock = _ROOT / "requirements.lock"
    command = ["uv", "pip", "install", "--quiet", "--target", str(target), "--python-version", python]
    command += ["--python-platform", f"{platform.machine()}-{LIBCS[libc]}", "--only-binary", ":all:", "--no-binary"]
    command += ["mlsteam-client", "-c", str(lock), "--build-constraints", str(lock), str(_ROOT / "client")]
    subprocess.run(command, check=True)  # noqa: S603 (our own words)


def _is_pure(info: Path) -> bool:
    return Parser().parsestr((info / "WHEEL").read_text())["Root-Is-Purelib"] == "true"


def _move(source: Path, info: Path, target: Path) -> None:
    for row in csv.reader((info / "RECORD").read_text().splitlines()):
        path = source / row[0]
        # Scripts would start with a Python that is not there.
        if path.is_relative_to(source / "bin") or ".." in Path(row[0]).parts or not path.is_file():
            continue
        to = target / row[0]
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)


def collect(target: Path, pythons: tuple[str, ...]) -> None:
    """Fill the folder."""
    for python in pythons:
        for libc in LIBCS:
            with tempfile.TemporaryDirectory() as made:
                _install(python, libc, Path(made))
                compiled = target / "lib" / f"cp{python.replace('.', '')}-{libc}"
                compiled.mkdir(parents=True, exist_ok=True)
                for info in sorted(Path(made).glob("*.dist-info")):
                    _move(Path(made), info, target / "lib" / "any" if _is_pure(info) else compiled)
    here = Path(__file__).parent
    for program in PROGRAMS:
        shutil.copy(here / program, target)
    shutil.copytree(here / "hook", target / "hook", ignore=shutil.ignore_patterns("__pycache__"))


if __name__ == "__main__":
    collect(Path(sys.argv[1]), tuple(sys.argv[2:]) or PYTHONS)
