"""Makes what `python` is to a job: an interpreter that was named, or an environment of a requirements file.

A program of its own (the plan comes as JSON on stdin) that needs nothing of ours and runs as the job's user.
Each line it prints is progress for the job's history; on failure the last line of stderr says why. Guarantees that an
environment is installed once for all jobs with the same file and interpreter, and that none sees it half done.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_INCLUDE = re.compile(r"\s*(?:-r|--requirement|-c|--constraint)(?:\s+|=)(\S+)")
_LOCAL = re.compile(r"\s*(?:-e\b|--editable\b|\.{1,2}/|\.$|\.\[|file:)")
_MAX_REQUIREMENTS_BYTES = 1 << 20


class EnvironmentFailed(Exception):
    """The environment cannot be made; the sentence is for people."""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _read(code: Path, name: str, seen: dict[str, bytes]) -> None:
    path = (code / name).resolve()
    if not path.is_relative_to(code.resolve()):
        raise EnvironmentFailed(f"The requirements file {name} leads out of the code.")
    if str(path) in seen:
        return
    try:
        content = path.read_bytes()[:_MAX_REQUIREMENTS_BYTES]
    except OSError as error:
        raise EnvironmentFailed(f"The requirements file {name} cannot be read: {error.strerror}.") from error
    seen[str(path)] = content
    for line in content.decode(errors="replace").splitlines():
        if _LOCAL.match(line):
            raise EnvironmentFailed(
                f"{name} holds {line.strip()[:100]!r}: an environment that is kept for other jobs cannot hold code of"
                " this one. Name packages only."
            )
        if found := _INCLUDE.match(line):
            _read(code, str(Path(name).parent / found[1]), seen)


def name_of(code: Path, requirements: str, python: str, client: str) -> str:
    """Return the name under which an environment is kept: what is installed into it, by which interpreter."""
    seen: dict[str, bytes] = {}
    _read(code, requirements, seen)
    asked = "import sys; print(sys.version, sys.base_prefix)"
    done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise EnvironmentFailed(f"The interpreter {python} does not start.")
    parts = [done.stdout.encode(), client.encode(), *(seen[path] for path in seen)]
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()[:24]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _say("another job is installing this environment; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], what: str) -> None:
    last: deque[str] = deque(maxlen=5)
    with subprocess.Popen(  # noqa: S603 (words of ours)
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None  # noqa: S101 (asked for)
        for line in process.stdout:
            if text := line.strip():
                last.append(text)
            if line.startswith(("Collecting ", "Installing collected packages")):
                _say(line.strip()[:300])
    if process.returncode != 0:
        reason = next((line for line in last if line.startswith("ERROR:")), " / ".join(last))
        raise EnvironmentFailed(f"{what} failed: {reason[:800]}")


def install(code: Path, requirements: str, python: str, client: str, cache: Path) -> Path:
    """Return the interpreter of the environment, which is installed if it is not there. Raises: EnvironmentFailed."""
    name = name_of(code, requirements, python, client)
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with _locked(cache / f"{name}.lock"):
        if (folder / "ready").exists():
            _say(f"using the environment of {requirements} that was installed before")
            return folder / "bin" / "python"
        shutil.rmtree(folder, ignore_errors=True)
        _say(f"installing {requirements}; later jobs with the same file use it at once")
        _run([python, "-m", "venv", str(folder)], "Making the environment")
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        if client:
            _run([*pip, client], "Installing the client of MLSteam Track")
        pip.remove("--quiet")
        _run([*pip, "--no-input", "-r", str(code / requirements)], f"Installing {requirements}")
        (folder / "ready").touch()
    return folder / "bin" / "python"


def write_wrappers(folder: Path, python: Path) -> None:
    """Make `python` and `python3` of a folder run an interpreter; a link would forget which environment it is of."""
    folder.mkdir(parents=True, exist_ok=True)
    quoted = "'" + str(python).replace("'", "'\\''") + "'"
    for name in ("python", "python3"):
        descriptor, path = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "w") as file:
            file.write(f'#!/bin/sh\nexec {quoted} "$@"\n')
        Path(path).chmod(0o755)
        Path(path).replace(folder / name)


def main() -> int:
    """Run as a program."""
    plan: dict[str, Any] = json.loads(sys.stdin.read())
    try:
        python = plan["python"]
        if not os.access(python, os.X_OK):
            raise EnvironmentFailed(f"There is no interpreter {python} here.")
        chosen = Path(python)
        if plan["requirements"]:
            chosen = install(Path(plan["code"]), plan["requirements"], python, plan["client"], Path(plan["cache"]))
        write_wrappers(Path(plan["bin"]), chosen)
    except EnvironmentFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The environment cannot be made: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
