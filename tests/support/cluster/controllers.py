"""What a cluster does by itself: makes pods of Jobs, and tells how they went."""

import asyncio
import copy
import uuid
from contextlib import suppress
from typing import Any

from support.cluster.store import Change, Object, Refused, Store, now

_ENDED = {"Succeeded", "Failed"}


class Events:
    """Writes events; one that repeats is counted, as at a real cluster."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, item: Object, kind: str, reason: str, message: str, *, is_warning: bool = False) -> None:
        """Tell of an object."""
        meta = item["metadata"]
        for event in self._store.list("events", meta["namespace"]):
            if event["involvedObject"]["uid"] == meta["uid"] and (event["reason"], event["message"]) == (
                reason,
                message,
            ):
                event |= {"count": event["count"] + 1, "lastTimestamp": now()}
                self._store.update("events", meta["namespace"], event["metadata"]["name"], event)
                return
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{uuid.uuid4().hex[:16]}"},
            "involvedObject": {"kind": kind, "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]},
            "reason": reason,
            "message": message,
            "type": "Warning" if is_warning else "Normal",
            "firstTimestamp": now(),
            "lastTimestamp": now(),
            "count": 1,
            "source": {"component": "pretended"},
        }
        self._store.create("events", meta["namespace"], event)


class JobController:
    """One pod at a time for each Job that is awake, until it has succeeded or failed too often."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store, self._events = store, events
        self._dirty: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        # How long it lets pods wait for what it notes at their Job.
        self.lag_s = 0.0
        store.listeners.append(self._note)

    def _note(self, change: Change) -> None:
        meta = change.item["metadata"]
        if change.plural == "jobs":
            self._dirty.put_nowait((meta["namespace"], meta["name"]))
        elif change.plural == "pods":
            for owner in meta.get("ownerReferences", []):
                self._dirty.put_nowait((meta["namespace"], owner["name"]))
                if change.what == "DELETED" and change.item["status"].get("phase") not in _ENDED:
                    self._count_deleted(meta["namespace"], owner["name"])

    async def run(self) -> None:
        """Act on changes, for ever."""
        while True:
            namespace, name = await self._dirty.get()
            await asyncio.sleep(self.lag_s)
            with suppress(Refused):
                self._act(namespace, name)

    def _count_deleted(self, namespace: str, name: str) -> None:
        # A pod that was taken away has failed, unless the Job sleeps.
        with suppress(Refused):
            job = self._store.get("jobs", namespace, name)
            if not job["spec"].get("suspend"):
                lost = job.get("status", {}).get("failed", 0) + 1
                self._store.set_status("jobs", namespace, name, failed=lost)

    def _act(self, namespace: str, name: str) -> None:
        job = self._store.get("jobs", namespace, name)
        status = copy.deepcopy(job.get("status", {}))
        pods = [pod for pod in self._store.list("pods", namespace) if _owner(pod) == job["metadata"]["uid"]]
        active = [pod for pod in pods if pod["status"].get("phase") not in _ENDED]
        ending = [pod for pod in active if "deletionTimestamp" in pod["metadata"]]
        conditions = {one["type"]: one for one in status.get("conditions", []) if one["status"] == "True"}
        n_failed = max(status.get("failed", 0), sum(pod["status"].get("phase") == "Failed" for pod in pods))
        values: dict[str, Any] = {"active": len(active) - len(ending), "terminating": len(ending), "failed": n_failed}
        if "Complete" in conditions or "Failed" in conditions:
            self._store.set_status("jobs", namespace, name, **values)
        elif any(pod["status"].get("phase") == "Succeeded" for pod in pods):
            self._end(job, values | {"succeeded": 1}, "Complete", "CompletionsReached", "Reached expected number")
        elif job["spec"].get("suspend"):
            self._sleep(job, values, active)
        elif n_failed > job["spec"].get("backoffLimit", 6):
            self._end(job, values, "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        else:
            woken = [one for one in status.get("conditions", []) if one["type"] != "Suspended"]
            self._store.set_status("jobs", namespace, name, **values, conditions=woken)
            if not active:
                self._make_pod(job)

    def _end(self, job: Object, values: dict[str, Any], kind: str, reason: str, message: str) -> None:
        meta, old = job["metadata"], job.get("status", {}).get("conditions", [])
        ended = {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": now()}
        if kind == "Complete":
            values["completionTime"] = now()
        self._store.set_status("jobs", meta["namespace"], meta["name"], **values, conditions=[*old, ended])

    def _sleep(self, job: Object, values: dict[str, Any], active: list[Object]) -> None:
        meta = job["metadata"]
        for pod in active:
            grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
            self._store.mark_deleted(meta["namespace"], pod["metadata"]["name"], grace)
        asleep = {"type": "Suspended", "status": "True", "reason": "JobSuspended", "lastTransitionTime": now()}
        old = job.get("status", {}).get("conditions", [])
        kept = [one for one in old if one["type"] == "Suspended"] or [asleep]
        values |= {"active": 0, "terminating": len(active)}
        self._store.set_status("jobs", meta["namespace"], meta["name"], **values, conditions=kept)

    def _make_pod(self, job: Object) -> None:
        meta, template = job["metadata"], job["spec"]["template"]
        namespace, name = meta["namespace"], meta["name"]
        quota = self._store.pod_quota.get(namespace)
        if quota is not None and len(self._store.list("pods", namespace)) >= quota:
            message = f'Error creating: pods "{name}-x" is forbidden: exceeded quota: jobs, limited: pods={quota}'
            self._events.write(job, "Job", "FailedCreate", message, is_warning=True)
            asyncio.get_running_loop().call_later(0.2, self._dirty.put_nowait, (namespace, name))
            return
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": meta["uid"], "controller": True}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                **copy.deepcopy(template["metadata"]),
                "name": f"{name}-{uuid.uuid4().hex[:5]}",
                "ownerReferences": [owner | {"blockOwnerDeletion": True}],
            },
            "spec": copy.deepcopy(template["spec"]),
        }
        self._store.create("pods", namespace, pod)
        if "startTime" not in job.get("status", {}):
            self._store.set_status("jobs", namespace, name, startTime=now())


def _owner(pod: Object) -> str:
    return next((owner["uid"] for owner in pod["metadata"].get("ownerReferences", [])), "")
