"""Where the agent's packages for this Python lie.

Used by start.py and sitecustomize.py. Any Python 3 can read this: also one that the agent is not here for says so.
"""

import os
import sys

_LIB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")


def _libc() -> str:
    try:
        return "gnu" if os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    except (AttributeError, OSError, ValueError):
        return "musl"


def folders():
    """Return the folders, as text, for `sys.path`; none when there is nothing for this Python."""
    compiled = os.path.join(_LIB, f"cp{sys.version_info[0]}{sys.version_info[1]}-{_libc()}")
    return [os.path.join(_LIB, "any"), compiled] if os.path.isdir(compiled) else []


def known():
    """Return the versions of Python that there is something for, as people write them."""
    names = {name[2:].split("-")[0] for name in os.listdir(_LIB) if name.startswith("cp")}
    return [f"{name[0]}.{name[1:]}" for name in sorted(names, key=int)]
