"""What git says of a folder: commit, branch, remote and the changes that are not committed.

Called by source.py. Guarantees that no hook, pager, prompt or external tool of the repository runs, and
that it ends in seconds.
"""

import os
import subprocess
from pathlib import Path
from threading import Timer

from mlsteam.capture.secrets import mask_address

MAX_DIFF_BYTES = 1024 * 1024
_TIMEOUT_S = 5.0
# A repository's own settings may name programs; these win over them.
_QUIET = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.pager=cat"]
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}


def _git(folder: Path, *arguments: str, at_most: int = 65_536) -> bytes | None:
    """Run git and return what it printed, cut; None when it failed."""
    try:
        process = subprocess.Popen(  # noqa: S603  # its arguments are ours
            ["git", *_QUIET, *arguments],  # noqa: S607  # the user's git, wherever it is
            cwd=folder,
            env=os.environ | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    timer = Timer(_TIMEOUT_S, process.kill)
    timer.start()
    try:
        with process:
            assert process.stdout  # noqa: S101  # it was asked for
            output = process.stdout.read(at_most)
            was_cut = bool(process.stdout.read(1))
            if was_cut:
                process.kill()
    finally:
        timer.cancel()
    return output if process.returncode == 0 or was_cut else None


def git_facts(folder: Path) -> dict[str, str | bool]:
    """Return commit, branch, remote and whether there are changes; empty outside of a repository."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}
    facts: dict[str, str | bool] = {"commit": commit.decode(errors="replace").strip()}
    for name, arguments in (
        ("branch", ("symbolic-ref", "--short", "-q", "HEAD")),
        ("remote", ("config", "--get", "remote.origin.url")),
    ):
        if text := (_git(folder, *arguments) or b"").decode(errors="replace").strip():
            facts[name] = mask_address(text)
    status = _git(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules")
    if status is not None:
        facts["is_dirty"] = bool(status)
    return facts


def git_diff(folder: Path) -> bytes:
    """Return the changes of tracked files since the commit, at most `MAX_DIFF_BYTES`."""
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules")
    diff = _git(folder, "diff", *options, "HEAD", "--", ":/", at_most=MAX_DIFF_BYTES) or b""
    return diff if len(diff) < MAX_DIFF_BYTES else diff + b"\n[cut: the diff is larger]\n"
