"""What a `.log()` costs the training loop, beside TensorBoard's own writer in the same run.

Nothing is sent: the server's address answers nobody, which must not be felt. Prints nanoseconds a call and their ratio,
or JSON for sections/client.py with `--json`.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import jwt
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

import mlsteam

CALLS, ROUNDS = 20_000, 7


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


def main() -> None:
    """Measure both and print them."""
    with tempfile.TemporaryDirectory() as folder:
        # Port 9 of this machine is closed; with a track id given, nobody needs to be asked at the start.
        token = jwt.encode({"api_address": "http://127.0.0.1:9"}, "k" * 32, algorithm="HS256")
        os.environ["MLSTEAM_BACKEND"] = "http://127.0.0.1:9"
        track = mlsteam.init(
            "bench", token, track_id="00000000-0000-7000-8000-000000000000", spool_dir=folder, finish_timeout=0.1
        )
        handle = track["loss"]
        kept = measure(lambda step: handle.log(0.5, step=step))
        row = {f"k{number}": number / 2 for number in range(100)}
        of_row = measure(lambda step: None if step % 100 else track.log(row, step=step))
        rare = tail(handle)
        looked_up = measure(lambda step: track["loss"].log(0.5, step=step))
        track.stop()
        writer = EventFileWriter(folder)

        def add(step: int) -> None:
            value = Summary.Value(tag="loss", simple_value=0.5)
            writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

        other = measure(add)
        writer.close()
    if sys.argv[1:] == ["--json"]:
        print(json.dumps({"handle": kept, "p999": rare, "track": looked_up, "row": of_row, "add_event": other}))
        return
    print(f"handle.log(v)          {kept:8.0f} ns")
    print(f"track[key].log(v)      {looked_up:8.0f} ns")
    print(f"handle.log(v), p99.9   {rare:8.0f} ns")
    print(f"track.log(100 keys)    {of_row:8.0f} ns a value")
    print(f"TensorBoard add_event  {other:8.0f} ns    {other / kept:.1f} x handle.log")


if __name__ == "__main__":
    main()
