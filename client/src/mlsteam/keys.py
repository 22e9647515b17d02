"""The client's check of keys, so that a bad one is an exception where it is written and not a reject later.

Called by track.py and handles.py. Guarantees that a key that passed is accepted by the server.
"""

import re

from mlsteam.errors import BadKeyError

MAX_KEY_BYTES = 1024
# C0, DEL and C1: the server refuses them because they rewrite terminals and logs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_key(key: object) -> str:
    """Return the key unchanged. Raises: BadKeyError."""
    if not isinstance(key, str):
        raise BadKeyError(f"A key is a string, not {type(key).__name__}.")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise BadKeyError("A key must be valid UTF-8.") from None
    if size > MAX_KEY_BYTES:
        raise BadKeyError(f"A key holds at most {MAX_KEY_BYTES} bytes; this one has {size}.")
    if _CONTROL.search(key):
        raise BadKeyError(f"The key {key!r} holds control characters.")
    if any(segment in {"", ".", ".."} for segment in key.split("/")):
        raise BadKeyError(f"The key {key!r} has an empty, '.' or '..' segment; write it like 'loss/train'.")
    return key


def join_key(folder: str, name: object) -> str:
    """Put a checked key below a folder. Raises: BadKeyError."""
    return check_key(f"{folder}/{check_key(name)}" if folder else name)
