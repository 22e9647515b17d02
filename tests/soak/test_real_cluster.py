"""The Kubernetes launcher on a real cluster, named by KUBECONFIG; skipped where there is none.

Uses the namespace MLSTEAM_KUBERNETES_NAMESPACE (mlsteam-jobs), an agent image of MLSTEAM_KUBERNETES_AGENT_IMAGE and a
lab's image of MLSTEAM_KUBERNETES_IMAGE; without those two, `alpine` stands for both and no command comes to run, which
is enough for all that an API server checks: strict fields, rights, watches, the states of a Job.
"""

import asyncio
import os
import time

import pytest

from services.core.ids import new_id
from services.jobs.definition import Allowed
from services.jobs.launchers.kubernetes.launcher import KubernetesLauncher
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.launcher import Order, Phase, Report
from services.jobs.spec import JobSpec

pytestmark = pytest.mark.skipif("KUBECONFIG" not in os.environ, reason="KUBECONFIG names no cluster")
_WITHIN_S = 300


def _order() -> Order:
    spec = JobSpec.model_validate({"command": ["python3", "-c", "print('$(HOME) $$')"], "variables": {"A": "$(B)"}})
    return Order(
        job_id=new_id(), track_id=new_id(), project_id=new_id(), project="soak", user="soak", spec=spec,
        secrets={"S": "x"}, token="none", backend="http://127.0.0.1:1",
    )  # fmt: skip


async def test_a_job_is_taken_watched_stopped_and_removed(pytestconfig: pytest.Config) -> None:
    os.environ.setdefault("MLSTEAM_KUBERNETES_AGENT_IMAGE", "alpine:3")
    os.environ.setdefault("MLSTEAM_KUBERNETES_IMAGE", "alpine:3")
    launcher, order, reports = KubernetesLauncher(KubernetesSettings(), Allowed()), _order(), list[Report]()

    async def listen() -> None:
        async for report in launcher.watch():
            reports.append(report)

    async def until(*phases: Phase) -> Report:
        deadline = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline:
            for report in reports:
                if report.phase in phases:
                    return report
            await asyncio.sleep(0.2)
        pytest.fail(str(reports))

    listening = asyncio.create_task(listen())
    try:
        await launcher.adopt([])
        await launcher.start(order)
        await launcher.start(order)
        await until(Phase.STARTING, Phase.RUNNING)
        await launcher.stop(order.job_id, 5)
        assert (await until(Phase.ENDED)).phase is Phase.ENDED
    finally:
        await launcher.clean(order.job_id)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await launcher.close()
