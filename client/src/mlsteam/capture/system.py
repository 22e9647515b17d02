"""The machine: facts once, and samples of CPU, memory, disk, network and GPUs every five seconds, under `system/`.

Called by captures.py, in a background thread. Guarantees that a value which the system does not tell is left out.
"""

import contextlib
import importlib
import os
import platform
import time
from threading import Event
from typing import TYPE_CHECKING, Any

from mlsteam.capture.gpus import Gpus
from mlsteam.ranks import system_key

if TYPE_CHECKING:
    from mlsteam.track import Track

EVERY_S = 5.0
# Importing what measures would be felt by a training that begins.
_START_AFTER_S = 1.0


class Sampler:
    """Rates and shares since the sample before."""

    def __init__(self) -> None:
        self.psutil: Any = importlib.import_module("psutil")
        self.gpus = Gpus()
        self._processes: dict[int, Any] = {os.getpid(): self.psutil.Process()}
        self._counters: dict[str, float] = {}
        self._at = 0.0
        self.sample()

    def facts(self) -> dict[str, Any]:
        """Return what does not change."""
        return {
            "host": platform.node(),
            "os": platform.platform(),
            "cpu": {"count": os.cpu_count() or 0, "model": _cpu_model(), "usable": _usable_cpus()},
            "memory": {"total_bytes": self.psutil.virtual_memory().total},
        } | self.gpus.facts()

    def sample(self) -> dict[str, float]:
        """Return one sample; what is measured as a difference is missing in the first one."""
        memory = self.psutil.virtual_memory()
        values = {
            "cpu/percent": self.psutil.cpu_percent(None),
            "memory/percent": memory.percent,
            "memory/used_bytes": float(memory.total - memory.available),
        }
        with contextlib.suppress(OSError):
            values["disk/percent"] = self.psutil.disk_usage(".").percent
        return values | self._rates() | self._process() | self.gpus.sample()

    def _rates(self) -> dict[str, float]:
        counters: dict[str, float] = {}
        with contextlib.suppress(OSError, RuntimeError):
            if disk := self.psutil.disk_io_counters():
                counters |= {"disk/read": disk.read_bytes, "disk/written": disk.write_bytes}
        with contextlib.suppress(OSError, RuntimeError):
            if network := self.psutil.net_io_counters():
                counters |= {"network/received": network.bytes_recv, "network/sent": network.bytes_sent}
        now, before = time.monotonic(), self._counters
        passed, self._at, self._counters = now - self._at, now, counters
        return {
            f"{name}_bytes_per_s": max(count - before[name], 0) / passed
            for name, count in counters.items()
            if name in before and passed > 0
        }

    def _process(self) -> dict[str, float]:
        """Sum up this process and its children, such as the workers of a data loader."""
        me = self._processes[os.getpid()]
        with contextlib.suppress(self.psutil.Error, OSError):
            found = {child.pid: child for child in me.children(recursive=True)}
            self._processes = {me.pid: me} | {pid: self._processes.get(pid, child) for pid, child in found.items()}
        percent = resident = 0.0
        for process in self._processes.values():
            # One that has ended since.
            with contextlib.suppress(self.psutil.Error, OSError):
                percent += process.cpu_percent(None)
                resident += process.memory_info().rss
        return {"process/cpu_percent": percent, "process/memory_bytes": resident, "process/count": len(self._processes)}


def _usable_cpus() -> int:
    # Only Linux tells; a container's limit is often less than the machine.
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 0


def _cpu_model() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123  # read lazily
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return platform.processor()


def capture_system(track: "Track", is_over: Event) -> None:
    """Record the facts, then a sample every five seconds until it is over."""
    if is_over.wait(_START_AFTER_S):
        return
    folder, sampler = system_key(), Sampler()
    track[folder] = sampler.facts()
    # A first share of the CPU needs some time to have passed.
    pause = 1.0
    while not is_over.wait(pause):
        track.log({folder: sampler.sample()})
        pause = EVERY_S
