"""Files on their way: copied into the writer's folder by the caller, sent by the sender thread.

Called by handles.py (`keep`) and sender.py (`next_upload`, `send`). Guarantees that what was kept is sent as it was at
the call, whatever happens to the original afterwards.
"""

import contextlib
import importlib
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec

from mlsteam.disk import write_durably
from mlsteam.transport import Reply, Transport

# Above this a file goes in parts, so that a broken connection costs one part.
RESUMABLE_FROM_BYTES = 64 * 1024 * 1024


class Upload(msgspec.Struct):
    """One file that waits; `upload_id` is set once the server opened a resumable upload for it."""

    number: int
    key: str
    content_type: str
    size_bytes: int
    upload_id: str = ""


class _Opened(msgspec.Struct):
    """What the server says of a resumable upload; `parts` are those that it has."""

    upload_id: str
    part_bytes: Annotated[int, msgspec.Meta(ge=1)]
    parts: list[int] = []


def _note(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.file.json"


def _content(folder: Path, number: int) -> Path:
    return folder / f"{number:08d}.file"


def keep(folder: Path, key: str, source: bytes | Path, content_type: str) -> None:
    """Copy a file into the writer's folder. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    number = _take_number(folder)
    target = _content(folder, number)
    try:
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:
            # A copy and not a link: training code overwrites its checkpoints in place.
            importlib.import_module("shutil").copyfile(source, target)
        upload = Upload(number, key, content_type, target.stat().st_size)
        write_durably(_note(folder, number), msgspec.json.encode(upload))
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _take_number(folder: Path) -> int:
    """Make an empty file of the next number; no lock, which a signal handler that uploads would wait for."""
    number = max((int(path.name[:8]) for path in folder.glob("*.file")), default=0)
    while True:
        number += 1
        with contextlib.suppress(FileExistsError):
            _content(folder, number).touch(mode=0o600, exist_ok=False)
            return number


def next_upload(folder: Path) -> Upload | None:
    """Return the oldest file that waits."""
    for path in sorted(folder.glob("*.file.json")):
        return msgspec.json.decode(path.read_bytes(), type=Upload)
    return None


def forget(folder: Path, upload: Upload) -> None:
    """Remove a file that was sent or refused."""
    _note(folder, upload.number).unlink(missing_ok=True)
    _content(folder, upload.number).unlink(missing_ok=True)


def send(transport: Transport, track_id: str, folder: Path, upload: Upload) -> Reply:
    """Send a file, in parts when it is large; the last reply decides. Raises: APIConnectionError, OSError."""
    if upload.size_bytes > RESUMABLE_FROM_BYTES:
        return _send_parts(transport, track_id, folder, upload)
    headers = {"Content-Type": upload.content_type, "Content-Length": str(upload.size_bytes)}
    with _content(folder, upload.number).open("rb") as file:
        return transport.request("PUT", f"/api/v3/tracks/{track_id}/files/{quote(upload.key)}", file, headers)


def _send_parts(transport: Transport, track_id: str, folder: Path, upload: Upload) -> Reply:
    base = f"/api/v3/ingest/tracks/{track_id}/uploads"
    headers = {"Content-Type": "application/json"}
    opened = transport.request("GET", f"{base}/{upload.upload_id}") if upload.upload_id else Reply(404)
    if opened.status == 404:
        asked = {"key": upload.key, "size_bytes": upload.size_bytes, "content_type": upload.content_type}
        opened = transport.request("POST", base, msgspec.json.encode(asked), headers)
    if opened.status not in (200, 201):
        return opened
    try:
        answer = msgspec.json.decode(opened.body, type=_Opened)
    except msgspec.MsgspecError:
        return Reply(502)
    upload.upload_id = answer.upload_id
    write_durably(_note(folder, upload.number), msgspec.json.encode(upload))
    part_bytes, there = answer.part_bytes, set(answer.parts)
    with _content(folder, upload.number).open("rb") as file:
        for number in range(-(-upload.size_bytes // part_bytes)):
            if number in there:
                continue
            file.seek(number * part_bytes, os.SEEK_SET)
            part = file.read(part_bytes)
            reply = transport.request("PUT", f"{base}/{upload.upload_id}/parts/{number}", part)
            if reply.status not in (200, 204):
                return reply
    return transport.request("POST", f"{base}/{upload.upload_id}/finish", b"", headers)
