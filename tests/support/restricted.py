"""What Kubernetes' "restricted" standard asks of pods, so far as ours could break it."""

from typing import Any

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def breaches(spec: dict[str, Any]) -> list[str]:
    """Say what of a pod's spec a namespace that enforces "restricted" would refuse."""
    found = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    pod = spec.get("securityContext", {})
    for volume in spec.get("volumes", []):
        found += [f"volume {key}" for key in volume.keys() - {"name"} - _VOLUMES]
    for one in [*spec.get("initContainers", []), *spec["containers"]]:
        own, name = one.get("securityContext", {}), one["name"]
        checks = {
            "runs as root": own.get("runAsNonRoot", pod.get("runAsNonRoot")) is True,
            "root by number": 0 not in {own.get("runAsUser"), pod.get("runAsUser")},
            "escalation": own.get("allowPrivilegeEscalation") is False,
            "privileged": not own.get("privileged"),
            "capabilities": own.get("capabilities", {}).get("drop") == ["ALL"] and not own["capabilities"].get("add"),
            "seccomp": (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type") == "RuntimeDefault",
            "host port": not any("hostPort" in port for port in one.get("ports", [])),
            # Not of the standard, of ours.
            "writable root": own.get("readOnlyRootFilesystem") is True,
            "no memory limit": "memory" in one.get("resources", {}).get("limits", {}),
        }
        found += [f"{name}: {what}" for what, holds in checks.items() if not holds]
    return found
