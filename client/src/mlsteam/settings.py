"""Arguments over environment over configuration files to settings. The only file that reads MLSTEAM_* settings.

Called by opening.py and cli. Raises SettingsError with a sentence that says what to set.
"""

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mlsteam import configfile
from mlsteam.errors import SettingsError

_HOW_TO_GET = "Run `mlsteam login`, or `. .run/env` where `make run` was started; the page makes tokens."


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server is, who we are, and where records rest until they are sent."""

    backend: str
    token: Callable[[], str]
    project: str
    track_id: str
    spool_dir: Path
    capture: str = ""

    def url_of(self, track_id: str) -> str:
        """Return the page of a track; empty when no server is known."""
        return f"{self.backend}/t/{track_id}" if self.backend else ""


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


def read_mode(mode: str | None) -> str:
    """Return the mode's word. Raises: SettingsError."""
    given = mode or os.environ.get("MLSTEAM_MODE")
    return given or configfile.read_project().get("mode") or configfile.read_user().get("mode") or "online"


def read_settings(
    *,
    api_token: str | None = None,
    backend: str | None = None,
    project: str | None = None,
    track_id: str | None = None,
    spool_dir: str | os.PathLike[str] | None = None,
    is_offline: bool = False,
) -> Settings:
    """Put arguments over the environment over the configuration files. Raises: SettingsError."""
    user = configfile.read_user()
    token = api_token or os.environ.get("MLSTEAM_API_TOKEN", "")
    # The server of the user's file belongs to the token beside it; another token is not sent there.
    kept = user.get("backend", "") if not token else ""
    token = token or user.get("api_token", "")
    if not token and not is_offline:
        raise SettingsError(f"There is no API token: set MLSTEAM_API_TOKEN or pass api_token. {_HOW_TO_GET}")
    address = (backend or os.environ.get("MLSTEAM_BACKEND") or kept or address_of(token)).rstrip("/")
    if not address and not is_offline:
        raise SettingsError("The API token names no server: set MLSTEAM_BACKEND to its address.")
    if address and not address.startswith(("http://", "https://")):
        raise SettingsError(f"The address {address!r} must begin with http:// or https://.")
    chosen = project or os.environ.get("MLSTEAM_PROJECT") or configfile.read_project().get("project")
    folder = (
        spool_dir or os.environ.get("MLSTEAM_SPOOL_DIR") or user.get("spool_dir") or Path.home() / ".mlsteam" / "spool"
    )
    return Settings(
        backend=address,
        # An explicit token stays; one of the environment is read anew, so that it can be replaced in a running job.
        token=lambda: api_token or os.environ.get("MLSTEAM_API_TOKEN", token),
        project=chosen or user.get("project", ""),
        track_id=track_id or os.environ.get("MLSTEAM_TRACK_ID", ""),
        spool_dir=Path(folder).expanduser().absolute(),
        capture=os.environ.get("MLSTEAM_CAPTURE", ""),
    )
