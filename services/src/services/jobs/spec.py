"""What a job is told to do, as it is stored with it: code, command, environment, limits. Pure.

Made by labs when they are submitted, read by the runner. Guarantees that what was checked here goes on as a list of
arguments and as variables, never through a shell that nobody asked for.
"""

import math
import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from services.jobs.pod import PodEnvironment

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_GIT_SCHEMES = frozenset({"https", "ssh"})
Scalar = bool | int | float | str
Text = Annotated[str, Field(max_length=4096)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


def _no_nul(text: str) -> str:
    if "\x00" in text:
        msg = "must not hold a NUL"
        raise ValueError(msg)
    return text


class FolderCode(_Part):
    """A folder below one of the roots that the server allows."""

    kind: Literal["folder"]
    path: Text

    @field_validator("path")
    @classmethod
    def _check(cls, path: str) -> str:
        if not path.startswith("/") or ".." in path.split("/"):
            msg = "must be absolute, without '..'"
            raise ValueError(msg)
        return _no_nul(path)


class Repository(_Part):
    """A git repository; cloned anew each time.

    Hosts of the own network are looked for only with a validation context: {"git_hosts": those that are allowed}.
    `definition.read_spec`, through which every definition is stored, and the runner always give one.
    """

    url: Text
    revision: Annotated[str, Field(max_length=200)] = ""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str, info: ValidationInfo) -> str:
        return check_git_url(url, (info.context or {}).get("git_hosts"))

    @field_validator("revision")
    @classmethod
    def _check_revision(cls, revision: str) -> str:
        if revision and (not _REVISION.fullmatch(revision) or ".." in revision):
            msg = "must be a branch, tag or commit"
            raise ValueError(msg)
        return revision


class GitCode(Repository):
    """Code from a git repository."""

    kind: Literal["git"]


class ArchiveCode(_Part):
    """An archive that was uploaded to the project."""

    kind: Literal["archive"]
    archive_id: UUID


def check_git_url(url: str, own_hosts: frozenset[str] | None = frozenset()) -> str:
    """Return an address unchanged that git may be given; None allows any host. Raises: ValueError."""
    if not url.isprintable() or any(char.isspace() for char in url) or "::" in url.split("//", maxsplit=1)[0]:
        msg = "must be a plain address"
        raise ValueError(msg)
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in _GIT_SCHEMES or not host or host.startswith("-") or (parts.username or "").startswith("-"):
        msg = f"must begin with one of {', '.join(f'{name}://' for name in sorted(_GIT_SCHEMES))} and name a host"
        raise ValueError(msg)
    if parts.password:
        msg = "must not hold a password: it would be shown; make it a secret"
        raise ValueError(msg)
    if own_hosts is not None and is_local_host(host) and host not in own_hosts:
        msg = "must not name an address of the server's own network, unless MLSTEAM_GIT_HOSTS allows it"
        raise ValueError(msg)
    return url


def is_local_host(host: str) -> bool:
    """Say whether a host's name is one of this machine or of a private network."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        # Numbers in other notations are addresses to the resolver too.
        odd = re.fullmatch(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+))*", host, re.IGNORECASE) is not None
        return odd or host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


class Environment(_Part):
    """What `python` is to the command, and where jobs run on Kubernetes: its pod."""

    python: Text = Field(default="", description="Path of an interpreter; empty: the runner's own")
    requirements: Annotated[str, Field(max_length=500)] = Field(
        default="", description="File in the code; installed once and kept"
    )
    pod: PodEnvironment = PodEnvironment()

    @field_validator("python", "requirements")
    @classmethod
    def _check(cls, text: str) -> str:
        return _no_nul(text)

    @model_validator(mode="after")
    def _check_paths(self) -> "Environment":
        if self.python and not self.python.startswith("/"):
            msg = "python must be an absolute path"
            raise ValueError(msg)
        if self.requirements.startswith(("/", "-")) or ".." in self.requirements.split("/"):
            msg = "requirements must be a path inside the code"
            raise ValueError(msg)
        return self


class Limits(_Part):
    """Limits of each process of the job; 0 is none."""

    memory_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    cpu_s: Annotated[int, Field(ge=0, le=10**9)] = 0
    grace_s: Annotated[float, Field(ge=0, le=15)] = 15

    @field_validator("memory_mb")
    @classmethod
    def _check(cls, megabytes: int) -> int:
        if 0 < megabytes < 256:
            msg = "must be 0 or at least 256"
            raise ValueError(msg)
        return megabytes


class _Action(_Part):
    name: Annotated[str, Field(max_length=200)] = ""


class CommandAction(_Action):
    """Run a command in the working folder."""

    kind: Literal["command"]
    command: Annotated[list[Text], Field(min_length=1, max_length=1000)]
    uses_shell: bool = Field(default=False, description="The command is one line for /bin/sh")

    @model_validator(mode="after")
    def _check(self) -> "CommandAction":
        _check_command(self.command, uses_shell=self.uses_shell)
        return self


class GitAction(_Action, Repository):
    """Fetch a repository into the working folder, or bring it there to the newest state of its revision."""

    kind: Literal["git"]


class PublishAction(_Action):
    """Upload files of the working folder to the track."""

    kind: Literal["publish"]
    patterns: Annotated[list[Text], Field(min_length=1, max_length=100)]
    folder: Annotated[str, Field(max_length=500)] = Field(default="files", description="Folder path in the track")

    @field_validator("patterns")
    @classmethod
    def _check_patterns(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            if not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
                msg = "must be a path inside the working folder; * and ** stand for any part of it"
                raise ValueError(msg)
            _no_nul(pattern)
        return patterns

    @field_validator("folder")
    @classmethod
    def _check_folder(cls, folder: str) -> str:
        if folder and (any(part in {"", ".", ".."} for part in folder.split("/")) or not folder.isprintable()):
            msg = "must be a folder path without empty, '.' or '..' parts"
            raise ValueError(msg)
        return folder


Action = Annotated[CommandAction | GitAction | PublishAction, Field(discriminator="kind")]
Code = Annotated[FolderCode | GitCode | ArchiveCode, Field(discriminator="kind")]


class JobSpec(_Part):
    """All that a launcher needs, but for the secrets: one command of a lab, or the actions of a pipeline."""

    code: Code | None = Field(default=None, description="Copied to the working folder first")
    command: Annotated[list[Text], Field(max_length=1000)] = []
    uses_shell: bool = Field(default=False, description="The command is one line for /bin/sh")
    actions: Annotated[list[Action], Field(max_length=100)] = []
    environment: Environment = Environment()
    variables: Annotated[dict[str, Text], Field(max_length=200)] = {}
    limits: Limits = Limits()
    params: dict[str, Scalar] = {}
    uses_track: bool = Field(default=True, description="Of a pipeline run: whether people see its track")

    @field_validator("variables")
    @classmethod
    def _check_variables(cls, variables: dict[str, str]) -> dict[str, str]:
        for name, value in variables.items():
            check_variable(name)
            _no_nul(value)
        return variables

    @field_validator("params")
    @classmethod
    def _check_params(cls, params: dict[str, Scalar]) -> dict[str, Scalar]:
        for value in params.values():
            check_scalar(value)
        return params

    @model_validator(mode="after")
    def _check(self) -> "JobSpec":
        if bool(self.command) == bool(self.actions):
            msg = "there must be a command, or actions"
            raise ValueError(msg)
        if self.command:
            _check_command(self.command, uses_shell=self.uses_shell)
        return self


def _check_command(command: list[str], *, uses_shell: bool) -> None:
    if not command[0].strip():
        msg = "must begin with a program"
        raise ValueError(msg)
    for word in command:
        _no_nul(word)
    if uses_shell and len(command) != 1:
        msg = "a shell line is one text"
        raise ValueError(msg)


def check_variable(name: str) -> None:
    """Refuse a name that cannot be a variable's, or is one of ours. Raises: ValueError."""
    if not _NAME.fullmatch(name) or name.startswith("MLSTEAM_"):
        msg = f"{name[:50]!r} cannot be a variable: letters, digits and '_', and not MLSTEAM_..."
        raise ValueError(msg)


def check_scalar(value: Scalar) -> None:
    """Refuse a value that a hyperparameter cannot have. Raises: ValueError."""
    if isinstance(value, float) and not math.isfinite(value):
        msg = "a hyperparameter must be finite"
        raise ValueError(msg)
    if isinstance(value, int) and abs(value) >= 2**63:
        msg = "a whole number must fit into 64 bits"
        raise ValueError(msg)
    if isinstance(value, str):
        if len(value) > 4096:
            msg = "a text has at most 4,096 characters"
            raise ValueError(msg)
        _no_nul(value)
