"""What a project is: the owner of tracks."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.core.errors import BadValue

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MAX_DESCRIPTION_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class Project:
    """One project and how busy it is."""

    project_id: UUID
    name: str
    description: str
    created_at: datetime
    role: str
    n_tracks: int
    n_running: int
    last_activity_at: datetime


def check_name(name: str) -> str:
    """Return a project's name unchanged: it stands in addresses, so it is plain. Raises: BadValue."""
    if not _NAME.fullmatch(name):
        raise BadValue(
            "A project's name has 1 to 100 letters, digits, '.', '_' or '-', and starts with a letter or digit.",
            field="name",
        )
    if _looks_like_id(name):
        raise BadValue("A project's name must not look like a uuid.", field="name")
    return name


def _looks_like_id(name: str) -> bool:
    return parse_id(name) is not None


def parse_id(text: str) -> UUID | None:
    """Read a uuid, or return None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def check_description(text: str) -> str:
    """Return a description unchanged. Raises: BadValue."""
    if len(text) > MAX_DESCRIPTION_CHARS or "\x00" in text:
        raise BadValue(f"A description has at most {MAX_DESCRIPTION_CHARS} characters and no NUL.", field="description")
    return text
