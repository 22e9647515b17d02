"""One training that is killed at a random moment, and what became of its points: the ledger is a pipe outside of it."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from support.recording_server import Recorded

from mlsteam.cli.main import main

# Every thread says what `log` has taken, after it returned; a step of rows counts as one.
_TRAINING = """
import itertools, os, random, sys, threading, mlsteam
track = mlsteam.init("demo", "a.b.c", backend=sys.argv[1], spool_dir=sys.argv[2])
seed = random.Random(int(sys.argv[3]))
stops_at, how = seed.randrange(1, 4000), seed.choice(["exit", "kill", "segfault", "outside"])

def end():
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), 9)
    if how == "segfault":
        os.kill(os.getpid(), 11)

def work(name, is_main):
    for number in itertools.count():
        track[name].log(float(number))
        if number % 7 == 0:
            track.log({f"{name}-a": float(number // 7), f"{name}-b": number // 7}, step=number)
        os.write(1, f"{name} {number}\\n".encode())
        if is_main and number == stops_at:
            end()

for place in range(2):
    threading.Thread(target=work, args=(f"t{place}", False), daemon=True).start()
work("main", True)
"""


def kill_once(server: Recorded, folder: Path, seed: int) -> None:
    """Kill a training and send what it left; fails when a point that `log` took is missing or doubled."""
    chance = random.Random(seed)
    with subprocess.Popen(
        [sys.executable, "-c", _TRAINING, server.address, str(folder), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as training:
        assert training.stdout
        lines = []
        patience = chance.randrange(1, 12_000)
        for line in training.stdout:
            lines.append(line)
            if len(lines) == patience:
                training.send_signal(signal.SIGKILL)
    assert training.returncode != 0
    assert main(["sync", "--spool-dir", str(folder), "--backend", server.address]) == 0
    taken: dict[str, int] = {}
    for line in lines:
        if line.endswith("\n"):
            name, _, number = line.partition(" ")
            taken[name] = int(number)
    assert taken
    for name, last in taken.items():
        values = server.values(name)
        assert values == [float(number) for number in range(len(values))], f"seed {seed}: {name} has holes or doubles"
        assert len(values) > last, f"seed {seed}: {name} lost {last + 1 - len(values)} points"
        rows = server.values(f"{name}-a")
        assert rows == [float(number) for number in range(len(rows))], f"seed {seed}: rows of {name}"
        assert len(rows) > last // 7, f"seed {seed}: {name} lost rows"
    losses = [loss for batch in server.batches for loss in batch.get("losses", [])]
    assert not losses, f"seed {seed}: {losses}"
