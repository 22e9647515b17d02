"""The limits of a local job: set for each of its processes, watched over all of them, named when one ended it.

Called by supervisor.py, which runs alone; so it needs nothing of ours but processes.py. Guarantees that a job beyond
its limits is ended; only where jobs have a user of their own also if it is faster than we look.
"""

import os
import re
import signal
import time
from collections.abc import Iterable

from services.jobs.launchers import processes

_KILLING_S = 2.0
# What programs print last when they are refused memory. Of a graphics card's own memory we set no limit.
_REFUSED = re.compile(r"memoryerror|bad_alloc|outofmemory|(can(not|'t)|unable to) allocate|out of memory")
_OF_CARD = re.compile(r"cuda|\bhip\b|gpu")


def limited(argv: list[str], limits: dict[str, int]) -> list[str]:
    """Return a command that sets the limits of each process, then becomes the one that is meant."""
    # By a shell: a function between fork and exec could wait for ever on a lock, and from outside the limits of
    # another user's process cannot be set.
    words = ["ulimit -c 0"]
    if limits["memory_mb"]:
        # A training that asks for more sees a MemoryError where it did, not a kill.
        words.append(f"ulimit -d {int(limits['memory_mb']) << 10}")
    if count := int(limits["user_processes"]):
        # Only the kernel is faster than a fork bomb; it counts all processes and threads of the user, whatever the job.
        # One shell calls it u, the other p.
        words.append(f"{{ ulimit -u {count} || ulimit -p {count}; }} 2>/dev/null")
    if limits["cpu_s"]:
        words.append(f"ulimit -t {int(limits['cpu_s'])}")
    return ["/bin/sh", "-c", "; ".join([*words, 'exec "$@"']), "sh", *argv]


class Watch:
    """The limits of one job as its supervisor sees them."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits
        self._found: tuple[str, str] | None = None

    def look(self, agent: int) -> None:
        """End all but the agent when they use too much memory together, or have become too many."""
        others = processes.descendants_of(os.getpid()) - {agent}
        memory_mb, most = self._limits["memory_mb"], self._limits["processes"]
        if len(others) > most:
            self._end(agent, f"too many processes: limit {most:,}; there were {len(others):,}", "ProcessLimit")
        elif memory_mb and (used := processes.memory_of(others)) > memory_mb << 20:
            used_mb = f"its processes used {used >> 20:,} MB together"
            self._end(agent, f"out of memory: limit {memory_mb:,} MB; {used_mb}", "MemoryLimit")

    def _end(self, agent: int, cause: str, reason: str) -> None:
        self._found = self._found or (cause, reason)
        # Halted first: what is halted starts no others while they are killed one by one.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            # Each has its time, so that those that were halted are killed although others go on growing.
            done, deadline = {agent}, time.monotonic() + _KILLING_S
            while (left := processes.descendants_of(os.getpid()) - done) and time.monotonic() < deadline:
                processes.send(left, number)
                done |= left

    def ending(self, exit_code: int | None, last_words: Iterable[str]) -> tuple[str, str] | None:
        """Return cause and reason of an end by a limit; None when it was none."""
        limit = self._limits["memory_mb"]
        if self._found or not limit or not exit_code:
            return self._found
        if any(_REFUSED.search(line) and not _OF_CARD.search(line) for line in map(str.lower, last_words)):
            asked = f"a process asked for more (exit code {exit_code})"
            return f"out of memory: limit {limit:,} MB; {asked}", "MemoryLimit"
        return None
