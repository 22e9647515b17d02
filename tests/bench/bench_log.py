"""What the client costs a training, measured in a process of its own; prints JSON.

`cost ADDRESS`: nanoseconds a call of `log`. `pace ADDRESS SECONDS`: memory and the sender's share of a core at 10,000
points a second. `start ADDRESS`: milliseconds of the import, and until the first `log` has returned.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

BEGAN = time.perf_counter()
import mlsteam  # noqa: E402  # its time is measured

IMPORTED = time.perf_counter()
CALLS, ROUNDS, RATE = 20_000, 7, 10_000
_TRACK = "00000000-0000-7000-8000-000000000000"


def measure(call: Callable[[int], object]) -> float:
    """Return the median over some rounds of nanoseconds a call."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        for step in range(CALLS):
            call(step)
        rounds.append((time.perf_counter_ns() - began) / CALLS)
    return statistics.median(rounds)


def tail(handle: mlsteam.SeriesHandle) -> float:
    """Return nanoseconds of the slowest call in a thousand, of a million."""
    times = []
    for _ in range(1_000_000):
        began = time.perf_counter_ns()
        handle.log(0.5)
        times.append(time.perf_counter_ns() - began)
    return sorted(times)[-len(times) // 1000]


def cost(track: mlsteam.Track) -> dict[str, float]:
    """Return nanoseconds of each way to log."""
    handle = track["loss"]
    row = {f"k{number}": number / 2 for number in range(100)}
    return {
        "handle": measure(lambda step: handle.log(0.5, step=step)),
        "row": measure(lambda step: None if step % 100 else track.log(row, step=step)),
        "p999": tail(handle),
        "track": measure(lambda step: track["loss"].log(0.5, step=step)),
    }


def _memory_mib() -> float:
    # Without the pages of files: those are the disk's, and the system takes them back when it needs them.
    with open("/proc/self/status", encoding="utf-8") as file:  # noqa: PTH123  # nothing else of pathlib is needed
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon")) / 1024


def _sender_seconds() -> float:
    (thread,) = [one for one in threading.enumerate() if one.name == "mlsteam-sender"]
    with open(f"/proc/self/task/{thread.native_id}/stat", encoding="utf-8") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def pace(track: mlsteam.Track, seconds: float) -> dict[str, float]:
    """Log 10,000 points a second to ten keys; return MiB of growth after the first second, and the sender's share."""
    handles = [track[f"k{number}"] for number in range(10)]
    began = time.monotonic()
    memory = used = 0.0
    for tick in range(int(seconds * 100)):
        for _ in range(RATE // 100 // len(handles)):
            for handle in handles:
                handle.log(0.5, step=tick)
        if tick == 100:
            memory, used = _memory_mib(), _sender_seconds()
        time.sleep(max(0.0, began + (tick + 1) / 100 - time.monotonic()))
    return {
        "growth": _memory_mib() - memory,
        "sender": (_sender_seconds() - used) / (seconds - 1),
        "dropped": track.dropped,
    }


def main(what: str, address: str, *rest: str) -> None:
    """Measure and print."""
    # The sender may still write there: what it was not given time for is not waited for.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options: dict[str, Any] = {"backend": address, "spool_dir": folder, "finish_timeout": 0.1}
        if what == "start":
            track = mlsteam.init("bench", "a.b.c", **options)
            track["loss"].log(0.5)
            found = {"import": (IMPORTED - BEGAN) * 1e3, "first": (time.perf_counter() - BEGAN) * 1e3}
        else:
            track = mlsteam.init("bench", "a.b.c", track_id=_TRACK, **options)
            found = cost(track) if what == "cost" else pace(track, float(rest[0]))
        track.stop()
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
