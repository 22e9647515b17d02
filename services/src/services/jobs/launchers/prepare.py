"""Makes the working folder of a job: its code, from a folder, an archive or git, and its mlsteam.yml.

A program of its own (`prepare.py [PLAN]`, the plan as JSON there or on stdin) that needs nothing of ours, so that it
runs as the job's user, in a pod or beside the runner. Each line it prints is progress for the job's history; on failure
the last line of stderr says why. Guarantees that nothing is read or written outside of what the plan names, whatever
the code holds.
"""

import ipaddress
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

MAX_BYTES = 4 << 30
MAX_FILES = 200_000
_PIECE = 1 << 20
_GIT_S = 600
_LEFT_OUT = {"__pycache__", ".venv", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
_GIT_OPTIONS = (
    "core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "protocol.file.allow=never",
    "http.followRedirects=false", "credential.helper=", "advice.detachedHead=false", "submodule.recurse=false",
)  # fmt: skip


class PrepareFailed(Exception):
    """The code cannot be had; the sentence is for people."""


class _Budget:
    """Bytes and files that may still be written."""

    def __init__(self) -> None:
        self.n_bytes, self.n_files = 0, 0

    def add_file(self) -> None:
        self.n_files += 1
        if self.n_files > MAX_FILES:
            raise PrepareFailed(f"The code has more than {MAX_FILES:,} files.")

    def add_bytes(self, count: int) -> None:
        self.n_bytes += count
        if self.n_bytes > MAX_BYTES:
            raise PrepareFailed(f"The code is larger than {MAX_BYTES >> 30} GiB.")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _pour(source: IO[bytes], target: Path, budget: _Budget) -> None:
    # O_EXCL: a link that was put there is an error, not a way out.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, 0o644), "wb") as file:
        while piece := source.read(_PIECE):
            budget.add_bytes(len(piece))
            file.write(piece)


def copy_folder(path: str, roots: list[str], target: Path) -> None:
    """Copy a folder that really lies below one of the roots; links stay links, and are never followed."""
    source = Path(path).resolve()
    if not any(source.is_relative_to(Path(root).resolve()) for root in roots):
        raise PrepareFailed(f"The folder {path} does not lie below a root that the server allows.")
    if not source.is_dir():
        raise PrepareFailed(f"The folder {path} is not there.")
    budget = _Budget()
    _copy_into(source, target, budget)
    _say(f"copied {budget.n_files:,} files, {budget.n_bytes:,} bytes from {path}")


def _copy_into(source: Path, target: Path, budget: _Budget) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            if entry.name in _LEFT_OUT:
                continue
            place = target / entry.name
            if entry.is_symlink():
                place.symlink_to(Path(entry.path).readlink())
            elif entry.is_dir(follow_symlinks=False):
                place.mkdir()
                _copy_into(Path(entry.path), place, budget)
            elif entry.is_file(follow_symlinks=False):
                budget.add_file()
                with os.fdopen(os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                    _pour(file, place, budget)
                    place.chmod(stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o755 | 0o600)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\x00" in name or not path.parts:
        raise PrepareFailed(f"The archive holds {name[:200]!r}, which leads out of it.")
    return path


def _members(archive: str) -> Iterator[tuple[PurePosixPath, bool, bool, IO[bytes] | None]]:
    """Give path, whether it is a folder, whether it may be run, and the content; links and devices are left out."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for info in opened.infolist():
                mode = info.external_attr >> 16
                if info.is_dir():
                    yield _inside(info.filename), True, False, None
                elif not stat.S_ISLNK(mode):
                    with opened.open(info) as file:
                        yield _inside(info.filename), False, bool(mode & 0o100), file
        return
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            if member.isdir() and member.name.strip("./"):
                yield _inside(member.name), True, False, None
            elif member.isreg():
                yield _inside(member.name), False, bool(member.mode & 0o100), tar.extractfile(member)


def unpack(archive: str, target: Path) -> None:
    """Unpack a zip or tar."""
    budget = _Budget()
    try:
        for path, is_folder, may_run, content in _members(archive):
            budget.add_file()
            place = target / path
            if is_folder:
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            assert content is not None  # noqa: S101 (a regular file has content)
            _pour(content, place, budget)
            if may_run:
                place.chmod(0o755)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, RuntimeError, NotImplementedError) as error:
        raise PrepareFailed(f"The archive cannot be read: {error}") from error
    _say(f"unpacked {budget.n_files:,} entries, {budget.n_bytes:,} bytes")


def _address_option(url: str, own_hosts: list[str]) -> list[str]:
    """Look up the host once, refuse addresses of the own network, and hold git to what was looked at."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (22 if parts.scheme == "ssh" else 443)
    if host in own_hosts:
        return []
    try:
        found = {item[4][0] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise PrepareFailed(f"The host {host} is not known here: {error}") from error
    if not all(ipaddress.ip_address(str(address).partition("%")[0]).is_global for address in found):
        raise PrepareFailed(f"The host {host} has an address of the server's own network.")
    joined = ",".join(f"[{one}]" if ":" in str(one) else str(one) for one in sorted(map(str, found)))
    return ["-c", f"http.curloptResolve={host}:{port}:{joined}"] if parts.scheme == "https" else []


def _git_environment(folder: Path, protocols: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "GIT_TOKEN", "GIT_USER") if name in os.environ}
    environment = {
        "PATH": os.defpath, **kept, "HOME": str(folder), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_LFS_SKIP_SMUDGE": "1", "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new",
    }  # fmt: skip
    if "GIT_TOKEN" in kept:
        # The secret goes over a variable; neither a command line nor a file holds it.
        answer = folder / "answer"
        answer.write_text('#!/bin/sh\ncase "$1" in User*) echo "${GIT_USER:-git}";; *) echo "$GIT_TOKEN";; esac\n')
        answer.chmod(0o700)
        environment["GIT_ASKPASS"] = str(answer)
    return environment


def clone(url: str, revision: str, own_hosts: list[str], target: Path, *, protocols: str = "https:ssh") -> None:
    """Bring the folder to the newest state of a revision, without hooks, submodules, links or other protocols."""
    resolved = _address_option(url, own_hosts) if protocols == "https:ssh" else []
    options = [word for option in _GIT_OPTIONS for word in ("-c", option)] + resolved
    with tempfile.TemporaryDirectory() as folder:
        environment = _git_environment(Path(folder), protocols)

        def git(*words: str) -> str:
            command = ["git", *options, *words]
            try:
                done = subprocess.run(  # noqa: S603 (words of ours, and what was checked where the lab was made)
                    command, cwd=target, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                    errors="replace", timeout=_GIT_S, check=False,
                )  # fmt: skip
            except FileNotFoundError:
                raise PrepareFailed("git is not installed where the code is fetched.") from None
            except subprocess.TimeoutExpired:
                raise PrepareFailed(f"git took longer than {_GIT_S} s.") from None
            if done.returncode != 0:
                said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
                raise PrepareFailed(f"git {words[0]}: {said[-1][:500]}")
            return done.stdout.strip()

        if not (target / ".git").is_dir():
            git("init", "--quiet", "--template=")
        # So that it can be told later where the code came from.
        git("config", "remote.origin.url", url)
        fetch = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules")
        git(*fetch, "--depth=1", "--", url, revision or "HEAD")
        git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        _say(f"at commit {git('rev-parse', 'HEAD')} of {url}")


def write_params(target: Path, params: dict[str, Any]) -> None:
    """Write the values of a combination to mlsteam.yml; what it holds besides stays."""
    import yaml  # noqa: PLC0415 (only here: fetching code for a pipeline needs no library)

    path = target / "mlsteam.yml"
    content: Any = {}
    if path.is_file() and not path.is_symlink():
        try:
            content = yaml.safe_load(path.read_bytes()[:_PIECE].decode()) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise PrepareFailed(f"mlsteam.yml of the code cannot be read: {error}") from error
    held = content.get("params") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(held or {}, dict):
        raise PrepareFailed("mlsteam.yml of the code must hold `params:` with a name and a value on each line.")
    content["params"] = {**(held or {}), **params}
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False)


def prepare(plan: dict[str, Any]) -> None:
    """Do what the plan says. Raises: PrepareFailed."""
    target, code = Path(plan["target"]), plan["code"]
    target.mkdir(parents=True, exist_ok=True)
    if code["kind"] == "folder":
        copy_folder(code["path"], plan["roots"], target)
    elif code["kind"] == "archive":
        unpack(plan["archive"], target)
        Path(plan["archive"]).unlink(missing_ok=True)
    elif code["kind"] == "git":
        clone(code["url"], code["revision"], plan["git_hosts"], target)
    if plan.get("params"):
        write_params(target, plan["params"])


def main() -> int:
    """Run as a program."""
    try:
        prepare(json.loads(sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()))
    except PrepareFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        full = shutil.disk_usage("/").free < _PIECE
        sys.stderr.write(f"{'The disk is full' if full else 'The code cannot be written'}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
