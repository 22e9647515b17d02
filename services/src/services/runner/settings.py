"""Settings of the job runner, read once at its start."""

import os
from pathlib import Path

from pydantic import Field

from services.core.settings import CodeSettings


class RunnerSettings(CodeSettings):
    """The shared settings and the runner's own."""

    runner_host: str = Field(default="127.0.0.1", description="Address that answers probes and metrics")
    runner_port: int = Field(default=8085, ge=1, le=65535, description="Port that answers probes and metrics")
    runner_launcher: str = Field(
        default="local", pattern="^(local|kubernetes)$", description="What jobs are started as: local or kubernetes"
    )
    runner_backend: str = Field(
        default="", description="Address of Track as jobs reach it; empty: `MLSTEAM_PUBLIC_URL`"
    )
    runner_folder: Path = Field(
        default=Path(".run/data/runner"), description="Where local jobs and their environments are kept"
    )
    runner_max_jobs: int = Field(
        default=0, ge=0, le=10_000, description="Local jobs that may run at once; 0: as many as there are cores"
    )
    runner_python: str = Field(default="", description="What `python` is to a local job; empty: the runner's own")
    runner_client: str = Field(
        default="", description="What pip installs of the client into a local job's new environment; empty: nothing"
    )
    runner_user: str = Field(
        default="", description="Unix user of all local jobs, if the runner is root; empty: the runner's own"
    )
    runner_max_processes: int = Field(
        default=4096, ge=16, description="Processes that one local job may have at once; all of it is ended beyond"
    )
    runner_stops_jobs: bool = Field(
        default=False, description="Whether local jobs are stopped when the runner is, and not taken up by the next one"
    )

    @property
    def backend(self) -> str:
        """Where jobs find Track."""
        return self.runner_backend or self.public_url

    @property
    def max_jobs(self) -> int:
        """How many local jobs may run at once."""
        return self.runner_max_jobs or os.cpu_count() or 1
