"""Local jobs as a unix user of their own, over the whole way; and that they see no repository but their code's."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres import TestServer
from support.workshop import Workshop, left_of, running_workshop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else"),
]

_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", sys.executable, "-c", "import mlsteam"]
# Where the Python that runs the tests lies in a folder of root's own, as pyenv's does, it alone is shown there.
_OPEN = """
set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/kept
mount --bind "$1" /mnt/kept
mount -t tmpfs -o mode=755 tmpfs "$0"
mkdir -p "$1"
mount --bind /mnt/kept "$1"
shift
exec "$@"
"""


def _within() -> list[str]:
    """Return what opens the way to this Python for others, for the process that it becomes; skip where none does."""
    python = Path(sys.base_prefix).resolve()
    closed = [folder for folder in [*reversed(python.parents), python] if not folder.stat().st_mode & 0o001]
    opening = ["unshare", "--mount", "sh", "-c", _OPEN, str(closed[0]), str(python)] if closed else []
    if subprocess.run([*opening, *_AS_NOBODY], check=False, capture_output=True).returncode != 0:
        pytest.skip("this Python or this code lies where only root reaches")
    return opening


@pytest.fixture(scope="module")
def workshop(postgres: TestServer) -> Iterator[Workshop]:
    """A workshop that lies in a git repository of somebody else's, as a folder of the server may."""
    within = _within()
    # Not below pytest's own folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="mlsteam-user-"))
    folder.chmod(0o755)
    _commit(folder, "the server's own")
    with running_workshop(
        postgres, folder, within=within, MLSTEAM_RUNNER_USER="nobody", MLSTEAM_RUNNER_MAX_PROCESSES="1000"
    ) as opened:
        yield opened
    shutil.rmtree(folder)


def _commit(folder: Path, message: str) -> str:
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--allow-empty", "-m", message]):
        subprocess.run([*git, *words], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()


_LOOKS = """
import os, pathlib, resource, mlsteam
from mlsteam import stparams
track = mlsteam.init()
print(os.getuid(), os.getgid(), os.getgroups(), resource.getrlimit(resource.RLIMIT_NPROC)[0], flush=True)
for path in (%r, "/etc/shadow", "../../state/pid.json"):
    try:
        open(path).read()
        print("read", path)
    except OSError as error:
        print(type(error).__name__)
pathlib.Path("made").write_text("here")
for n in range(100):
    track["loss"].log(1 / (n + 1))
track["lr"] = stparams.get_value("lr", 0)
"""


def test_a_lab_runs_as_the_jobs_user_and_reaches_nothing_of_the_runners(workshop: Workshop) -> None:
    secret = workshop.folder / "of-the-runner"
    secret.write_text("password")
    secret.chmod(0o600)
    lab = workshop.lab({"train.py": _LOOKS % str(secret)}, ["python", "train.py"], hyperparameters={"lr": [0.5]})
    [track_id] = workshop.submit(lab)
    job = workshop.until(track_id)
    assert job["state"] == "succeeded", (job, workshop.lines(track_id, "stderr"))
    nobody = pwd.getpwnam("nobody")
    assert workshop.lines(track_id) == [
        f"{nobody.pw_uid} {nobody.pw_gid} [] 2000", "PermissionError", "PermissionError", "PermissionError"
    ]  # fmt: skip
    values = workshop.values(track_id)
    assert values["lr"] == 0.5
    # Neither the agent nor the client took the repository around the working folder for the code's.
    assert not [key for key in values if key.startswith("source/git")]
    workshop.wait(lambda: list((workshop.folder / "runner" / "jobs").iterdir()), lambda left: not left, 30)


_STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    print(1, flush=True)
time.sleep(600)
"""


def test_another_users_job_is_stopped_limited_and_its_code_has_its_own_commit(workshop: Workshop) -> None:
    lab = workshop.lab({"train.py": _STUBBORN}, ["python", "train.py"], limits={"grace_s": 1})
    commit = _commit(Path(lab["definition"]["code"]["path"]), "the lab's")
    [track_id] = workshop.submit(lab)
    workshop.until_line(track_id, "1")
    workshop.wait(lambda: workshop.values(track_id).get("source/git/commit"), bool, 30)
    assert workshop.values(track_id)["source/git/commit"] == commit
    workshop.call("POST", f"/tracks/{track_id}/stop")
    job = workshop.until(track_id, within_s=20)
    assert (job["state"], job["signal"]) == ("stopped", "SIGKILL")
    assert left_of(job) == set()
    job = workshop.until(workshop.run("x = bytearray(1 << 30)", limits={"memory_mb": 300}))
    assert "out of memory: limit 300 MB" in job["cause"]
