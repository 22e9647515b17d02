"""The Kubernetes launcher against a pretended cluster over real HTTP, which runs its pods' commands as processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.cluster.cluster import PretendedCluster
from support.cluster.store import Refused

from services.core.ids import new_id
from services.jobs.launchers.kubernetes.launcher import KubernetesLauncher
from services.jobs.launchers.kubernetes.objects import name_of
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.launcher import LaunchFailed, NoRoom, Order, Phase, Report
from services.jobs.spec import JobSpec

ROOT = Path(__file__).parents[2]
SETTINGS = KubernetesSettings(agent_image="registry.example.org/agent:1", image="python:3.12", max_jobs=5)
NS = SETTINGS.namespace


def order(*command: str, **more: Any) -> Order:
    spec = JobSpec.model_validate({"command": list(command) or ["true"], **more})
    return Order(
        job_id=new_id(),
        track_id=new_id(),
        project_id=new_id(),
        project="digits & more",
        user="Ann Example",
        spec=spec,
        secrets={"MY_SECRET": "canary-secret"},
        token="canary-token",
        backend="http://127.0.0.1:1",
    )


class Watched:
    """A launcher with what it has reported."""

    def __init__(self, launcher: KubernetesLauncher) -> None:
        self.launcher = launcher
        self.reports: list[Report] = []

    async def listen(self) -> None:
        async for report in self.launcher.watch():
            self.reports.append(report)

    def of(self, made: Order) -> list[Report]:
        return [report for report in self.reports if report.job_id == made.job_id]

    async def until(self, made: Order, holds: Callable[[Report], bool], within_s: float = 10) -> Report:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for report in self.of(made):
                if holds(report):
                    return report
            await asyncio.sleep(0.02)
        pytest.fail(f"not reported: {self.of(made)}")

    async def end(self, made: Order, within_s: float = 10) -> Report:
        return await self.until(made, lambda report: report.phase in {Phase.ENDED, Phase.LOST}, within_s)

    async def reason(self, made: Order, reason: str, within_s: float = 10) -> Report:
        return await self.until(made, lambda report: report.reason == reason, within_s)


@asynccontextmanager
async def launched(cluster: PretendedCluster) -> AsyncIterator[Watched]:
    watched = Watched(KubernetesLauncher(SETTINGS, cluster.config))
    listening = asyncio.create_task(watched.listen())
    try:
        yield watched
        # What was seen of jobs must never be told twice.
        told = [(report.job_id, report.at, report.cause) for report in watched.reports]
        assert len(told) == len(set(told))
        assert not listening.done(), listening
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await watched.launcher.close()


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[PretendedCluster]:
    rules = next(yaml.safe_load_all((ROOT / "deploy/kubernetes/base/runner/rights.yaml").read_text()))["rules"]
    image = tmp_path / "image"
    image.mkdir()
    (tmp_path / "node").mkdir()
    (image / "start.py").write_text(
        "import json, subprocess, sys, signal\n"
        "p = subprocess.Popen(json.load(open(sys.argv[1]))['command'])\n"
        "signal.signal(15, lambda *_: p.terminate())\n"
        "code = p.wait()\n"
        "sys.exit(128 - code if code < 0 else code)\n"
    )
    async with PretendedCluster(tmp_path / "node", {"/opt/mlsteam": image}, rules, NS).running() as made:
        yield made


async def test_a_job_runs_and_ends(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order(
            "sh", "-c", 'echo "hello $MY_SECRET $(echo 5) $$HOME"', variables={"PRICE": "$(MY_SECRET) costs $5"}
        )
        await watched.launcher.start(made)
        await watched.launcher.start(made)
        end = await watched.end(made)
        print(watched.reports, cluster.node.output)
        assert (end.phase, end.exit_code, end.signal) == (Phase.ENDED, 0, "")
        await watched.launcher.clean(made.job_id)
