"""Ids made by the application, so that no table needs a sequence shared across shards."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Make a version 7 UUID (RFC 9562): 48 bits of milliseconds, then random, so rows of one time lie together."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)
