"""The manifests: they build, fit the published schemas, confine their pods, and say what the code says."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.restricted import breaches
from support.schemas import NEWEST, OLDEST, check_schema

from ingest_api.settings import IngestApiSettings, TransposerSettings
from services.jobs.launchers.kubernetes.settings import KubernetesSettings
from services.runner.settings import RunnerSettings
from tb_proxy.settings import TbProxySettings
from track_api.settings import TrackApiSettings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "prod")
SETTINGS = (
    IngestApiSettings, TransposerSettings, TrackApiSettings, TbProxySettings, RunnerSettings, KubernetesSettings,
)  # fmt: skip
# Kinds that are no part of Kubernetes itself, so that their schema is not published with it.
ELSEWHERE = {"Gateway", "HTTPRoute"}


def build(overlay: str) -> list[dict[str, Any]]:
    kubectl = Path(sys.executable).parent / "kubectl"
    command = [kubectl, "kustomize", FOLDER / "overlays" / overlay]
    return [one for one in yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout) if one]


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return build(request.param)


def of_kind(objects: list[dict[str, Any]], *kinds: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] in kinds}


def test_they_fit_the_schemas(objects: list[dict[str, Any]]) -> None:
    for one in objects:
        if one["kind"] not in ELSEWHERE:
            for version in (OLDEST, NEWEST):
                check_schema(one, version)
    assert {one["kind"] for one in objects} >= {"Deployment", "Service", "Role", "NetworkPolicy", "HTTPRoute"}


def test_pods_are_confined(objects: list[dict[str, Any]]) -> None:
    for name, one in of_kind(objects, "Deployment").items():
        pod = one["spec"]["template"]["spec"]
        assert breaches(pod) == [], name
        assert pod["automountServiceAccountToken"] is (name == "runner")
    for namespace in of_kind(objects, "Namespace").values():
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_refers_to_something_finds_it(objects: list[dict[str, Any]]) -> None:
    deployments = of_kind(objects, "Deployment")
    ports = {}
    for name, one in deployments.items():
        template = one["spec"]["template"]
        assert one["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        (container,) = template["spec"]["containers"]
        ports[name] = {port["name"]: port["containerPort"] for port in container["ports"]}
        named = {source[kind]["name"] for source in container["envFrom"] for kind in source}
        assert named - {"track"} <= of_kind(objects, "ConfigMap").keys()
        assert {container[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")} == {"http"}
    services = of_kind(objects, "Service")
    for one in services.values():
        name = one["spec"]["selector"]["app.kubernetes.io/name"]
        assert one["spec"]["ports"][0]["port"] == ports[name][one["spec"]["ports"][0]["targetPort"]]
    for rule in of_kind(objects, "HTTPRoute")["track"]["spec"]["rules"]:
        (target,) = rule["backendRefs"]
        assert services[target["name"]]["spec"]["ports"][0]["port"] == target["port"]
    for one in of_kind(objects, "HorizontalPodAutoscaler", "PodDisruptionBudget").values():
        assert one["metadata"]["name"] in deployments
    assert services["tb-proxy-replicas"]["spec"]["clusterIP"] == "None"


def test_the_ports_are_those_the_services_listen_on(objects: list[dict[str, Any]]) -> None:
    ports = {
        "ingest-api": IngestApiSettings.model_fields["port"].default,
        "transposer": TransposerSettings.model_fields["transposer_port"].default,
        "track-api": TrackApiSettings.model_fields["track_api_port"].default,
        "tb-proxy": TbProxySettings.model_fields["tb_proxy_port"].default,
        "runner": RunnerSettings.model_fields["runner_port"].default,
    }
    deployed = of_kind(objects, "Deployment")
    assert deployed.keys() == ports.keys()
    for name, one in deployed.items():
        assert one["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] == ports[name]


def _variables() -> set[str]:
    names = set()
    for settings in (
        IngestApiSettings,
        TransposerSettings,
        TrackApiSettings,
        TbProxySettings,
        RunnerSettings,
        KubernetesSettings,
    ):
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            alias = field.validation_alias
            choices = getattr(alias, "choices", [alias] if alias else [prefix + name])
            names |= {str(choice).upper() for choice in choices}
    return names


def test_no_variable_is_set_that_nobody_reads(objects: list[dict[str, Any]]) -> None:
    told = "\n".join(
        [json.dumps(objects), *(path.read_text() for path in (ROOT / "deploy/images").rglob("Dockerfile"))]
    )
    used = set(re.findall(r"\bMLSTEAM_[A-Z_]+\b", told))
    assert used
    assert used - _variables() == set()


def test_the_settings_of_jobs_are_read_as_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for overlay in OVERLAYS:
        for name in list(os.environ):
            if name.startswith("MLSTEAM_"):
                monkeypatch.delenv(name)
        config = next(one for one in build(overlay) if one["kind"] == "ConfigMap")
        for name, value in config["data"].items():
            monkeypatch.setenv(name, value)
        settings = KubernetesSettings()
        assert settings.agent_image.startswith("registry.example.org/")
        assert settings.namespace == "mlsteam-jobs"


def _routed(objects: list[dict[str, Any]], method: str, path: str) -> str:
    """Choose as a gateway does: the longest prefix, and at the same length the match with a method."""
    found = []
    for rule in of_kind(objects, "HTTPRoute")["track"]["spec"]["rules"]:
        for match in rule["matches"]:
            prefix = match["path"]["value"].rstrip("/")
            fits = path == prefix or path.startswith(prefix + "/")
            if fits and match.get("method", method) == method:
                found.append((len(prefix), "method" in match, rule["backendRefs"][0]["name"]))
    return max(found)[2]


def test_the_route_is_that_of_the_local_gateway(objects: list[dict[str, Any]]) -> None:
    spec = importlib.util.spec_from_file_location("gateway", ROOT / "deploy" / "local" / "gateway.py")
    assert spec is not None
    assert spec.loader is not None
    gateway = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gateway)
    asked = [("GET", "/"), ("GET", "/tb"), ("GET", "/tb/x/data/plugin"), ("GET", "/tbx"), ("GET", "/readyz")]
    for document in ("track-api/openapi.json", "ingest-api/openapi.json"):
        for path, methods in json.loads((ROOT / document).read_text())["paths"].items():
            asked += [(method.upper(), re.sub(r"\{[^}]+\}", "x", path)) for method in methods if method != "parameters"]
    assert len(asked) > 50
    for method, path in asked:
        assert _routed(objects, method, path) == gateway.service_for(method, path), (method, path)
