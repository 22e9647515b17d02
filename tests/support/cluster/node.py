"""The node of a pretended cluster: it runs the containers of pods as processes of this machine.

Commands, variables, secrets and folders are those of the pod; where this may be done, each container has a process
namespace of its own, so that its command is process 1 and gets signals as in a real pod. Images have no files but those
of the `images` given, and the machine's Python.
"""

import asyncio
import base64
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from support.cluster.controllers import Events
from support.cluster.store import Change, Object, Refused, Store, now

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_UNSHARE = ("unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc")


def can_isolate() -> bool:
    """Say whether containers get process namespaces here."""
    return os.geteuid() == 0 and shutil.which("unshare") is not None


class Node:
    """Runs pods. What is to go wrong is set in its attributes."""

    def __init__(self, store: Store, events: Events, folder: Path, image_files: dict[str, Path]) -> None:
        self._store, self._events, self.folder, self._image_files = store, events, folder, image_files
        self._new: asyncio.Queue[Object] = asyncio.Queue()
        self._pods: dict[str, asyncio.Task[None]] = {}
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self.output: dict[str, bytes] = {}
        # While it holds text, pods find no node, for this reason.
        self.no_room = ""
        self.bad_images: set[str] = set()
        # A node that has lost its network: pods run on, and nothing of them is told.
        self.is_away = False
        self._killed: set[str] = set()
        self._endings: dict[str, tuple[str, str, str]] = {}
        store.listeners.append(self._note)

    def _note(self, change: Change) -> None:
        name = change.item["metadata"]["name"]
        if change.plural != "pods":
            return
        if change.what == "ADDED":
            self._new.put_nowait(change.item)
        elif change.what == "DELETED":
            self._kill(name)

    async def run(self) -> None:
        """Take up pods, for ever."""
        try:
            while True:
                pod = await self._new.get()
                name = pod["metadata"]["name"]
                self._pods[name] = asyncio.create_task(self._run_pod(pod))
        finally:
            for task in self._pods.values():
                task.cancel()
            await asyncio.gather(*self._pods.values(), return_exceptions=True)

    def evict(self, name: str, message: str) -> None:
        """End a pod as the node does when it runs out of something."""
        self._endings[name] = ("Evicted", message, "")
        self._kill(name)

    def kill_for_memory(self, name: str) -> None:
        """End a pod's command as the kernel does at the limit of its memory."""
        self._endings[name] = ("", "", "OOMKilled")
        self._kill(name)

    def _kill(self, name: str) -> None:
        process = self.processes.get(name)
        if process is not None and process.returncode is None:
            self._killed.add(name)
            _signal(process, signal.SIGKILL)

    async def _run_pod(self, pod: Object) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        # A pod may be removed by force at any moment.
        with suppress(Refused):
            ending = asyncio.create_task(self._watch_deletion(namespace, name))
            try:
                if await self._place(namespace, name):
                    await self._run_containers(namespace, name)
                await _until(lambda: not self.is_away)
                if "deletionTimestamp" in self._store.get("pods", namespace, name)["metadata"]:
                    self._store.delete("pods", namespace, name)
            finally:
                ending.cancel()
                self._kill(name)

    async def _watch_deletion(self, namespace: str, name: str) -> None:
        with suppress(Refused):
            await _until(lambda: self._is_ending(namespace, name))
            meta = self._store.get("pods", namespace, name)["metadata"]
            process = self.processes.get(name)
            if process is not None and not self.is_away:
                _signal(process, signal.SIGTERM)
                await asyncio.sleep(meta["deletionGracePeriodSeconds"])
                self._kill(name)

    def _is_ending(self, namespace: str, name: str) -> bool:
        return "deletionTimestamp" in self._store.get("pods", namespace, name)["metadata"]

    async def _place(self, namespace: str, name: str) -> bool:
        while self.no_room:
            pod = self._store.get("pods", namespace, name)
            if self._is_ending(namespace, name):
                return False
            known = pod["status"].get("conditions", [{}])[0].get("lastTransitionTime", now())
            waiting = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": self.no_room}
            self._store.set_status("pods", namespace, name, conditions=[waiting | {"lastTransitionTime": known}])
            self._events.write(pod, "Pod", "FailedScheduling", self.no_room, is_warning=True)
            await asyncio.sleep(0.1)
        pod = self._store.get("pods", namespace, name)
        placed = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now()}
        pod["spec"]["nodeName"] = "node-1"
        self._store.update("pods", namespace, name, pod)
        self._store.set_status("pods", namespace, name, conditions=[placed], startTime=now())
        self._events.write(pod, "Pod", "Scheduled", f"Successfully assigned {namespace}/{name} to node-1")
        return True

    async def _run_containers(self, namespace: str, name: str) -> None:
        spec = self._store.get("pods", namespace, name)["spec"]
        done: list[Object] = []
        for index, container in enumerate([*spec.get("initContainers", []), *spec["containers"]]):
            is_command = index == len(spec.get("initContainers", []))
            if not await self._pull(namespace, name, container, is_command=is_command, done=done):
                return
            process = await self._start(namespace, name, container)
            self.processes[name] = process
            began = now()
            self._tell(namespace, name, container, {"running": {"startedAt": began}}, is_command=is_command, done=done)
            if self._is_ending(namespace, name):
                _signal(process, signal.SIGTERM)
            self.output[name], _ = await process.communicate()
            await _until(lambda: not self.is_away)
            code = process.returncode or 0
            # What unshare says of a process 1 that was killed is not what a runtime says.
            code = 137 if name in self._killed else 128 - code if code < 0 else code
            _, _, why = self._endings.get(name, ("", "", ""))
            ended: Object = {"exitCode": code, "reason": why or ("Completed" if code == 0 else "Error")}
            if code and container.get("terminationMessagePolicy") == "FallbackToLogsOnError":
                ended["message"] = self.output[name][-2048:].decode(errors="replace")
            state = {"terminated": ended | {"startedAt": began, "finishedAt": now()}}
            phase = ("Failed" if code else "Succeeded") if is_command or code else "Pending"
            self._tell(namespace, name, container, state, is_command=is_command, done=done, phase=phase)
            if code:
                return

    def _tell(
        self, namespace: str, name: str, container: Object, state: Object, *, is_command: bool, done: list[Object],
        phase: str = "",
    ) -> None:  # fmt: skip
        status = {
            "name": container["name"], "image": container["image"], "imageID": "", "restartCount": 0,
            "ready": "running" in state, "state": state,
        }  # fmt: skip
        if phase and not is_command:
            done.append(status)
        values: Object = {"phase": phase or ("Running" if is_command else "Pending")}
        values["containerStatuses" if is_command else "initContainerStatuses"] = [status]
        reason, message, _ = self._endings.get(name, ("", "", ""))
        if phase and reason:
            values |= {"reason": reason, "message": message}
        self._store.set_status("pods", namespace, name, **values)

    async def _pull(
        self, namespace: str, name: str, container: Object, *, is_command: bool, done: list[Object]
    ) -> bool:
        pod, image = self._store.get("pods", namespace, name), container["image"]
        self._events.write(pod, "Pod", "Pulling", f'Pulling image "{image}"')
        turn = 0
        while image in self.bad_images or self._missing_secret(namespace, container):
            if self._is_ending(namespace, name):
                return False
            said = f'Failed to pull image "{image}": not found', f'Back-off pulling image "{image}": not found'
            reasons = "ErrImagePull", "ImagePullBackOff"
            missing = self._missing_secret(namespace, container)
            reason, message = (
                (reasons[turn % 2], said[turn % 2])
                if image in self.bad_images
                else ("CreateContainerConfigError", f'secret "{missing}" not found')
            )
            waiting = {"waiting": {"reason": reason, "message": message}}
            self._tell(namespace, name, container, waiting, is_command=is_command, done=done)
            turn += 1
            await asyncio.sleep(0.1)
        return not self._is_ending(namespace, name)

    def _missing_secret(self, namespace: str, container: Object) -> str:
        for one in container.get("env", []):
            if (wanted := one.get("valueFrom", {}).get("secretKeyRef")) is not None:
                try:
                    self._store.get("secrets", namespace, wanted["name"])
                except Refused:
                    return str(wanted["name"])
        return ""

    async def _start(self, namespace: str, name: str, container: Object) -> asyncio.subprocess.Process:
        places = self._mount(namespace, name, container)
        variables = {"PATH": os.environ["PATH"], **self._variables(namespace, container)}
        variables = {key: _placed(value, places) for key, value in variables.items()}
        command = [_placed(_expanded(word, variables), places) for word in container.get("command", [])]
        if command[0] == "python3":
            command[0] = sys.executable
        return await asyncio.create_subprocess_exec(
            *(_UNSHARE if can_isolate() else ()),
            *command,
            cwd=self._working_folder(container, places),
            env=variables,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def _working_folder(self, container: Object, places: dict[str, str]) -> str:
        folder = Path(_placed(container.get("workingDir") or str(self.folder), places))
        # A runtime makes it where it is not there.
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _variables(self, namespace: str, container: Object) -> dict[str, str]:
        variables: dict[str, str] = {}
        for one in container.get("env", []):
            if (wanted := one.get("valueFrom", {}).get("secretKeyRef")) is not None:
                data = self._store.get("secrets", namespace, wanted["name"])["data"]
                variables[one["name"]] = base64.b64decode(data[wanted["key"]]).decode()
            else:
                variables[one["name"]] = _expanded(one.get("value", ""), variables)
        return variables

    def _mount(self, namespace: str, name: str, container: Object) -> dict[str, str]:
        spec = self._store.get("pods", namespace, name)["spec"]
        volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
        places = {path: str(folder) for path, folder in self._image_files.items()}
        plans: dict[Path, str] = {}
        for mount in container.get("volumeMounts", []):
            if mount["mountPath"].startswith(("/tmp", "/dev")):
                continue
            volume, folder = volumes[mount["name"]], self.folder / name / mount["name"]
            folder.mkdir(parents=True, exist_ok=True)
            if secret := volume.get("secret"):
                data = self._store.get("secrets", namespace, secret["secretName"])["data"]
                for item in secret["items"]:
                    plans[folder / item["path"]] = base64.b64decode(data[item["key"]]).decode()
            places[mount["mountPath"]] = str(folder)
        for path, text in plans.items():
            # Mounts are only folders of this machine, so that what a file says of them must be said in their names.
            path.write_text(_placed(text, places))
        return places


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 (what it asks for has no event)
        await asyncio.sleep(0.02)


def _expanded(text: str, variables: dict[str, str]) -> str:
    # As the kubelet does: $$ is one $, and a name that is not known stays as it is written.
    return _REFERENCE.sub(lambda found: "$" if found[0] == "$$" else variables.get(found[1], found[0]), text)


def _placed(text: str, places: dict[str, str]) -> str:
    for path in sorted(places, key=len, reverse=True):
        text = re.sub(rf"(?<![\w/.-]){re.escape(path)}(?![\w-])", lambda _, to=places[path]: to, text)
    return text


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        inner = psutil.Process(process.pid).children() if can_isolate() else []
        os.kill(inner[0].pid if inner else process.pid, number)
