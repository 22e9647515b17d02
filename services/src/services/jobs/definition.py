"""From what somebody sent to a spec that was checked, and the places where code may come from. Pure.

Called by labs and pipelines. Guarantees that a refusal names the field and never repeats what was sent, which may be
secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from services.core.errors import BadValue
from services.core.settings import CodeSettings
from services.jobs.spec import FolderCode, JobSpec, check_variable

MAX_NAME_CHARS = 200
MAX_SECRETS = 100


@dataclass(frozen=True, slots=True)
class Allowed:
    """Where code may come from."""

    code_roots: tuple[str, ...] = ()
    git_hosts: frozenset[str] = frozenset()

    @classmethod
    def from_settings(cls, settings: CodeSettings) -> "Allowed":
        """Read the lists of the settings."""
        hosts = (host.strip().lower() for host in settings.git_hosts.split(","))
        return cls(tuple(root for root in settings.code_roots.split(":") if root), frozenset(filter(None, hosts)))


def check_name(name: str, noun: str) -> str:
    """Return a lab's or pipeline's name without spaces around it. Raises: BadValue."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise BadValue(f"A {noun}'s name has 1 to {MAX_NAME_CHARS} printable characters.", field="name")
    return name


def read_spec(definition: Mapping[str, object], allowed: Allowed) -> JobSpec:
    """Check a definition. Raises: BadValue."""
    try:
        spec = JobSpec.model_validate(definition, context={"git_hosts": allowed.git_hosts})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        # Without the input: it may hold what nobody should see.
        raise BadValue(f"{field}: {first['msg']}" if field else str(first["msg"]), field=field) from None
    if isinstance(spec.code, FolderCode):
        _check_root(spec.code.path, allowed)
    return spec


def _check_root(path: str, allowed: Allowed) -> None:
    # Only the words of the path: the runner looks at what they lead to, when it copies.
    if any(PurePosixPath(path).is_relative_to(root) for root in allowed.code_roots):
        return
    known = ", ".join(allowed.code_roots)
    hint = f"one of {known}" if known else "none is allowed; MLSTEAM_CODE_ROOTS names them"
    raise BadValue(f"The folder is not below a root that this server allows: {hint}.", field="code.path")


def check_secret(name: str, value: str, n_known: int) -> None:
    """Refuse what cannot be a secret variable. Raises: BadValue."""
    try:
        check_variable(name)
    except ValueError as error:
        raise BadValue(str(error), field="name") from error
    if not value or "\x00" in value:
        raise BadValue("A secret must not be empty, and holds no NUL.", field="value")
    if n_known >= MAX_SECRETS:
        raise BadValue(f"There are at most {MAX_SECRETS} secrets.", field="name")
