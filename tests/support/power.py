"""A disk whose power may be cut: keeps what was brought to it by fsync, and gives what would be found afterwards."""

import mmap
import os
import random
from pathlib import Path
from typing import Any

import pytest

_PAGE = 4096


class PowerCut:
    """Listens to the calls that make files and names durable, of one process, below one folder.

    A file is what it held at its last fsync, with any of the pages written since; a name is there when its folder was
    brought to the disk after it was made. Nothing else survives.
    """

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, chance: random.Random) -> None:
        self._root, self._chance = root, chance
        self._contents: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}
        # Held open, so that the number of a removed file is not given to another one.
        self._held: list[int] = []
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, self._sync)
        recorder = self

        class RecordedMap(mmap.mmap):
            def __new__(cls, descriptor: int, *arguments: Any) -> "RecordedMap":  # noqa: PYI034  # Self is of Python 3.11
                made = super().__new__(cls, descriptor, *arguments)
                made.inode = os.fstat(descriptor).st_ino  # type: ignore[attr-defined]
                return made

            def flush(self, offset: int = 0, size: int = -1) -> None:
                size = len(self) - offset if size < 0 else size
                assert offset % _PAGE == 0
                recorder._keep(self.inode, offset, self[offset : offset + size], len(self))  # type: ignore[attr-defined]

        patch.setattr(mmap, "mmap", RecordedMap)

    def _keep(self, inode: int, offset: int, content: bytes, size: int) -> None:
        old = self._contents.get(inode, bytes(size))
        self._contents[inode] = old[:offset] + content + old[offset + len(content) :]

    def _sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self._names[path] = {entry.name: entry.stat().st_ino for entry in path.iterdir()}
            return
        self._held.append(os.dup(descriptor))
        self._contents[os.fstat(descriptor).st_ino] = os.pread(self._reader(descriptor), 1 << 30, 0)

    def _reader(self, descriptor: int) -> int:
        # What was opened for writing only is opened again.
        reader = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY)
        self._held.append(reader)
        return reader

    def close(self) -> None:
        """Let the files go."""
        for descriptor in self._held:
            os.close(descriptor)

    def image(self, target: Path) -> None:
        """Write what would be found now into a folder."""
        self._copy(self._root, target)

    def _copy(self, folder: Path, target: Path) -> None:
        target.mkdir()
        for name, inode in self._names.get(folder, {}).items():
            path = folder / name
            if path in self._names or path.is_dir():
                self._copy(path, target / name)
                continue
            synced = self._contents.get(inode, b"")
            is_same = path.exists() and path.stat().st_ino == inode
            (target / name).write_bytes(self._mix(synced, path.read_bytes()) if is_same else synced)

    def _mix(self, synced: bytes, now: bytes) -> bytes:
        """Take each page as it was synced or as it is: the system writes some of them back when it likes."""
        size = max(len(synced), len(now) if self._chance.random() < 0.5 else 0)
        synced, now = synced.ljust(size, b"\0"), now.ljust(size, b"\0")
        some = self._chance.choice([0.0, 0.5, 1.0])
        return b"".join(
            (now if self._chance.random() < some else synced)[at : at + _PAGE] for at in range(0, size, _PAGE)
        )[:size]
