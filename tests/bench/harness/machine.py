"""What a figure is true for: processor, memory, kernel, versions, and what it costs to have 8 KB on disk for sure."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from harness.stack import ROOT, Bench

_SYNCS = 200


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _disk(folder: Path) -> str:
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    mount = max(mounts, key=lambda part: len(part.mountpoint))
    if mount.fstype == "tmpfs":
        return "NONE, a folder in memory: commits cost nothing here, set TMPDIR to a folder on a disk"
    device = folder.stat().st_dev
    queue = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    # A partition has no queue of its own, its disk has.
    for place in (queue / "queue/rotational", queue.parent / "queue/rotational"):
        if place.exists():
            # Virtual disks often say so without being it; the cost of a sync tells more.
            kind = "says it rotates" if place.read_text().strip() == "1" else "does not rotate"
            return f"{mount.device}, {mount.fstype}, {kind}"
    return f"{mount.device}, {mount.fstype}"


def _sync_ms(folder: Path) -> str:
    page, took = os.urandom(8192), []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            began = time.perf_counter()
            os.pwrite(file.fileno(), page, 0)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return f"median {statistics.median(took):.2f} ms, worst of {_SYNCS} {max(took):.2f} ms"


def loop_ms() -> float:
    """Return how long a million additions take: virtual machines are slowed down at times, and nothing else says so."""
    best = float("inf")
    for _ in range(3):
        total, began = 0, time.perf_counter()
        for number in range(1_000_000):
            total += number
        best = min(best, (time.perf_counter() - began) * 1000)
    return best


def _commit() -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


async def read_facts(bench: Bench) -> dict[str, str]:
    """Return the facts by name."""
    return {
        "code": _commit(),
        "taken at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor": f"{_processor()}, {psutil.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "PostgreSQL": str(await bench.execute("SHOW server_version")),
        "disk of the database": _disk(bench.folder.resolve()),
        "write and fdatasync of 8 KB": _sync_ms(bench.folder),
        "load of the machine before the run": f"{psutil.getloadavg()[0]:.2f}",
    }
