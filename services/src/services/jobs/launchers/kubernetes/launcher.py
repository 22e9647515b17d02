"""Jobs as Kubernetes Jobs, one each.

Called by the runner. Guarantees what launcher.py promises: a job's name on the cluster is made of its id, what is known
of it is read from the cluster, and whatever is repeated finds what was done before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx2
import structlog
from lightkube import ApiError, KubeConfig
from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Pod, Secret
from lightkube.types import CascadeType, PatchType

from services.jobs.definition import Allowed
from services.jobs.launchers.kubernetes import allowed, objects
from services.jobs.launchers.kubernetes.cluster import Cluster
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.kubernetes.view import View
from services.jobs.launchers.launcher import LaunchFailed, NoRoom, Order, Phase, Report

log = structlog.get_logger()

_CONFLICT, _NOT_FOUND, _FORBIDDEN = 409, 404, 403
# The node has not ended a pod this long after it should have: it is gone.
_LATE_S = 15.0
_RETRY_S = 1.0
_CLEAN_TRIES = 5
_TIMEOUT = httpx2.Timeout(10.0)


class KubernetesLauncher:
    """Starts jobs on a cluster, watches them, stops them."""

    kind = "kubernetes"

    def __init__(self, settings: KubernetesSettings, allow: Allowed, config: KubeConfig | None = None) -> None:
        self._settings, self._allow = settings, allow
        # In the cluster by its service account, elsewhere by KUBECONFIG.
        me = objects.MANAGED_BY
        self._cluster = Cluster(config, namespace=settings.namespace, timeout=_TIMEOUT, field_manager=me)
        cluster = settings.cluster or self._cluster.config.cluster.server
        self._runner_id = uuid5(NAMESPACE_URL, f"kubernetes:{cluster}/{settings.namespace}")
        self._view = View(self._cluster, settings.namespace, self._runner_id)
        self._stopping: dict[UUID, asyncio.Task[None]] = {}

    @property
    def runner_id(self) -> UUID:
        """Return the id that all replicas of this cluster and namespace share."""
        return self._runner_id

    @property
    def place(self) -> str:
        """Return the namespace."""
        return self._settings.namespace

    @property
    def max_jobs(self) -> int:
        """Return how many jobs may be here at once."""
        return self._settings.max_jobs

    async def start(self, order: Order) -> None:
        """Create Job and Secret, then let the Job run. Raises: LaunchFailed, NoRoom."""
        allowed.check_code(order.spec)
        job = objects.build_job(order, self._settings, self._runner_id)
        try:
            created = await self._create(job)
            if created.spec is None or not created.spec.suspend or _is_stopped(created):
                self._view.take_up(order.job_id, is_new=True)
                return
            await self._create_secret(objects.build_secret(order, created, self._allow))
            self._view.take_up(order.job_id, is_new=True)
            await self._wake(order.job_id)
        except (ApiError, LaunchFailed) as error:
            self._view.forget(order.job_id)
            refused = _refused(error) if isinstance(error, ApiError) else error
            if isinstance(refused, LaunchFailed):
                await self.clean(order.job_id)
            raise refused from error
        except httpx2.HTTPError as error:
            self._view.forget(order.job_id)
            raise NoRoom(f"The cluster does not answer: {type(error).__name__}.") from error

    async def _create(self, job: Job) -> Job:
        try:
            return await self._cluster.create_strictly(job)
        except ApiError as error:
            if error.status.code != _CONFLICT or job.metadata is None:
                raise
        found = await self._cluster.get(Job, job.metadata.name or "")
        if found.metadata and found.metadata.deletionTimestamp:
            raise NoRoom("What an earlier attempt left is still being removed.")
        return found

    async def _create_secret(self, secret: Secret) -> None:
        try:
            await self._cluster.create_strictly(secret)
        except ApiError as error:
            if error.status.code != _CONFLICT or secret.metadata is None:
                raise
            found = await self._cluster.get(Secret, secret.metadata.name or "")
            if found.metadata is None or found.metadata.ownerReferences != secret.metadata.ownerReferences:
                raise NoRoom("The Secret of an earlier attempt is still being removed.") from error

    async def _wake(self, job_id: UUID) -> None:
        patch = {"spec": {"suspend": False}}
        await self._cluster.patch(Job, objects.name_of(job_id), patch, patch_type=PatchType.MERGE)

    async def watch(self) -> AsyncIterator[Report]:
        """Give the reports of all jobs that were started or adopted, for ever."""
        async for report in self._view.reports():
            yield report

    async def adopt(self, job_ids: list[UUID]) -> None:
        """Take up jobs of an earlier process; end and remove those that belong to none of them."""
        found = {}
        async for job in self._cluster.list(Job, labels={objects.RUNNER_LABEL: str(self._runner_id)}):
            name = (job.metadata.name if job.metadata else None) or ""
            if (job_id := objects.job_of_name(name)) is not None:
                found[job_id] = job
        for job_id in job_ids:
            self._view.take_up(job_id)
            if job_id not in found:
                cause = "its Job is not on the cluster any more"
                self._view.tell(Report(job_id, Phase.LOST, datetime.now(UTC), cause, "JobGone"))
            elif _is_stopped(found[job_id]):
                # It was asked before the restart, and nobody watches over it now.
                await self.stop(job_id, 0)
        for job_id in found.keys() - set(job_ids):
            log.info("kubernetes_job_of_nobody_removed", job_id=str(job_id))
            await self.clean(job_id)

    async def stop(self, job_id: UUID, grace_s: float) -> None:
        """Ask a job to end; what the node does not end in time is removed by force."""
        if job_id not in self._stopping:
            self._stopping[job_id] = task = asyncio.create_task(self._stop(job_id, grace_s), name=f"stop-{job_id}")
            task.add_done_callback(lambda _: self._stopping.pop(job_id, None))

    async def _stop(self, job_id: UUID, grace_s: float) -> None:
        if await _until_answered(lambda: self._put_to_sleep(job_id)):
            await asyncio.sleep(grace_s + objects.DRAIN_S + _LATE_S)
            await _until_answered(lambda: self._remove_pods(job_id))

    async def _put_to_sleep(self, job_id: UUID) -> bool:
        """Suspend the Job: the cluster ends its pods and makes no new ones, and it stays to be looked at."""
        name, now = objects.name_of(job_id), datetime.now(UTC)
        try:
            found = await self._cluster.get(Job, name)
            if not _is_stopped(found):
                asked = {objects.STOP_ANNOTATION: now.isoformat()}
                patch = {"metadata": {"annotations": asked}, "spec": {"suspend": True}}
                await self._cluster.patch(Job, name, patch, patch_type=PatchType.MERGE)
        except ApiError as error:
            if error.status.code != _NOT_FOUND:
                raise
            seen = self._view.find(job_id)
            if seen is None or seen.job is None:
                cause = "stopped before it began"
                self._view.tell(Report(job_id, Phase.ENDED, now, cause, "Stopped", signal="SIGTERM"))
            return False
        return True

    async def _remove_pods(self, job_id: UUID) -> bool:
        async for pod in self._cluster.list(Pod, labels={objects.JOB_LABEL: str(job_id)}):
            name = (pod.metadata.name if pod.metadata else None) or ""
            if pod.status is None or pod.status.phase not in {"Succeeded", "Failed"}:
                log.warning("kubernetes_pod_removed_by_force", pod=name)
                await self._cluster.delete(Pod, name, grace_period=0)
        return True

    async def clean(self, job_id: UUID) -> None:
        """Remove a job's Job, and with it its pods and its Secret; the agent has sent what was left."""
        self._view.forget(job_id)
        if (stopping := self._stopping.pop(job_id, None)) is not None:
            stopping.cancel()

        async def remove() -> bool:
            try:
                await self._cluster.delete(Job, objects.name_of(job_id), cascade=CascadeType.BACKGROUND)
            except ApiError as error:
                if error.status.code != _NOT_FOUND:
                    raise
            return True

        await _until_answered(remove, tries=_CLEAN_TRIES)

    async def close(self) -> None:
        """Let go of the cluster; jobs go on."""
        stopping = list(self._stopping.values())
        for task in stopping:
            task.cancel()
        await asyncio.gather(*stopping, return_exceptions=True)
        await self._cluster.close()


def _is_stopped(job: Job) -> bool:
    return objects.STOP_ANNOTATION in ((job.metadata.annotations if job.metadata else None) or {})


async def _until_answered(call: Callable[[], Coroutine[Any, Any, bool]], tries: int = 10_000) -> bool:
    for turn in range(1, tries + 1):
        try:
            return await call()
        except httpx2.HTTPError as error:
            log.warning("kubernetes_call_failed", error=str(error)[:500], tries=turn)
            await asyncio.sleep(min(30.0, _RETRY_S * turn))
    return False


def _refused(error: ApiError) -> LaunchFailed | NoRoom:
    """Say why the cluster did not take an object: for now, or for ever."""
    code, said = error.status.code or 0, " ".join((error.status.message or error.status.reason or "").split())
    if code == _FORBIDDEN and "exceeded quota" in said:
        return NoRoom(f"The cluster has no room: {said[:800]}")
    # The runner's own rights, or its namespace, are missing: that is put right without asking for the job again.
    is_ours = code in {401, _NOT_FOUND} or (code == _FORBIDDEN and " cannot " in said)
    if 400 <= code < 500 and not is_ours and code not in {_CONFLICT, 408, 429}:
        return LaunchFailed(f"The cluster refuses the job: {said[:800]}")
    return NoRoom(f"The cluster cannot take it now: {said[:800]}")
