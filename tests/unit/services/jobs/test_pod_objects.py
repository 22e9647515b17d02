"""From an order to a Job and its Secret: schemas, confinement, what is allowed, and text that must come through."""

import json
import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support.restricted import breaches
from support.schemas import OLDEST, check_schema

from services.core.ids import new_id
from services.jobs.definition import Allowed
from services.jobs.launchers.kubernetes.objects import build_job, build_secret, job_of_name, literal, name_of
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.jobs.launchers.launcher import LaunchFailed, Order
from services.jobs.pod import PodEnvironment
from services.jobs.spec import JobSpec

RUNNER = new_id()
VOLUMES = {
    "datasets": {"claim": "data", "path": "/datasets"},
    "out": {"claim": "out", "path": "/out", "read_only": False},
}
TEXTS = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
SETTINGS = KubernetesSettings(
    agent_image="registry.example.org/agent:1",
    image="python:3.12",
    node_labels=("gpu",),
    volumes=VOLUMES,
    allowed_images=("registry.example.org/", "python:"),
    pull_secrets=("pull",),
    priority_class="batch",
)


def make_order(**spec: Any) -> Order:
    return Order(
        job_id=new_id(),
        track_id=new_id(),
        project_id=new_id(),
        project="a project\nwith a name",
        user="Ann",
        spec=JobSpec.model_validate({"command": ["true"], **spec}),
        secrets={"MY_SECRET": "canary", "GIT_TOKEN": "canary-git"},
        token="canary-token",
        backend="https://track.example.org",
    )


def made(order: Order, chosen: KubernetesSettings = SETTINGS) -> tuple[dict[str, Any], dict[str, Any]]:
    job = build_job(order, chosen, RUNNER)
    first = job.to_dict()
    assert job.metadata is not None
    job.metadata.uid = str(new_id())
    return first, build_secret(order, job, Allowed()).to_dict()


@given(
    words=st.lists(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1), min_size=1
    ),
    name=st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True).filter(lambda name: not name.startswith("MLSTEAM_")),
    value=st.text(TEXTS),
    pod=st.fixed_dictionaries(
        {},
        optional={
            "image": st.sampled_from(["python:3.11", "registry.example.org/a/b@sha256:" + "0" * 64]),
            "cpus": st.floats(0, 1024),
            "memory_mb": st.integers(0, 10_000_000),
            "gpus": st.integers(0, 64),
            "node_selector": st.just({"gpu": "a100"}),
            "volumes": st.sampled_from([[], ["out"], ["datasets", "out"]]),
            "retries": st.integers(0, 10),
        },
    ),
)
@settings(max_examples=15)
def test_whatever_is_asked_fits_the_schemas_and_is_confined(
    words: list[str], name: str, value: str, pod: dict[str, Any]
) -> None:
    words[0] = words[0].strip() or "true"
    job, secret = made(make_order(command=words, variables={name: value}, environment={"pod": pod}))
    for one in (job, secret):
        check_schema(one)
    spec = job["spec"]["template"]["spec"]
    assert breaches(spec) == []
    assert "canary" not in json.dumps(job)
    assert job["spec"]["suspend"] is True
    # What the kubelet makes of a variable is what was asked for.
    told = {one["name"]: one.get("value", "") for one in spec["containers"][0]["env"]}
    known = dict(told)
    expanded = re.sub(r"\$\$|\$\((\w+)\)", lambda one: "$" if one[0] == "$$" else known.get(one[1], one[0]), told[name])
    if name not in {"HOME", "LANG"}:
        assert expanded == value
    assert json.loads(secret["stringData"]["agent.json"]) == {"command": words}


def test_an_oldest_cluster_takes_it_too() -> None:
    for one in made(make_order()):
        check_schema(one, OLDEST)


def test_secrets_go_only_where_they_are_needed() -> None:
    job, secret = made(make_order())
    spec = job["spec"]["template"]["spec"]
    agent, code = spec["initContainers"]
    (command,) = spec["containers"]

    def named(container: dict[str, Any]) -> set[str]:
        return {one["name"] for one in container.get("env", []) if "valueFrom" in one}

    assert named(agent) == set()
    assert named(code) == {"GIT_TOKEN", "MLSTEAM_API_TOKEN"}
    assert named(command) == {"GIT_TOKEN", "MLSTEAM_API_TOKEN", "MY_SECRET"}
    assert secret["immutable"] is True
    assert secret["metadata"]["ownerReferences"][0]["uid"]


def test_what_is_asked_is_what_is_made() -> None:
    pod = {
        "cpus": 2.5,
        "memory_mb": 4096,
        "gpus": 2,
        "node_selector": {"gpu": "a100"},
        "volumes": ["datasets"],
        "retries": 3,
    }
    job, _ = made(make_order(environment={"pod": pod}, limits={"grace_s": 4.5}))
    spec = job["spec"]["template"]["spec"]
    (command,) = spec["containers"]
    assert command["resources"]["requests"] == {"cpu": "2500m", "memory": "4096Mi", "nvidia.com/gpu": "2"}
    assert command["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert spec["nodeSelector"] == {"gpu": "a100"}
    assert spec["tolerations"][0]["key"] == "nvidia.com/gpu"
    assert spec["terminationGracePeriodSeconds"] == 5 + 20
    assert spec["priorityClassName"] == "batch"
    assert spec["imagePullSecrets"] == [{"name": "pull"}]
    assert job["spec"]["backoffLimit"] == 3
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in command["volumeMounts"]}
    assert mounts["/datasets"] is True
    assert "/out" not in mounts
    assert all("serviceAccountName" not in one for one in (spec,))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"environment": {"pod": {"image": "docker.io/evil:1"}}}, "registry.example.org/ or python:"),
        ({"environment": {"pod": {"node_selector": {"kubernetes.io/hostname": "n1"}}}}, "allowed: gpu"),
        ({"environment": {"pod": {"volumes": ["etc"]}}}, "there is: datasets, out"),
        ({"variables": {f"V{i}": "x" * 4096 for i in range(190)}, "command": ["x" * 4000] * 300}, "too large"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(LaunchFailed, match=re.escape(why)):
        made(make_order(**spec))


def test_a_lab_without_an_image_needs_one_in_the_settings() -> None:
    with pytest.raises(LaunchFailed, match="MLSTEAM_KUBERNETES_IMAGE"):
        made(make_order(), SETTINGS.model_copy(update={"image": ""}))


@pytest.mark.parametrize(
    "pod",
    [
        {"image": "--privileged"},
        {"image": "a b"},
        {"image": "a\nb"},
        {"image": "../x"},
        {"image": "a" + "_" * 400 + "!"},
        {"node_selector": {"a b": "c"}},
        {"node_selector": {"a": "b c"}},
        {"volumes": ["a", "a"]},
        {"gpus": -1},
        {"retries": 100},
        {"hostNetwork": True},
        {"securityContext": {"privileged": True}},
        {"patch": []},
    ],
)
def test_hostile_pods_are_refused(pod: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PodEnvironment.model_validate(pod)


@pytest.mark.parametrize("path", ["/", "relative", "/etc/x", "/work", "/mlsteam/x", "/a/../etc", "/proc", "/x:y"])
def test_volumes_cannot_take_folders_that_are_ours(path: str) -> None:
    with pytest.raises(ValidationError):
        KubernetesSettings(agent_image="a", volumes={"v": {"claim": "c", "path": path}})


def test_names_lead_back_to_jobs() -> None:
    job_id = new_id()
    assert job_of_name(name_of(job_id)) == job_id
    assert job_of_name(name_of(job_id) + "-x7k2p") == job_id
    for other in ("", "track-job-", "track-job-nonsense", "coredns-12345", str(job_id)):
        assert job_of_name(other) is None
    assert literal("$(HOME) $$ $5") == "$$(HOME) $$$$ $$5"
    assert isinstance(RUNNER, UUID)
