"""Labs that run in pods: real services, the real job runner and the real agent, on a pretended cluster."""

import io
import signal
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.cluster.agent_image import ROOT, make_image
from support.cluster.cluster import BackgroundCluster, PretendedCluster, kubeconfig
from support.cluster.node import can_isolate
from support.postgres import TestServer
from support.workshop import Workshop, running_workshop

NS = "mlsteam-jobs"
TRAINING = """
import os, sys, mlsteam
from mlsteam import stparams
rate = stparams.get_value("rate", 0.5)
track = mlsteam.init()
for step in range(20):
    track["loss"].log(rate / (step + 1), step=step)
print("rate", rate, "in", os.path.basename(os.getcwd()))
print("secret", os.environ["MY_SECRET"])
"""
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
hide = "import os, time, signal; os.setsid(); signal.signal(15, signal.SIG_IGN); time.sleep(600)"
hidden = subprocess.Popen([sys.executable, "-c", hide])
print("hidden and stubborn", flush=True)
time.sleep(600)
"""


class Place:
    """A workshop whose jobs go to a cluster."""

    def __init__(self, workshop: Workshop, cluster: PretendedCluster, thread: BackgroundCluster) -> None:
        self.workshop, self.cluster, self.thread = workshop, cluster, thread

    def lab(self, script: str, **definition: Any) -> dict[str, Any]:
        """Upload a script as an archive and make a lab of it."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("train.py", script)
        answer = self.workshop.api.post("/projects/demo/archives", content=packed.getvalue())
        code = {"kind": "archive", "archive_id": answer.json()["archive_id"]}
        return self.workshop.lab({}, ["python3", "train.py"], **{"code": code, **definition})

    def submit(self, script: str, **definition: Any) -> str:
        return self.workshop.submit(self.lab(script, **definition))[0]

    def causes(self, track_id: str) -> list[str]:
        return [step["cause"] for step in self.workshop.job(track_id)["history"]]

    def left(self) -> list[str]:
        return [kind for kind in ("jobs", "pods", "secrets") if self.cluster.store.list(kind, NS)]


@pytest.fixture(scope="module")
def place(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("kubernetes")
    rules = next(yaml.safe_load_all((ROOT / "deploy/kubernetes/base/runner/rights.yaml").read_text()))["rules"]
    (folder / "node").mkdir()
    thread = BackgroundCluster(folder / "node", {"/opt/mlsteam": make_image(folder / "image")}, rules, NS)
    with thread as cluster:
        config = folder / "kubeconfig"
        config.write_text(kubeconfig(cluster))
        settings = {
            "KUBECONFIG": str(config),
            "MLSTEAM_RUNNER_LAUNCHER": "kubernetes",
            "MLSTEAM_KUBERNETES_AGENT_IMAGE": "registry.example.org/track-agent:1",
            "MLSTEAM_KUBERNETES_IMAGE": "python:3.12",
        }
        (folder / "site").mkdir()
        with running_workshop(postgres, folder / "site", **settings) as workshop:
            yield Place(workshop, cluster, thread)


def test_a_lab_runs_in_pods(place: Place) -> None:
    workshop = place.workshop
    lab = place.lab(TRAINING, hyperparameters={"rate": [0.1, 0.2]})
    workshop.call("PUT", f"/labs/{lab['lab_id']}/secrets/MY_SECRET", {"value": "canary-1234"})
    for track_id, rate in zip(workshop.submit(lab), (0.1, 0.2), strict=True):
        job = workshop.until(track_id)
        assert (job["state"], job["exit_code"]) == ("succeeded", 0), job
        lines = workshop.lines(track_id)
        assert f"rate {rate} in code" in lines
        assert not any("canary" in line for line in lines)
        assert workshop.values(track_id)["parameters/rate"] == rate
        points = workshop.api.get(f"/tracks/{track_id}/series", params={"key": "loss", "x": "step"}).json()
        assert "canary" not in str(job)
        assert str(points).count("loss") >= 1
        causes = " ".join(place.causes(track_id))
        assert "Successfully assigned" in causes
        assert "running in pod" in causes
    workshop.wait(place.left, lambda left: not left, 30)


@pytest.mark.skipif(not can_isolate(), reason="process namespaces need root and unshare")
def test_stop_ends_what_ignores_it_and_what_hides(place: Place) -> None:
    workshop = place.workshop
    track_id = place.submit(STUBBORN, limits={"grace_s": 1})
    workshop.until_line(track_id, "hidden and stubborn")
    began = time.monotonic()
    workshop.call("POST", f"/tracks/{track_id}/stop")
    job = workshop.until(track_id)
    assert time.monotonic() - began < 20
    assert (job["state"], job["exit_code"]) == ("stopped", 137)
    workshop.wait(place.left, lambda left: not left, 30)


def test_what_the_cluster_says_is_the_job_s_history(place: Place) -> None:
    workshop = place.workshop
    place.cluster.node.bad_images.add("nobody/nothing:1")
    place.cluster.node.no_room = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    track_id = place.submit("", environment={"pod": {"image": "nobody/nothing:1", "gpus": 1}})
    workshop.wait(lambda: place.causes(track_id), lambda said: any("Insufficient nvidia" in one for one in said), 30)
    place.cluster.node.no_room = ""
    workshop.wait(lambda: place.causes(track_id), lambda said: any("Failed to pull" in one for one in said), 30)
    workshop.call("POST", f"/tracks/{track_id}/stop")
    assert workshop.until(track_id)["state"] == "stopped"
    place.cluster.node.bad_images.clear()


def test_code_that_cannot_be_had(place: Place) -> None:
    workshop = place.workshop
    for code, why in (
        ({"kind": "git", "url": "https://nowhere.invalid/a/b"}, "nowhere.invalid is not known here"),
        ({"kind": "folder", "path": str(workshop.code)}, "A pod cannot see the server's folders"),
    ):
        track_id = place.submit("", code=code)
        job = workshop.until(track_id)
        assert job["state"] == "failed"
        assert why in " ".join(place.causes(track_id))


def test_a_runner_that_was_killed_takes_its_jobs_up_again(place: Place) -> None:
    workshop = place.workshop
    script = "import time; print('begun', flush=True); time.sleep(4); print('done'); raise SystemExit(5)"
    track_id = place.submit(script)
    workshop.until_line(track_id, "begun")
    workshop.runner.stop(signal.SIGKILL)
    workshop.runner.start()
    job = workshop.until(track_id)
    assert (job["state"], job["exit_code"]) == ("failed", 5)
    assert workshop.lines(track_id) == ["begun", "done"]
    causes = place.causes(track_id)
    assert len(causes) == len(set(causes))
