"""What may be uploaded: a path, bytes, an open file; and the files that a pattern names.

Called by handles.py. Guarantees that what cannot be uploaded raises before anything is copied.
"""

import glob
import mimetypes
import os
import re
from pathlib import Path
from typing import IO

from mlsteam.errors import BadValueError

Source = bytes | str | os.PathLike[str] | IO[bytes] | IO[str]
_UNKNOWN_TYPE = "application/octet-stream"


def read_source(source: Source, key: str) -> tuple[bytes | Path, str]:
    """Return the content, or the path of the file that holds it, and a content type. Raises: BadValueError."""
    content: bytes | Path
    if isinstance(source, str | os.PathLike):
        content = Path(source)
        if not content.is_file():
            raise BadValueError(f"There is no file {content} to upload.")
    elif isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
    elif callable(getattr(source, "read", None)):
        taken = source.read()
        content = taken.encode() if isinstance(taken, str) else bytes(taken)
    else:
        raise BadValueError(f"A path, bytes or an open file can be uploaded, not {type(source).__name__}.")
    name = content.name if isinstance(content, Path) else key
    return content, mimetypes.guess_type(name)[0] or _UNKNOWN_TYPE


def find_files(pattern: str | os.PathLike[str]) -> list[tuple[str, Path]]:
    """Return the files that match (`out/**/*.png`), or all below a folder, in order, each with its name below a key.

    The name is what comes from the first `*` of the pattern on. Raises: BadValueError when there is none.
    """
    text = os.fspath(pattern)
    if Path(text).is_dir():
        fixed, found = Path(text), sorted(Path(text).rglob("*"))
    else:
        fixed = Path(re.split(r"[*?\[]", text, maxsplit=1)[0] + "x").parent
        found = [Path(path) for path in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207  # absolute ones too
    files = [(path.relative_to(fixed).as_posix(), path) for path in found if path.is_file()]
    if not files:
        raise BadValueError(f"No file matches {text!r}.")
    return files
