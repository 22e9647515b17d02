"""The only parser of keys: "train/loss" is the leaf "loss" in the folder "train".

Called wherever a key enters the system. Guarantees that a key that passed is safe to store, list and show.
"""

import re

from services.core.errors import BadKey

MAX_KEY_BYTES = 1024
# C0, DEL and C1: none can be typed on purpose, several rewrite terminals and logs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BAD_SEGMENT = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)")


def key_problem(key: str) -> str | None:
    """Say in one sentence what is wrong with a key, or None when it is fine."""
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "A key must be valid UTF-8."
    if not key:
        return "A key must not be empty."
    if size > MAX_KEY_BYTES:
        return f"A key holds at most {MAX_KEY_BYTES} bytes; this one has {size}."
    if _CONTROL.search(key):
        return "A key must not hold control characters."
    if _BAD_SEGMENT.search(key):
        return "A key must not have empty, '.' or '..' segments, nor a slash at either end."
    return None


def check_key(key: str) -> str:
    """Return the key unchanged. Raises: BadKey."""
    if problem := key_problem(key):
        raise BadKey(problem, key=key[:200])
    return key


def check_folder(path: str) -> str:
    """Return a folder path unchanged; the empty path is the track itself. Raises: BadKey."""
    return check_key(path) if path else path


def split_key(key: str) -> tuple[str, str]:
    """Split a key into its folder path ("" at the top) and its name."""
    folder, _, name = key.rpartition("/")
    return folder, name
