"""Ranks of a distributed training that log to one track: rank 0 tells its end, and it has failed when any of them has.

Called by opening.py, track.py and capture/. Guarantees that no rank writes into the console or the samples of another.
"""

import os
from typing import Any

from mlsteam import reading
from mlsteam.errors import APIError
from mlsteam.transport import HttpTransport

# The end of a training waits for what the others said, but not for a server that is away.
_WAIT_S = 5.0


def rank() -> str:
    """Return the number of this process in its training, "0" for one that is alone."""
    given = os.environ.get("RANK") or os.environ.get("SLURM_PROCID") or "0"
    return given if given.isdigit() else "0"


def _size() -> int:
    given = os.environ.get("WORLD_SIZE") or os.environ.get("SLURM_NTASKS") or "1"
    return int(given) if given.isdigit() else 1


def system_key() -> str:
    """Return the folder of what is measured of this process."""
    return "system" if rank() == "0" else f"system/rank-{rank()}"


def stream_name(stream: str, of_rank: str) -> str:
    """Return the console stream of a rank: `stdout`, of others than the first `stdout-rank-1`."""
    return stream if of_rank == "0" else f"{stream}-rank-{of_rank}"


def has_failed(transport: HttpTransport, track_id: str) -> bool:
    """Say whether a rank of this training has told that it failed; False when the server cannot be asked."""
    if _size() < 2:
        return False
    try:
        levels = reading.read_tree(transport.impatient(_WAIT_S), track_id, "system", 2)
    except APIError:
        return False
    told: dict[str, Any] = {
        f"{entry.name}/{child.name}": child.leaf.value
        for entry in levels
        for child in entry.children or ()
        if child.leaf
    }
    return any(told.get(f"rank-{number}/status") == "failed" for number in range(1, _size()))
