"""Arguments and environment to settings; arguments win. The only file that reads the environment.

Called by track.py and cli. Raises SettingsError with a sentence that says what to set.
"""

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mlsteam.errors import SettingsError

_HOW_TO_GET = "Create one on the page under your name, or run `. .run/env` where `make run` was started."


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server is, who we are, and where records rest until they are sent."""

    backend: str
    token: Callable[[], str]
    project: str
    track_id: str
    spool_dir: Path


def _claims(part: str) -> Mapping[str, object]:
    try:
        raw = base64.urlsafe_b64decode(part.replace("+", "-").replace("/", "_") + "=" * (-len(part) % 4))
        value = msgspec.json.decode(raw)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def address_of(token: str) -> str:
    """Return the address that a token names, or "" when it names none."""
    for part in token.split(".")[:2]:
        address = _claims(part).get("api_address")
        if isinstance(address, str) and address:
            return address
    return ""


def read_settings(
    *,
    api_token: str | None = None,
    backend: str | None = None,
    project: str | None = None,
    track_id: str | None = None,
    spool_dir: str | os.PathLike[str] | None = None,
) -> Settings:
    """Put arguments over the environment. Raises: SettingsError."""
    token = api_token or os.environ.get("MLSTEAM_API_TOKEN", "")
    if not token:
        raise SettingsError(f"There is no API token: set MLSTEAM_API_TOKEN or pass api_token. {_HOW_TO_GET}")
    address = (backend or os.environ.get("MLSTEAM_BACKEND") or address_of(token)).rstrip("/")
    if not address:
        raise SettingsError("The API token names no server: set MLSTEAM_BACKEND to its address.")
    if not address.startswith(("http://", "https://")):
        raise SettingsError(f"The address {address!r} must begin with http:// or https://.")
    folder = spool_dir or os.environ.get("MLSTEAM_SPOOL_DIR") or Path.home() / ".mlsteam" / "spool"
    return Settings(
        backend=address,
        # An explicit token stays; one of the environment is read anew, so that it can be replaced in a running job.
        token=lambda: api_token or os.environ.get("MLSTEAM_API_TOKEN", token),
        project=project or os.environ.get("MLSTEAM_PROJECT", ""),
        track_id=track_id or os.environ.get("MLSTEAM_TRACK_ID", ""),
        spool_dir=Path(folder).expanduser().absolute(),
    )
