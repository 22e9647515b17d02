"""What one `log` costs with another tool, in the environment that has it: `bench_peers.py wandb|mlflow|tensorboard`.

Prints JSON: nanoseconds a call, and milliseconds from before the import until the first call has returned.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 5
# MLflow waits for its store at each call.
CALLS = {"wandb": 2000, "mlflow": 20, "mlflow-async": 500, "tensorboard": 5000}


def wandb(folder: str) -> Callable[[int], Any]:
    """Return one of wandb, offline."""
    os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": folder, "WANDB_SILENT": "true", "WANDB_CONSOLE": "off"}
    import wandb  # its time is measured

    run = wandb.init(project="bench")
    return lambda _: run.log({"loss": 0.5})


def mlflow(folder: str, *, synchronous: bool = True) -> Callable[[int], Any]:
    """Return one of MLflow with its default store, a SQLite database."""
    os.environ |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    import mlflow

    mlflow.start_run()
    return lambda step: mlflow.log_metric("loss", 0.5, step=step, synchronous=synchronous)


def tensorboard(folder: str) -> Callable[[int], Any]:
    """Return one of TensorBoard's own writer of event files."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(folder)

    def add(step: int) -> None:
        value = Summary.Value(tag="loss", simple_value=0.5)
        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))

    return add


def main(name: str) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        began = time.perf_counter()
        tools = {
            "wandb": wandb,
            "mlflow": mlflow,
            "mlflow-async": lambda place: mlflow(place, synchronous=False),
            "tensorboard": tensorboard,
        }
        call = tools[name](folder)
        call(0)
        first = time.perf_counter() - began
        rounds = []
        for turn in range(ROUNDS):
            began = time.perf_counter()
            for number in range(CALLS[name]):
                call(turn * CALLS[name] + number + 1)
            rounds.append((time.perf_counter() - began) / CALLS[name])
        print(json.dumps({"log": statistics.median(rounds) * 1e9, "first": first * 1e3}), flush=True)
        # What it has not written yet is not asked for; MLflow's queue would take minutes.
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
