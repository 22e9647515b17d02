"""Where records rest until they are sent: the folder that was asked for, or one of the system's temporary folder.

Called by opening.py and the CLI. Guarantees that a home that cannot be written, or that is missing, stops no training,
and that nobody else can have prepared the folder that is taken instead.
"""

import importlib
import os
from pathlib import Path

from mlsteam.notices import say


def default_spool() -> Path:
    """Return the folder of a user who chose none."""
    try:
        return Path.home() / ".mlsteam" / "spool"
    except RuntimeError:
        return _temporary()


def _temporary() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(importlib.import_module("tempfile").gettempdir()) / f"mlsteam-{user}" / "spool"


def _is_ours(folder: Path) -> bool:
    """Make a folder below a place that everybody may write to; False when somebody else has."""
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        found = folder.parent.lstat()
        if hasattr(os, "getuid") and (
            found.st_uid != os.getuid() or folder.parent.is_symlink() or found.st_mode & 0o077
        ):
            return False
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return False
    return True


def _trouble_of(folder: Path) -> OSError | None:
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        # A read-only file system refuses everybody, which rights alone do not show.
        with importlib.import_module("tempfile").TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error


def usable_spool(wanted: Path) -> Path:
    """Return a folder that can be written: the one that is wanted, or a temporary one of this user alone."""
    if (trouble := _trouble_of(wanted)) is None:
        return wanted
    instead = _temporary()
    if not _is_ours(instead):
        say(f"nothing can be kept: neither {wanted} ({trouble}) nor {instead} can be written; set MLSTEAM_SPOOL_DIR.")
        return wanted
    say(f"{wanted} cannot be written ({trouble}); until it is sent, what is logged rests in {instead}.")
    return instead
