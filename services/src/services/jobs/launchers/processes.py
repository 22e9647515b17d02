"""What /proc says of processes: who descends from whom, who holds a variable, how much memory they use.

Called by supervisor.py, which runs alone, and by local.py; so it needs nothing of ours. Guarantees nothing that a
process could not have changed a moment later: callers look again.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name stands in brackets and may hold anything; the fields follow the last one.
    return text.rpartition(")")[2].split()


def all_pids() -> Iterator[int]:
    """Give every process."""
    return (int(path.name) for path in PROC.iterdir() if path.name.isdigit())


def start_of(pid: int) -> int | None:
    """Return when a process began, in ticks since the machine's start; None when it is gone or a zombie.

    With its number it is the name of the process: numbers are used again.
    """
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[19])


def parent_of(pid: int) -> int | None:
    """Return the parent of a living process."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[1])


def descendants_of(pid: int) -> set[int]:
    """Return the living processes that come from one, without itself."""
    children: dict[int, list[int]] = {}
    for other in all_pids():
        fields = _stat(other)
        if fields is not None and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(other)
    found, waiting = set[int](), list(children.get(pid, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += children.get(one, ())
    return found


def holding(variable: str, value: str) -> set[int]:
    """Return the processes that were started with a variable: also those that have left their parents."""
    wanted, found = f"{variable}={value}".encode(), set[int]()
    for pid in all_pids():
        try:
            held = (PROC / str(pid) / "environ").read_bytes()
        except OSError:
            continue
        if wanted in held.split(b"\x00") and start_of(pid) is not None:
            found.add(pid)
    return found


def send(pids: Iterable[int], number: signal.Signals) -> int:
    """Send a signal to processes; those that are gone are fine. Returns how many got it."""
    count = 0
    for pid in pids:
        try:
            os.kill(pid, number)
            count += 1
        except (ProcessLookupError, PermissionError):
            continue
    return count


def group_of(pid: int) -> int | None:
    """Return the process group of a process."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def memory_of(pids: Iterable[int]) -> int:
    """Return the bytes of memory that processes use together; what they share is counted once."""
    total = 0
    for pid in pids:
        try:
            with (PROC / str(pid) / "smaps_rollup").open() as file:
                total += next((int(line.split()[1]) << 10 for line in file if line.startswith("Pss:")), 0)
        except OSError:
            continue
    return total
