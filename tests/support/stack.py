"""The whole stack as `make up` starts it, on ports and in a folder of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
STACK = ROOT / "deploy" / "local" / "stack.py"


@dataclass(frozen=True)
class RunningStack:
    """A stack that is ready."""

    environment: dict[str, str]
    run_dir: Path
    address: str

    def command(self, action: str) -> str:
        """Run one of the stack's commands and return what it said."""
        return run_stack(action, self.environment)

    def link(self) -> str:
        """Return a fresh one-time sign-in link."""
        words = self.command("link").split()
        return next(word for word in words if "/sign-in#token=" in word)

    def client_environment(self) -> dict[str, str]:
        """Return what a user gets by sourcing .run/env."""
        lines = (self.run_dir / "env").read_text().splitlines()
        pairs = (line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
        return {name: value.strip("'\"") for name, value in pairs}

    def train(self, code: str) -> list[str]:
        """Run a training as a user would, to its end, and return the words that it printed."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**self.environment, **self.client_environment()},
            cwd=self.run_dir,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()


def run_stack(action: str, environment: dict[str, str]) -> str:
    """Run `stack.py ACTION`, and fail with all it said when it fails."""
    done = subprocess.run(
        [sys.executable, str(STACK), action],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def running_stack(*, with_sample: bool = False, owner_pid: int | None = None) -> Iterator[RunningStack]:
    """A stack, without the sample if it is not asked for, stopped after the tests, or when their process is gone."""
    assert (ROOT / "frontend/dist/index.html").exists(), "the page is not built: run `make e2e`"
    # Not below pytest's own folder: its name is long, and PostgreSQL's socket has to fit into 107 bytes.
    run_dir = Path(tempfile.mkdtemp(prefix="mlsteam-e2e-"))
    port = free_ports(6)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLSTEAM_")}
    environment = kept | {
        "MLSTEAM_RUN_DIR": str(run_dir),
        "MLSTEAM_PORT": str(port),
        "MLSTEAM_SAMPLE": str(int(with_sample)),
        "MLSTEAM_OWNER_PID": str(owner_pid or os.getpid()),
    }
    try:
        run_stack("up", environment)
        yield RunningStack(environment, run_dir, f"http://127.0.0.1:{port}")
    finally:
        run_stack("down", environment)
        shutil.rmtree(run_dir, ignore_errors=True)
