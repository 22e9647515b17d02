"""The two configuration files: the user's (server, token), and the project's (`.mlsteam.yml` in or above the folder).

Called by settings.py and the CLI. Guarantees that a project's file, which comes with other people's code, can name
neither a server nor a token: it could send the user's token to a stranger.
"""

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mlsteam.errors import SettingsError

PROJECT_FILE = ".mlsteam.yml"
USER_KEYS = ("backend", "api_token", "project", "mode", "spool_dir")
PROJECT_KEYS = ("project", "mode")


def user_file() -> Path:
    """Say where the user's file is: the platform's folder for configuration."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming"
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "mlsteam" / "config.yml"


def project_file() -> Path | None:
    """Return the project's file: the nearest one, from the working directory upwards."""
    try:
        here = Path.cwd()
        return next((path for folder in (here, *here.parents) if (path := folder / PROJECT_FILE).is_file()), None)
    except OSError:
        # The working folder was removed, or one above it is not for us to look into.
        return None


def _read(path: Path, keys: tuple[str, ...]) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # Also of a home that is somebody else's, as containers have it.
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    yaml = importlib.import_module("yaml")
    try:
        content = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is no YAML: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} must hold lines like `project: demo`.")
    for key, value in content.items():
        if key not in keys:
            raise SettingsError(f"{path} holds {key!r}; it may hold {', '.join(keys)}.")
        if not isinstance(value, str | int):
            raise SettingsError(f"{key} in {path} must be a text.")
    return {key: str(value) for key, value in content.items()}


def read_user() -> dict[str, str]:
    """Return what the user's file says. Raises: SettingsError."""
    try:
        return _read(user_file(), USER_KEYS)
    except RuntimeError:
        # A user without a home has no file.
        return {}


def read_project() -> dict[str, str]:
    """Return what the project's file says. Raises: SettingsError."""
    path = project_file()
    return _read(path, PROJECT_KEYS) if path else {}


def write_config(path: Path, values: Mapping[str, str]) -> None:
    """Replace a configuration file; only its owner may read it. Raises: OSError."""
    yaml = importlib.import_module("yaml")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(dict(values), file, sort_keys=True, allow_unicode=True)
    fresh.replace(path)
