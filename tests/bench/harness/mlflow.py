"""The other tool: MLflow's own server with its own defaults, in its own environment, on the same PostgreSQL.

Used by sections/peer.py.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from harness.cpu import ProcessTree
from harness.driver import BenchFailed
from harness.http import Caller
from harness.options import progress
from harness.stack import ROOT, Bench, Service, free_ports, running_process

_REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements-mlflow.txt"
_FOLDER = ROOT / ".run" / "bench" / "mlflow"


def _install() -> None:
    stamp = _FOLDER / ".installed"
    if stamp.exists() and stamp.read_text() == _REQUIREMENTS.read_text():
        return
    progress(f"installing {_REQUIREMENTS.name} into {_FOLDER.relative_to(ROOT)} (minutes the first time)")
    subprocess.run([sys.executable, "-m", "venv", str(_FOLDER)], check=True)
    pip = [
        str(_FOLDER / "bin" / "python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--quiet",
    ]
    subprocess.run([*pip, "-r", str(_REQUIREMENTS)], check=True)
    stamp.write_text(_REQUIREMENTS.read_text())


def version() -> str:
    """Return which version of it is measured."""
    pinned = next(line for line in _REQUIREMENTS.read_text().splitlines() if line.startswith("mlflow=="))
    return f"MLflow {pinned.partition('==')[2]}"


@asynccontextmanager
async def running_mlflow(bench: Bench, database_url: str) -> AsyncIterator[tuple[int, dict[str, ProcessTree]]]:
    """Run its server and give its port and its processes."""
    await asyncio.to_thread(_install)
    port = free_ports()
    command = [str(_FOLDER / "bin" / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    # SQLAlchemy would take another driver for the plain name than the one that MLflow's own documents install.
    store = database_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    command += ["--backend-store-uri", store, "--artifacts-destination", str(bench.folder / "mlflow")]
    environment = {**os.environ, "PATH": f"{_FOLDER / 'bin'}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    service = Service("mlflow", command, environment, "127.0.0.1", port, "/health")
    async with running_process(service, bench.logs) as tree:
        yield port, {"postgres": bench.postgres_tree(), "mlflow": tree}


def make_runs(port: int, count: int) -> list[str]:
    """Make so many runs in one experiment and return their ids. Raises: BenchFailed."""
    caller = Caller(port)
    made = caller.call("/api/2.0/mlflow/experiments/create", body={"name": "bench"})
    if made.status != 200:
        raise BenchFailed(f"MLflow made no experiment: {made.status} {made.body[:300]!r}")
    experiment = made.json()["experiment_id"]
    answers = [
        caller.call("/api/2.0/mlflow/runs/create", body={"experiment_id": experiment, "start_time": 0})
        for _ in range(count)
    ]
    caller.close()
    return [answer.json()["run"]["info"]["run_id"] for answer in answers]
