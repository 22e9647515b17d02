"""Freed memory is used again, instead of being given back to the system and asked for anew.

Called at their start by those who work on whole series: track-api and the transposer. glibc maps each array of more
than 128 KiB by itself and unmaps it after use, and the page faults of all that fresh memory cost more than the work:
590,000 points were put together in 7.6 ms, and in 2.7 ms so (21 and 2 while others used the machine). Where there is no
glibc nothing changes.
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# The most that glibc takes; larger arrays are few, and then faults are not what takes the time.
_MAPPED_FROM = 32 << 20
# What each arena may keep at its end while it is free, and how many there are: the price of this, at most.
_KEPT, _ARENAS = 64 << 20, 4


def reuse_memory() -> None:
    """Tell malloc of it; call this before the first large array is made."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MAPPED_FROM)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_ARENA_MAX, _ARENAS)
