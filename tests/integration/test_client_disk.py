"""A disk that becomes full in the middle of a training: a real file system of a few megabytes, filled by the spool."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.recording_server import TRACK_ID, Recorded, recording_server

# In a mount namespace of its own, so that the file system is gone with the processes that use it.
_MOUNT = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"]), "sh", "-ec"]
_MOUNTED = 'mkdir -p "$0" && mount -t tmpfs -o size=9m none "$0" && exec "$@"'

_TRAINING = """
import os, sys, time, mlsteam
from pathlib import Path
address, folder, track_id, how = sys.argv[1:]
os.environ["MLSTEAM_API_TOKEN"] = "a.b.c"

def train(backend, timeout):
    track = mlsteam.init("demo", backend=backend, spool_dir=folder, track_id=track_id, finish_timeout=timeout)
    row = {f"r{number}": 0.5 for number in range(20)}
    slowest = 0.0
    for number in range(300_000):
        began = time.perf_counter()
        track["loss"].log(float(number))
        if number % 100 == 0:
            track.log(row)
            track["text"].log("x")
        slowest = max(slowest, time.perf_counter() - began)
    assert track.dropped
    return track, slowest

if how == "killed":
    # Without a server, so that nothing makes room; killed while it is full.
    child = os.fork()
    if child == 0:
        track, slowest = train("http://127.0.0.1:9", 1)
        print(track.dropped, slowest, flush=True)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
else:
    # Others take the rest of the disk until the training is over.
    filler = Path(folder, "filler")
    if how == "others":
        filler.write_bytes(bytes(4 << 20))
    track, slowest = train(address, 20 if how != "others" else 2)
    print(track.dropped, slowest, flush=True)
    track.stop()
    filler.unlink(missing_ok=True)
os.environ["MLSTEAM_TRACK_ID"] = ""
from mlsteam.cli.main import main
code = main(["sync", "--spool-dir", folder, "--backend", address])
left = [str(path) for path in Path(folder).rglob("*") if path.is_file()]
assert not left, left
sys.exit(code)
"""


def lost(server: Recorded) -> dict[str, int]:
    counts: dict[str, int] = {}
    for batch in server.batches:
        for loss in batch.get("losses", []):
            counts[loss["key"]] = counts.get(loss["key"], 0) + loss["count"]
    return counts


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run([*_MOUNT, "mount -t tmpfs none /mnt"], check=False, capture_output=True)
    return tried.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="no file system may be mounted here")
@pytest.mark.parametrize("how", ["killed", "drained", "others"])
def test_what_a_full_disk_takes_is_counted_to_the_last_point(how: str, tmp_path: Path) -> None:
    with recording_server() as server:
        if how == "drained":
            # Not before the disk was full, however slow the machine logs.
            server.hostile = [lambda _: time.sleep(1)] * 2
        command = [*_MOUNT, _MOUNTED, str(tmp_path / "disk"), sys.executable, "-c", _TRAINING]
        done = subprocess.run(
            [*command, server.address, str(tmp_path / "disk"), TRACK_ID, how],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        marks = lost(server)
        kept = server.values("loss")
    dropped, slowest = done.stdout.split()[:2]
    assert len(kept) == len(set(kept))
    assert len(kept) + marks["loss"] == 300_000
    assert len(server.values("r0")) + marks.get("r0", 0) == 3_000
    assert sum(marks.values()) == int(dropped)
    assert float(slowest) < 1
