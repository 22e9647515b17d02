"""The Kubernetes launcher against a pretended cluster over real HTTP, which runs its pods' commands as processes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from support.cluster.cluster import PretendedCluster
from support.cluster.store import Refused

from services.core.ids import new_id
from services.jobs.definition import Allowed
from services.jobs.launchers.kubernetes import cluster as cluster_module
from services.jobs.launchers.kubernetes import launcher as launcher_module
from services.jobs.launchers.kubernetes import objects
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

    async def until(self, made: Order, holds: Callable[[Report], bool], within_s: float = 40) -> Report:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            for report in self.of(made):
                if holds(report):
                    return report
            await asyncio.sleep(0.02)
        pytest.fail(f"not reported: {self.of(made)}")

    async def end(self, made: Order, within_s: float = 40) -> Report:
        return await self.until(made, lambda report: report.phase in {Phase.ENDED, Phase.LOST}, within_s)

    async def reason(self, made: Order, reason: str, within_s: float = 40) -> Report:
        return await self.until(made, lambda report: report.reason == reason, within_s)


@asynccontextmanager
async def launched(cluster: PretendedCluster) -> AsyncIterator[Watched]:
    watched = Watched(KubernetesLauncher(SETTINGS, Allowed(), cluster.config))
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


async def gone(cluster: PretendedCluster) -> None:
    """Wait until nothing is left on the cluster."""
    deadline = time.monotonic() + 10
    while left := [kind for kind in ("jobs", "pods", "secrets") if cluster.store.list(kind, NS)]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.05)


async def ready(cluster: PretendedCluster) -> None:
    """Wait until a command says that it can be sent signals; process 1 drops those that come before it is ready."""
    deadline = time.monotonic() + 40
    while not any(cluster.node.folder.rglob("ready")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def pod_of(cluster: PretendedCluster, made: Order) -> str:
    names = [pod["metadata"]["name"] for pod in cluster.store.list("pods", NS)]
    return next(name for name in names if str(made.job_id) in name)


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[PretendedCluster]:
    rules = next(yaml.safe_load_all((ROOT / "deploy/kubernetes/base/runner/rights.yaml").read_text()))["rules"]
    image = tmp_path / "image"
    image.mkdir()
    (tmp_path / "node").mkdir()
    # Only what the launcher sees of an agent; the real one runs in test_kubernetes_jobs.py.
    (image / "start.py").write_text(
        "import json, subprocess, sys, signal\n"
        "signal.signal(15, lambda *_: p.terminate())\n"
        "p = subprocess.Popen(json.load(open(sys.argv[1]))['command'])\n"
        "code = p.wait()\n"
        "sys.exit(128 - code if code < 0 else code)\n"
    )
    (image / "fetch.py").write_text("import pathlib; pathlib.Path('code').mkdir()\n")
    async with PretendedCluster(tmp_path / "node", {"/opt/mlsteam": image}, rules, NS).running() as made:
        yield made


async def test_a_job_runs_and_ends(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        # The cluster replaces $(NAME) in commands and variables; a job's own text must come through as it was written.
        made = order("sh", "-c", 'echo "$PRICE, $(echo $MY_SECRET)"', variables={"PRICE": "$(MY_SECRET) costs $$5"})
        await watched.launcher.start(made)
        await watched.launcher.start(made)
        end = await watched.end(made)
        assert (end.phase, end.exit_code, end.signal) == (Phase.ENDED, 0, "")
        (pod,) = cluster.store.list("pods", NS)
        assert cluster.node.output[pod["metadata"]["name"]] == b"$(MY_SECRET) costs $$5, canary-secret\n"
        reasons = [report.reason for report in watched.of(made)]
        assert {"Scheduled", "Pulling", "Started"} <= set(reasons)
        await watched.launcher.clean(made.job_id)
        await watched.launcher.clean(made.job_id)
        await gone(cluster)


async def test_a_command_that_fails(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order("sh", "-c", "exit 3")
        await watched.launcher.start(made)
        end = await watched.end(made)
        assert (end.phase, end.exit_code, end.signal) == (Phase.ENDED, 3, "")
        assert "exit code 3" in end.cause


async def test_retries(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order("sh", "-c", "exit 3", environment={"pod": {"retries": 2}})
        await watched.launcher.start(made)
        end = await watched.end(made)
        assert (end.phase, end.exit_code) == (Phase.ENDED, 3)
        assert len([report for report in watched.of(made) if report.reason == "Retried"]) >= 1
        assert len(cluster.store.list("pods", NS)) == 3


@pytest.mark.parametrize("moment", ["queued on the cluster", "pulling", "running"])
async def test_stop(cluster: PretendedCluster, moment: str) -> None:
    async with launched(cluster) as watched:
        made = order("sh", "-c", "trap 'exit 9' TERM; touch ready; while :; do sleep 0.05; done")
        if moment == "queued on the cluster":
            cluster.node.no_room = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
        elif moment == "pulling":
            cluster.node.bad_images.add("python:3.12")
        await watched.launcher.start(made)
        await watched.reason(made, {"pulling": "ErrImagePull", "running": "Started"}.get(moment, "Unschedulable"))
        if moment == "running":
            await ready(cluster)
        began = time.monotonic()
        await watched.launcher.stop(made.job_id, 1)
        await watched.launcher.stop(made.job_id, 1)
        end = await watched.end(made)
        assert time.monotonic() - began < 12
        assert (end.phase, end.signal) == (Phase.ENDED, "SIGTERM")
        assert end.exit_code == (9 if moment == "running" else None)
        assert cluster.store.get("jobs", NS, name_of(made.job_id))["spec"]["suspend"] is True
        await watched.launcher.stop(made.job_id, 1)
        await watched.launcher.clean(made.job_id)
        await gone(cluster)


async def test_stop_of_one_that_never_was(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order()
        await watched.launcher.stop(made.job_id, 1)
        assert (await watched.end(made)).signal == "SIGTERM"


async def test_a_node_that_has_gone_keeps_no_job_stopping(
    cluster: PretendedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher_module, "_LATE_S", 0.5)
    monkeypatch.setattr(objects, "DRAIN_S", 1)
    async with launched(cluster) as watched:
        made = order("sleep", "60")
        await watched.launcher.start(made)
        await watched.reason(made, "Started")
        cluster.node.is_away = True
        await watched.launcher.stop(made.job_id, 0.5)
        end = await watched.end(made)
        assert (end.exit_code, end.reason) == (None, "PodGone")
        cluster.node.is_away = False


async def test_why_it_has_not_started(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        cluster.node.no_room = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
        cluster.node.bad_images.add("nobody/nothing:1")
        made = order("true", environment={"pod": {"image": "nobody/nothing:1"}})
        await watched.launcher.start(made)
        said = await watched.reason(made, "Unschedulable")
        assert (said.phase, said.cause) == (Phase.STARTING, cluster.node.no_room)
        await asyncio.sleep(0.5)
        cluster.node.no_room = ""
        assert "nobody/nothing:1" in (await watched.reason(made, "ImagePullBackOff")).cause
        await asyncio.sleep(0.5)
        cluster.node.bad_images.clear()
        assert (await watched.end(made)).exit_code == 0
        # However often the cluster repeats itself, it is one line each.
        reasons = [report.reason for report in watched.of(made)]
        assert max(reasons.count(one) for one in ("Unschedulable", "ErrImagePull", "ImagePullBackOff")) == 1


async def test_quota(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        cluster.store.pod_quota[NS] = 0
        made = order()
        await watched.launcher.start(made)
        assert "exceeded quota" in (await watched.reason(made, "FailedCreate")).cause
        del cluster.store.pod_quota[NS]
        assert (await watched.end(made)).exit_code == 0


async def test_out_of_memory_and_eviction(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        hungry, evicted = order("sleep", "60", environment={"pod": {"memory_mb": 512}}), order("sleep", "60")
        for made in (hungry, evicted):
            await watched.launcher.start(made)
        for made in (hungry, evicted):
            await watched.reason(made, "Started")
        cluster.node.kill_for_memory(pod_of(cluster, hungry))
        cluster.node.evict(pod_of(cluster, evicted), "The node was low on resource: ephemeral-storage.")
        end = await watched.end(hungry)
        assert (end.reason, end.exit_code, end.signal) == ("OOMKilled", 137, "")
        assert "512Mi" in end.cause
        end = await watched.end(evicted)
        assert (end.reason, end.cause) == ("Evicted", "The node was low on resource: ephemeral-storage.")


async def test_watches_that_break_go_silent_and_expire(
    cluster: PretendedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_SILENT_S", 0.6)
    async with launched(cluster) as watched:
        first, second, third, fourth = (order("sh", "-c", "sleep 0.4; exit 4") for _ in range(4))
        await watched.launcher.start(first)
        await watched.reason(first, "Started")
        cluster.api.cut_watches()
        assert (await watched.end(first)).exit_code == 4
        await watched.launcher.start(second)
        cluster.api.silence_watches()
        assert (await watched.end(second)).exit_code == 4
        for made, as_event in ((third, True), (fourth, False)):
            cluster.api.gone_as_event = as_event
            await watched.launcher.start(made)
            # What happens between is in no history any more.
            cluster.api.cut_watches()
            cluster.store.compact()
            assert (await watched.end(made)).exit_code == 4
        lists = [call for call in cluster.api.calls if call[0] == "GET" and "watch" not in call[2]]
        assert len(lists) >= 3 + 2


async def test_a_job_that_somebody_removes_is_lost(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order("sh", "-c", "touch ready; exec sleep 60")
        await watched.launcher.start(made)
        await watched.reason(made, "Started")
        await ready(cluster)
        cluster.store.delete("jobs", NS, name_of(made.job_id))
        end = await watched.end(made)
        assert (end.phase, end.reason) == (Phase.LOST, "JobGone")


async def test_another_process_takes_up_what_an_earlier_one_started(cluster: PretendedCluster) -> None:
    running, ended, stopping, nobodys, gone_meanwhile = (order("sleep", "60") for _ in range(5))
    ended = replace(ended, spec=JobSpec.model_validate({"command": ["sh", "-c", "exit 5"]}))
    async with launched(cluster) as watched:
        for made in (running, ended, stopping, nobodys):
            await watched.launcher.start(made)
        await watched.end(ended)
        for made in (running, stopping, nobodys):
            await watched.reason(made, "Started")
        before = {(report.at, report.cause) for report in watched.of(running)}
    async with launched(cluster) as watched:
        await watched.launcher.stop(stopping.job_id, 1)
        while not cluster.store.get("jobs", NS, name_of(stopping.job_id))["spec"]["suspend"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    async with launched(cluster) as watched:
        ids = [made.job_id for made in (running, ended, stopping, gone_meanwhile)]
        await watched.launcher.adopt(ids)
        await watched.launcher.adopt(ids)
        assert (await watched.end(ended)).exit_code == 5
        assert (await watched.end(stopping)).signal == "SIGTERM"
        assert (await watched.end(gone_meanwhile)).phase is Phase.LOST
        # The same things are told in the same words and times, so that a history does not get them twice.
        again = {(report.at, report.cause) for report in watched.of(running)}
        assert again == before
        with pytest.raises(Refused, match="not found"):
            cluster.store.get("jobs", NS, name_of(nobodys.job_id))


TROUBLES: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"answer": Refused(500, "InternalError", "etcdserver: request timed out")}, NoRoom),
    ({"answer": Refused(503, "ServiceUnavailable", "apiserver is shutting down")}, NoRoom),
    ({"answer": Refused(429, "TooManyRequests", "please slow down")}, NoRoom),
    ({"answer": Refused(403, "Forbidden", "jobs.batch is forbidden: exceeded quota: jobs")}, NoRoom),
    ({"answer": Refused(403, "Forbidden", 'User "x" cannot create resource "jobs"')}, NoRoom),
    ({"answer": Refused(403, "Forbidden", 'admission webhook "policy" denied the request: no')}, LaunchFailed),
    ({"answer": Refused(422, "Invalid", "Job is invalid: spec.template")}, LaunchFailed),
    ({"delay_s": 1.0}, NoRoom),
    ({"is_cut": True}, NoRoom),
]


@pytest.mark.parametrize(
    ("what", "trouble", "raised"),
    # The second call has less to go wrong by itself: refused for now, refused for ever, not answered.
    [("jobs", *one) for one in TROUBLES] + [("secrets", *TROUBLES[at]) for at in (0, 6, 8)],
)
async def test_what_the_cluster_says_to_a_start(
    cluster: PretendedCluster,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    trouble: dict[str, Any],
    raised: type[Exception],
) -> None:
    monkeypatch.setattr(launcher_module, "_TIMEOUT", httpx2.Timeout(0.5))
    async with launched(cluster) as watched:
        made = order("sh", "-c", "exit 6")
        happened = cluster.api.trouble("POST", f"^{what}/", **trouble)
        with pytest.raises(raised) as said:
            await watched.launcher.start(made)
        assert happened.happened == 1
        assert "canary" not in str(said.value)
        if raised is NoRoom:
            # Whatever was or was not carried out, the next try finds it.
            await watched.launcher.start(made)
            assert (await watched.end(made)).exit_code == 6
            assert len(cluster.store.list("jobs", NS)) == 1
        else:
            await gone(cluster)


async def test_a_stop_is_repeated_until_the_cluster_has_heard_it(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order("sh", "-c", "touch ready; exec sleep 60")
        await watched.launcher.start(made)
        await watched.reason(made, "Started")
        await ready(cluster)
        away = Refused(503, "ServiceUnavailable", "away")
        happened = cluster.api.trouble("PATCH", "^jobs/", answer=away)
        await watched.launcher.stop(made.job_id, 1)
        assert (await watched.end(made)).signal == "SIGTERM"
        assert happened.happened == 1


async def test_no_secret_is_in_what_others_may_read(cluster: PretendedCluster) -> None:
    async with launched(cluster) as watched:
        made = order("sleep", "60")
        await watched.launcher.start(made)
        await watched.reason(made, "Started")
        shown = json.dumps([cluster.store.list(kind, NS) for kind in ("jobs", "pods", "events")])
        assert "canary" not in shown + repr(made) + repr(watched.reports)
        (secret,) = cluster.store.list("secrets", NS)
        assert secret["immutable"] is True
        assert secret["metadata"]["ownerReferences"][0]["kind"] == "Job"


async def test_its_rights_are_those_it_uses(cluster: PretendedCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The role in the manifests gives all that is used (anything else is refused), and nothing more."""
    await test_a_node_that_has_gone_keeps_no_job_stopping(cluster, monkeypatch)
    async with launched(cluster) as watched:
        made = order()
        cluster.api.trouble("POST", "^secrets/", is_cut=True)
        with pytest.raises(NoRoom):
            await watched.launcher.start(made)
        await watched.launcher.start(made)
        await watched.end(made)
        await watched.launcher.adopt([])
    given = {(kind, verb) for rule in cluster.api.rules for kind in rule["resources"] for verb in rule["verbs"]}
    assert cluster.api.used_verbs == given


async def test_two_launchers_of_one_cluster_are_one_runner_and_of_two_are_two(cluster: PretendedCluster) -> None:
    async with launched(cluster) as one, launched(cluster) as other:
        assert one.launcher.runner_id == other.launcher.runner_id
        assert (one.launcher.kind, one.launcher.place, one.launcher.max_jobs) == ("kubernetes", NS, 5)
    named = KubernetesLauncher(SETTINGS.model_copy(update={"cluster": "east"}), Allowed(), cluster.config)
    assert named.runner_id != one.launcher.runner_id
    await named.close()
