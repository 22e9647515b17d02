"""What the launcher knows of its jobs: the newest Job, pods and events of each, as the cluster tells them.

Called by launcher.py. Guarantees that each report is given once, and the end of a job only when its Job and its pods
say the same.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

from lightkube.resources.batch_v1 import Job
from lightkube.resources.core_v1 import Event, Pod

from services.jobs.launchers.kubernetes.cluster import Cluster, Follower, Listed
from services.jobs.launchers.kubernetes.objects import JOB_LABEL, RUNNER_LABEL, job_of_name
from services.jobs.launchers.kubernetes.sights import Seen, report_of_event, reports_of
from services.jobs.launchers.launcher import Phase, Report

ENDS = frozenset({Phase.ENDED, Phase.LOST})
# A Job's end may be told before its pod is.
_SETTLE_S = 2.0


class View:
    """Follows the namespace; one caller of `reports` at a time."""

    def __init__(self, cluster: Cluster, namespace: str, runner_id: UUID) -> None:
        labels = {RUNNER_LABEL: str(runner_id)}
        self._jobs = Follower(cluster, Job, namespace, labels)
        self._pods = Follower(cluster, Pod, namespace, labels)
        self._events = Follower(cluster, Event, namespace, None)
        # Of every job of this runner that the cluster has, also of one that nobody has taken up yet.
        self._seen: dict[UUID, Seen] = {}
        self._told: dict[UUID, set[tuple[datetime, str]]] = {}
        self._settled: set[UUID] = set()
        # Whose end was told.
        self._over: set[UUID] = set()
        self._queue: asyncio.Queue[Report] = asyncio.Queue()
        self._n_listed = 0

    def take_up(self, job_id: UUID, *, is_new: bool = False) -> None:
        """Tell of this job from now on; of one whose end was told, only if it is started anew."""
        if is_new:
            self._over.discard(job_id)
        if job_id not in self._over:
            self._told.setdefault(job_id, set())
            self._look(job_id)

    def tell(self, report: Report) -> None:
        """Pass a report on, once; it may also be of a job that the cluster does not know."""
        told = self._told.get(report.job_id, set())
        if (report.at, report.cause) in told or report.job_id in self._over:
            return
        told.add((report.at, report.cause))
        self._queue.put_nowait(report)
        if report.phase in ENDS:
            self._told.pop(report.job_id, None)
            self._over.add(report.job_id)

    def forget(self, job_id: UUID) -> None:
        """Tell nothing more of this job."""
        self._told.pop(job_id, None)
        self._settled.discard(job_id)
        self._over.discard(job_id)

    def find(self, job_id: UUID) -> Seen | None:
        """Return what is known of a job."""
        return self._seen.get(job_id)

    async def reports(self) -> AsyncIterator[Report]:
        """Give reports as they come, for ever."""
        self._n_listed = 0
        follow = (self._follow_jobs(), self._follow_pods(), self._follow_events())
        tasks = [asyncio.create_task(loop) for loop in follow]
        try:
            while True:
                news = asyncio.create_task(self._queue.get())
                try:
                    await asyncio.wait([*tasks, news], return_when=asyncio.FIRST_COMPLETED)
                    for loop in tasks:
                        if loop.done():
                            loop.result()
                finally:
                    # One that has something is not ended by this.
                    news.cancel()
                yield await news
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_jobs(self) -> None:
        async for news in self._jobs.follow():
            if isinstance(news, Listed):
                found = {job_id: job for job in news.items if (job_id := _job_id(job)) is not None}
                for job_id in self._seen.keys() - found.keys():
                    self._job_gone(job_id)
                for job_id, job in found.items():
                    self._of(job_id).job = job
                self._n_listed += 1
                self._look_at_all()
            elif (job_id := _job_id(news.item)) is not None:
                if news.is_gone:
                    self._of(job_id).job = news.item
                    self._job_gone(job_id)
                else:
                    self._of(job_id).job = news.item
                    self._look(job_id)

    async def _follow_pods(self) -> None:
        async for news in self._pods.follow():
            if isinstance(news, Listed):
                found = {_name(pod) for pod in news.items}
                for seen in self._seen.values():
                    seen.gone_pods |= seen.pods.keys() - found
                for pod in news.items:
                    self._pod(pod, is_gone=False)
                self._n_listed += 1
                self._look_at_all()
            elif (job_id := self._pod(news.item, is_gone=news.is_gone)) is not None:
                self._look(job_id)

    async def _follow_events(self) -> None:
        async for news in self._events.follow():
            for event in news.items if isinstance(news, Listed) else [] if news.is_gone else [news.item]:
                job_id = job_of_name(event.involvedObject.name or "")
                if job_id in self._told and (report := report_of_event(job_id, event)) is not None:
                    self.tell(report)

    def _of(self, job_id: UUID) -> Seen:
        return self._seen.setdefault(job_id, Seen(job_id))

    def _pod(self, pod: Pod, *, is_gone: bool) -> UUID | None:
        job_id = _job_id(pod)
        if job_id is not None:
            seen = self._of(job_id)
            seen.pods[_name(pod)] = pod
            if is_gone:
                seen.gone_pods.add(_name(pod))
        return job_id

    def _job_gone(self, job_id: UUID) -> None:
        seen = self._of(job_id)
        if seen.job is not None and seen.gone_at is None:
            seen.gone_at = datetime.now(UTC)
        self._look(job_id)
        if job_id not in self._told:
            del self._seen[job_id]

    def _look_at_all(self) -> None:
        for job_id in list(self._told):
            self._look(job_id)

    def _look(self, job_id: UUID) -> None:
        seen = self._seen.get(job_id)
        if seen is None or job_id not in self._told or self._n_listed < 2:
            return
        for report in list(reports_of(seen)):
            if report.phase in ENDS and not seen.pods and job_id not in self._settled:
                self._settled.add(job_id)
                asyncio.get_running_loop().call_later(_SETTLE_S, self._look, job_id)
            else:
                self.tell(report)


def _name(pod: Pod) -> str:
    return (pod.metadata.name if pod.metadata else None) or ""


def _job_id(item: Job | Pod) -> UUID | None:
    labels = (item.metadata.labels if item.metadata else None) or {}
    try:
        return UUID(labels.get(JOB_LABEL, ""))
    except ValueError:
        return None
