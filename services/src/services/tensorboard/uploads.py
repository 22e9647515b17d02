"""Event files and projector files of a track, copied into a private folder as plain files.

Called by tb-proxy while a TensorBoard runs. Guarantees that nothing is written outside that folder, that only plain
files are made, and that a file which grew is appended to: a reader that follows it never sees it change.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from uuid import UUID

import structlog

from services.core.keys import key_problem
from services.files.model import TrackFile
from services.storage.blobs import BlobStore

log = structlog.get_logger()

MAX_FILES = 2_000
_EVENTS = "tfevents"
_PROJECTOR = "projector_config.pbtxt"
# Files without a folder of their own; a run of TensorBoard is a folder.
_TOP = "files"
_LONGEST_SEGMENT = 200
_NO_BLOB = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RewrittenError(Exception):
    """A file is another one than before; a reader that follows it has to start anew."""

    key: str


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def wanted_files(files: Sequence[TrackFile]) -> list[TrackFile]:
    """Return what TensorBoard reads: event files, and all that lies beside or below a projector's configuration."""
    projectors = {_folder(file.key) for file in files if file.key.rpartition("/")[2] == _PROJECTOR}

    def is_wanted(file: TrackFile) -> bool:
        if _EVENTS in file.key.rpartition("/")[2]:
            return True
        return any(not folder or f"{folder}/" in f"{file.key}/"[: len(folder) + 1] for folder in projectors)

    return [file for file in files if is_wanted(file) and place_of(file.key) is not None][:MAX_FILES]


def place_of(key: str) -> PurePosixPath | None:
    """Return where a file goes below its run's folder; None for a name that no file system takes."""
    if key_problem(key) is not None or "\\" in key:
        return None
    parts = key.split("/")
    if any(len(part.encode()) > _LONGEST_SEGMENT for part in parts):
        return None
    return PurePosixPath(*parts) if len(parts) > 1 else PurePosixPath(_TOP, key)


@dataclass
class UploadCopies:
    """The copies of one track's files. `max_bytes` bounds them all together."""

    blobs: BlobStore
    folder: Path
    max_bytes: int
    _held: dict[str, tuple[UUID, int]] = field(default_factory=dict)

    async def update(self, files: Sequence[TrackFile]) -> None:
        """Copy what is new, append what grew. Raises: RewrittenError, BlobStoreDown, OSError."""
        total = sum(size for _, size in self._held.values())
        wanted = wanted_files(files)
        # Where there are more than are copied, others may have come before it.
        if len(wanted) < MAX_FILES and (gone := self._held.keys() - {file.key for file in wanted}):
            raise RewrittenError(min(gone))
        for file in wanted:
            held = self._held.get(file.key)
            if held is not None and held[0] == file.blob_id:
                continue
            total += file.size_bytes - (held[1] if held else 0)
            if total > self.max_bytes:
                log.warning("tensorboard_uploads_too_large", key=file.key[:200], max_bytes=self.max_bytes)
                return
            await self._copy(file, held[1] if held else None)

    async def _copy(self, file: TrackFile, held_bytes: int | None) -> None:
        place = place_of(file.key)
        assert place is not None, "wanted_files has asked"  # noqa: S101 (an invariant)
        n_held, is_new = held_bytes or 0, held_bytes is None
        if file.size_bytes < n_held:
            raise RewrittenError(file.key)
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        # Made by us in a folder of ours; a link in its place would be an attack, and is not followed.
        flags = os.O_RDWR | os.O_NOFOLLOW | (os.O_CREAT | os.O_EXCL if is_new else 0)
        at = 0
        with os.fdopen(os.open(path, flags, 0o644), "w+b" if is_new else "r+b") as copy:
            try:
                async for piece in self.blobs.read(file.blob_id, 0, file.size_bytes):
                    known = min(len(piece), max(0, n_held - at))
                    if known and copy.read(known) != piece[:known]:
                        raise RewrittenError(file.key)
                    copy.write(piece[known:])
                    at += len(piece)
            finally:
                # Broken off, it goes on from there the next time: a reader has the file open already.
                is_whole = at == file.size_bytes
                self._held[file.key] = (file.blob_id if is_whole else _NO_BLOB, max(at, n_held))
