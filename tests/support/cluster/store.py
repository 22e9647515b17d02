"""The objects of a pretended cluster, with what an API server does to them: versions, uids, rules, history, garbage.

Guarantees what clients may rely on at a real one: each change has a number of its own, a watch from a number gets every
later change or 410, and what breaks a published schema or a rule of its kind is refused with the server's own status.
"""

import asyncio
import base64
import copy
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jsonschema
from support.schemas import check_schema

Object = dict[str, Any]
KINDS = {"jobs": ("batch/v1", "Job"), "pods": ("v1", "Pod"), "secrets": ("v1", "Secret"), "events": ("v1", "Event")}
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_MAX_BYTES = 1_048_576


class Refused(Exception):
    """An answer that is not the object asked for."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message

    def status(self) -> Object:
        """Return the body that a server sends."""
        return {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        }  # fmt: skip


def now() -> str:
    """Return the time as clusters write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Change:
    """One line of the history."""

    version: int
    plural: str
    what: str
    item: Object
    # As it was before, so that a selector can tell what left its sight.
    before: Object | None


@dataclass
class Store:
    """All objects of all namespaces."""

    namespaces: set[str] = field(default_factory=lambda: {"default"})
    history: list[Change] = field(default_factory=list)
    # Set, and replaced by a new one, at each change. A condition would not do: its lock stays held when the framework
    # cancels one who waits for it.
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    # Pods of these namespaces that jobs may have at most.
    pod_quota: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._items: dict[tuple[str, str, str], Object] = {}
        self._version = 1_000
        self.oldest_version = 0
        self.listeners: list[Callable[[Change], None]] = []

    @property
    def version(self) -> int:
        """Return the number of the newest change."""
        return self._version

    def compact(self) -> None:
        """Forget the history: watches from before get 410."""
        self._version += 1
        self.oldest_version = self._version
        self.history.clear()

    def get(self, plural: str, namespace: str, name: str) -> Object:
        """Return a copy of an object."""
        item = self._items.get((plural, namespace, name))
        if item is None:
            group = "jobs.batch" if plural == "jobs" else plural
            raise Refused(404, "NotFound", f'{group} "{name}" not found')
        return copy.deepcopy(item)

    def list(self, plural: str, namespace: str) -> list[Object]:
        """Return copies of all objects of a kind."""
        return [copy.deepcopy(item) for (kind, ns, _), item in self._items.items() if (kind, ns) == (plural, namespace)]

    def create(self, plural: str, namespace: str, item: Object) -> Object:
        """Store a new object."""
        item = copy.deepcopy(item)
        if namespace not in self.namespaces:
            raise Refused(404, "NotFound", f'namespaces "{namespace}" not found')
        meta = item.setdefault("metadata", {})
        if meta.get("resourceVersion"):
            raise Refused(400, "BadRequest", "resourceVersion should not be set on objects to be created")
        if meta.setdefault("namespace", namespace) != namespace:
            raise Refused(400, "BadRequest", "the namespace of the object does not match the namespace of the request")
        name = meta.get("name", "")
        if not _NAME.fullmatch(name):
            raise Refused(422, "Invalid", f'metadata.name: Invalid value: "{name}"')
        if (plural, namespace, name) in self._items:
            raise Refused(409, "AlreadyExists", f'{plural} "{name}" already exists')
        meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
        _default(plural, item)
        _check(plural, item)
        return self._put(plural, "ADDED", item)

    def update(self, plural: str, namespace: str, name: str, changed: Object) -> Object:
        """Store a changed object, if nobody else changed it meanwhile."""
        before = self.get(plural, namespace, name)
        wanted = changed["metadata"].get("resourceVersion")
        if wanted and wanted != before["metadata"]["resourceVersion"]:
            raise Refused(409, "Conflict", f'Operation cannot be fulfilled on {plural} "{name}": it has been modified')
        for fixed in ("uid", "creationTimestamp", "namespace", "name"):
            changed["metadata"][fixed] = before["metadata"].get(fixed)
        _check_change(plural, before, changed)
        _check(plural, changed)
        return self._put(plural, "MODIFIED", changed, before)

    def set_status(self, plural: str, namespace: str, name: str, **values: Any) -> None:
        """Change an object's status as a controller does."""
        item = self.get(plural, namespace, name)
        status = item.setdefault("status", {})
        if any(status.get(key) != value for key, value in values.items()):
            before, item["status"] = copy.deepcopy(item), {**status, **values}
            check_schema(item)
            self._put(plural, "MODIFIED", item, before)

    def mark_deleted(self, namespace: str, name: str, grace_s: int) -> None:
        """Note that a pod is to end."""
        item = self.get("pods", namespace, name)
        if "deletionTimestamp" not in item["metadata"]:
            item["metadata"] |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": grace_s}
            self._put("pods", "MODIFIED", item)

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Remove an object, and what it owned."""
        item = self.get(plural, namespace, name)
        del self._items[plural, namespace, name]
        self._note("DELETED", plural, item)
        uid = item["metadata"]["uid"]
        for (kind, ns, owned), other in list(self._items.items()):
            if any(owner["uid"] == uid for owner in other["metadata"].get("ownerReferences", [])):
                if kind == "pods" and other["status"].get("phase") not in {"Succeeded", "Failed"}:
                    self.mark_deleted(ns, owned, other["spec"].get("terminationGracePeriodSeconds", 30))
                else:
                    self.delete(kind, ns, owned)

    def _put(self, plural: str, what: str, item: Object, before: Object | None = None) -> Object:
        meta = item["metadata"]
        self._items[plural, meta["namespace"], meta["name"]] = item
        self._note(what, plural, item, before)
        return copy.deepcopy(item)

    def _note(self, what: str, plural: str, item: Object, before: Object | None = None) -> None:
        self._version += 1
        item["metadata"]["resourceVersion"] = str(self._version)
        change = Change(self._version, plural, what, copy.deepcopy(item), before)
        self.history.append(change)
        for listener in self.listeners:
            listener(change)
        self.wake()

    def wake(self) -> None:
        """Let those who wait look again."""
        self.changed.set()
        self.changed = asyncio.Event()


def _default(plural: str, item: Object) -> None:
    if plural == "secrets":
        given = item.pop("stringData", {})
        data = item.setdefault("data", {})
        data |= {key: base64.b64encode(text.encode()).decode() for key, text in given.items()}
        if sum(len(base64.b64decode(value, validate=True)) for value in data.values()) > _MAX_BYTES:
            raise Refused(422, "Invalid", "data: Too long: may not be more than 1048576 bytes")
    elif plural == "jobs":
        item.pop("status", None)
        labels = item["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {})
        uid, name = item["metadata"]["uid"], item["metadata"]["name"]
        labels |= {"batch.kubernetes.io/job-name": name, "batch.kubernetes.io/controller-uid": uid}
    elif plural == "pods":
        item.setdefault("status", {"phase": "Pending"})


def _check(plural: str, item: Object) -> None:
    api_version, kind = KINDS[plural]
    if (item.get("apiVersion"), item.get("kind")) != (api_version, kind):
        raise Refused(400, "BadRequest", f"no kind {item.get('kind')!r} of {item.get('apiVersion')!r} is served here")
    try:
        check_schema(item)
    except jsonschema.ValidationError as error:
        raise Refused(400, "BadRequest", f"strict decoding error: {error.message}") from error
    for key, value in item["metadata"].get("labels", {}).items():
        if not _LABEL.fullmatch(value):
            raise Refused(422, "Invalid", f"metadata.labels: Invalid value: {value!r} of {key}")
    if plural == "jobs" and item["spec"]["template"]["spec"].get("restartPolicy") not in {"Never", "OnFailure"}:
        raise Refused(422, "Invalid", "spec.template.spec.restartPolicy: Required value: Never or OnFailure")
    if plural in {"jobs", "pods"}:
        _check_pod(item["spec"]["template"]["spec"] if plural == "jobs" else item["spec"])


def _check_pod(spec: Object) -> None:
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                raise Refused(422, "Invalid", f'volumeMounts.name: Not found: "{mount["name"]}"')
        resources = container.get("resources", {})
        for name, wanted in resources.get("requests", {}).items():
            limit = resources.get("limits", {}).get(name)
            if "/" in name and limit != wanted:
                raise Refused(422, "Invalid", f"resources.limits: Required value: must be equal to request for {name}")
        paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
        if len(set(paths)) != len(paths):
            raise Refused(422, "Invalid", "volumeMounts.mountPath: Invalid value: must be unique")


def _check_change(plural: str, before: Object, after: Object) -> None:
    if plural == "secrets" and before.get("immutable") and before.get("data") != after.get("data"):
        raise Refused(422, "Invalid", "data: Forbidden: field is immutable when `immutable` is set")
    fixed = {"jobs": ("template", "completions", "selector"), "pods": ("containers", "volumes")}.get(plural, ())
    for name in fixed:
        if before["spec"].get(name) != after["spec"].get(name):
            raise Refused(422, "Invalid", f"spec.{name}: Invalid value: field is immutable")
