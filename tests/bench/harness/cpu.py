"""Processor time of process trees, so that a rate can be told from what it costs."""

import psutil


class ProcessTree:
    """A process and all below it, by the time they have used since `mark`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._root = psutil.Process(pid)
        self._marked = 0.0

    def _seconds(self) -> float:
        total = 0.0
        for process in [self._root, *self._root.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            # Children that have ended count through the parent that waited for them.
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def mark(self) -> None:
        """Begin to count."""
        self._marked = self._seconds()

    def used(self) -> float:
        """Return the seconds since the mark."""
        return self._seconds() - self._marked
