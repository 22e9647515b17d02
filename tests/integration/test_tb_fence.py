"""The fence around TensorBoards where a system has users to give, has no network namespaces, or has TensorFlow."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "fenced_child.py"
FILES = Path(__file__).parent / "event_files"
# The Python may lie below a folder that only root may enter: here everybody may, though nothing else is in it.
OPEN_HOME = """
real=$(mktemp -d) && mount --bind "$1" "$real" && mount -t tmpfs -o mode=755 none "$1"
mkdir -p "$1/$2" && mount --bind "$real/$2" "$1/$2" && shift 2 && exec "$@"
"""
NO_NETWORKS = 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"'


def run(*command: str) -> Any:
    whole = [*command, sys.executable, str(SCRIPT), str(FILES)]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    if "found " not in done.stdout and "unshare" in done.stderr:
        pytest.skip(f"this system gives no namespaces: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("found "))[6:])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
def test_a_child_of_root_is_nobody_in_particular() -> None:
    python = Path(sys.executable).resolve()
    home = Path.home()
    prefix: list[str] = []
    if home in python.parents and not home.stat().st_mode & 0o001:
        prefix = ["unshare", "-m", "sh", "-ec", OPEN_HOME, "sh", str(home), python.relative_to(home).parts[0]]
    found = run(*prefix)
    if not found["has_users"]:
        pytest.skip("other users cannot read this Python")
    assert len(found["users"]) == 2  # TensorBoard and its data server
    assert {user >= 62_000 for user in found["users"]} == {True}
    assert "r/up/torch_both_a" in found["runs"]


def test_without_namespaces_it_works_and_says_so() -> None:
    found = run("unshare", "-Ur", "sh", "-ec", NO_NETWORKS, "sh")
    assert (found["has_no_network"], found["has_own_network"]) == (False, False)
    assert "r/up/torch_both_a" in found["runs"]


def test_with_namespaces_it_has_a_network_of_its_own() -> None:
    found = run("unshare", "-Ur")
    assert (found["has_no_network"], found["has_own_network"]) == (True, True)


def test_without_namespaces_the_stock_command_does_not_start(tmp_path: Path) -> None:
    command = ["unshare", "-Ur", "sh", "-ec", NO_NETWORKS, "sh", sys.executable, "-m", "tb_proxy.board.stock"]
    # exec keeps the process, so the parent it is told of is this one.
    command += [str(tmp_path / "s"), "/tb/x", str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip("this system gives no namespaces")
    assert done.returncode == 4
    assert "gives no network namespace" in done.stderr


def test_tensorflow_is_not_found_even_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("__version__ = 'real'")
    code = "from tb_proxy.board import child; child.inherit(); from tensorboard.compat import tf; print(tf.__version__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "stub"
