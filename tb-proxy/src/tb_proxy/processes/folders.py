"""The private folder of each TensorBoard, and the sweep of those whose tb-proxy was killed before it could.

Called by the spawners.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

_PREFIX = "mlsteam-tb-"


def new_folder() -> Path:
    """Return a new folder that only our user can open; its path is short, as a socket's must be."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def sweep_folders() -> None:
    """Remove folders of processes that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        with suppress(OSError):
            is_ours = folder.stat(follow_symlinks=False).st_uid == os.geteuid() and not folder.is_symlink()
            if is_ours and owner.isdecimal() and not psutil.pid_exists(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)
