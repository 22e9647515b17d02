"""Where a list goes on: an opaque text for the caller, the sort value and the id for us."""

import base64
import binascii
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.core.errors import BadCursor


def write_cursor(*values: Any) -> str:
    """Turn the place after which a list goes on into a text."""
    return base64.urlsafe_b64encode(msgspec.json.encode([_plain(value) for value in values])).decode().rstrip("=")


def _plain(value: Any) -> tuple[str, Any]:
    if isinstance(value, datetime):
        return "t", value.isoformat()
    return ("u", str(value)) if isinstance(value, UUID) else ("v", value)


def _read(kind: str, value: Any) -> Any:
    if kind == "t":
        return datetime.fromisoformat(value)
    return UUID(value) if kind == "u" else value


def read_cursor(cursor: str, *types: type[Any]) -> tuple[Any, ...]:
    """Read what write_cursor wrote. Raises: BadCursor when it is something else."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        plain = msgspec.json.decode(raw, type=list[tuple[str, Any]])
        values = tuple(_read(kind, value) for kind, value in plain)
    except (binascii.Error, ValueError, TypeError, msgspec.DecodeError) as error:
        raise BadCursor from error
    # bool is an int to Python; no cursor of ours holds one.
    if len(values) != len(types) or any(type(v) is not t for v, t in zip(values, types, strict=True)):
        raise BadCursor
    if any(isinstance(v, str) and "\x00" in v for v in values):
        raise BadCursor
    return values
