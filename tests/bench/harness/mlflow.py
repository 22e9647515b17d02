"""The other tool: MLflow's own server with its own defaults, in its own environment, on the same PostgreSQL.

Used by sections/peer.py.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from harness.cpu import ProcessTree
from harness.driver import BenchFailed
from harness.environments import environment
from harness.http import Caller
from harness.stack import Bench, Service, free_ports, running_process


@asynccontextmanager
async def running_mlflow(bench: Bench, database_url: str) -> AsyncIterator[tuple[int, dict[str, ProcessTree]]]:
    """Run its server and give its port and its processes."""
    folder = await asyncio.to_thread(environment, "mlflow")
    port = free_ports()
    command = [str(folder / "bin" / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    # SQLAlchemy would take another driver for the plain name than the one that MLflow's own documents install.
    store = database_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    command += ["--backend-store-uri", store, "--artifacts-destination", str(bench.folder / "mlflow")]
    variables = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "MLFLOW_DISABLE_TELEMETRY": "true"}
    service = Service("mlflow", command, variables, "127.0.0.1", port, "/health")
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
