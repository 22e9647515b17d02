"""`mlsteam agent`: what a job of a lab, or a run of a pipeline, does with its track.

Called by launchers, with the plan as JSON on stdin: {"command": [...]}, or {"actions": [{"name", "kind": "command",
"command"} or {"name", "kind": "publish", "patterns", "folder", "skipped"}]}. Guarantees that the exit code is the
command's, or of the first action that fails, and that each action's lines go to a stream of its own.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

import mlsteam
from mlsteam.agent import Agent
from mlsteam.capture.background import in_background
from mlsteam.capture.git import git_diff, git_facts
from mlsteam.capture.secrets import hider_of, mask_arguments
from mlsteam.capture.streams import KeptLines
from mlsteam.errors import MLSteamError
from mlsteam.track import Track

# Where the server looks for how far a run is.
_FOLDER = "pipeline"
_FINISH_S = 20.0
_PUBLISH_S = 3600.0
_PACKAGES_S = 30.0
_SOURCE_S, _SOURCE_STOP_S = 5.0, 0.5
_LIST_PACKAGES = (
    "import importlib.metadata as m, platform; print(platform.python_version());"
    "print('\\n'.join(sorted({f'{d.metadata[\"Name\"]}=={d.version}' for d in m.distributions()})))"
)


@click.command(hidden=True)
def agent() -> int:
    """Run what a job's plan on stdin says."""
    plan: dict[str, Any] = msgspec.json.decode(sys.stdin.buffer.read())
    opened = mlsteam.init(
        finish_timeout=_FINISH_S, capture_console=False, capture_traceback=False, capture_source=False
    )
    # A console can be read by people who may not write to the track.
    masked = ["MLSTEAM_API_TOKEN", *filter(None, os.environ.get("MLSTEAM_MASKED", "").split(","))]
    hide = hider_of(os.environ[name] for name in masked if name in os.environ)
    runs = Agent(opened, finish_timeout=_FINISH_S, folder=Path.cwd(), hide=hide)
    code = 126
    try:
        if "command" in plan:
            code = _run_command(runs, opened, plan["command"])
        else:
            code = _run_actions(runs, opened, plan["actions"], lambda name: KeptLines(opened.spool, name, hide))
    finally:
        runs.end(code)
    return code


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "MLSTEAM_MASKED"}
    # A repository that happens to enclose the working folder is none of the code's.
    return kept | {"GIT_CEILING_DIRECTORIES": str(Path.cwd().parent)}


def _start(runs: Agent, command: list[str], **options: Any) -> int:
    if shutil.which(command[0]) is None:
        click.echo(f"there is no command {command[0]!r}", err=True)
        return 127
    try:
        return runs.run(command, _environment(), has_input=False, **options)
    except OSError as error:
        click.echo(f"{command[0]!r} cannot be started: {error.strerror}", err=True)
        return 126


def _run_command(runs: Agent, track: Track, command: list[str]) -> int:
    track["source/command"] = shlex.join(mask_arguments(command))[:16_000]
    if shutil.which(command[0]) is None:
        # Before anything else is started: whoever watches takes the first process for the command.
        return _start(runs, command)
    capturing = in_background("source", lambda: _capture_source(track))
    code = _start(runs, command)
    # Of a short command, too; but whoever stops it does not wait for that.
    capturing.join(_SOURCE_STOP_S if runs.was_signalled else _SOURCE_S)
    return code


def _capture_source(track: Track) -> None:
    """Record what is run, also of commands that never import mlsteam."""
    folder = Path.cwd()
    track["source/folder"] = str(folder)
    # Not of a repository above the working folder.
    facts = git_facts(folder) if (folder / ".git").exists() else {}
    if facts:
        track["source/git"] = facts
    if facts.get("is_dirty") and (diff := git_diff(folder)):
        track["source/git/diff.patch"].upload(diff, content_type="text/plain")
    python = shutil.which("python")
    if python is None:
        return
    done = subprocess.run(  # noqa: S603  # the job's own interpreter
        [python, "-I", "-c", _LIST_PACKAGES], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=_PACKAGES_S, check=False,
    )  # fmt: skip
    version, _, packages = done.stdout.partition("\n")
    if done.returncode == 0:
        track["source/python"] = version
        track["source/packages.txt"].upload(packages.encode(), content_type="text/plain")


def _run_actions(runs: Agent, track: Track, actions: list[dict[str, Any]], open_lines: Any) -> int:
    for position, action in enumerate(actions, 1):
        folder, stream = f"{_FOLDER}/{position}", f"action-{position}"
        track[folder] = {"name": action["name"], "state": "running", "started_at": time.time()}
        if action["kind"] == "publish":
            lines: KeptLines = open_lines(stream)
            code, state, note = _publish(track, action, lines)
            lines.finish()
        else:
            code, note = _start(runs, action["command"], streams=(stream, stream)), ""
            state = "succeeded" if code == 0 else "stopped" if runs.was_signalled else "failed"
        said: Mapping[str, object] = {"state": state, "exit_code": code, "ended_at": time.time()}
        track[folder] = {**said, "note": note} if note else said
        if code != 0 or runs.was_signalled:
            return code or 143
    return 0


def _publish(track: Track, action: dict[str, Any], lines: KeptLines) -> tuple[int, str, str]:
    """Upload the files of the working folder that match; what a link leads to outside of it is left out."""

    def tell(text: str) -> None:
        lines.write(text.encode() + b"\n")

    if action["skipped"]:
        tell(action["skipped"])
        return 0, "skipped", action["skipped"]
    here, found = Path.cwd().resolve(), list[Path]()
    for pattern in action["patterns"]:
        matching = [path for path in sorted(here.glob(pattern)) if path.is_file()]
        inside = [path for path in matching if path.resolve().is_relative_to(here)]
        if not inside:
            tell(f"No file of the working folder matches {pattern!r}.")
            return 1, "failed", f"no file matches {pattern!r}"
        found += inside
    try:
        for path in dict.fromkeys(found):
            key = "/".join(filter(None, (action["folder"], path.relative_to(here).as_posix())))
            track[key].upload(path)
            tell(f"{path.relative_to(here)} -> {key} ({path.stat().st_size:,} bytes)")
    except MLSteamError as error:
        tell(str(error))
        return 1, "failed", str(error)[:300]
    if not track.wait(_PUBLISH_S):
        return 1, "failed", "the files could not be sent in time"
    return 0, "succeeded", f"{len(dict.fromkeys(found))} files"
