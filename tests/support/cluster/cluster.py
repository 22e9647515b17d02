"""A pretended cluster as a whole: API, controller and node, for the length of a test."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from lightkube import KubeConfig
from lightkube.config.models import Cluster, User
from support.cluster.api import TOKEN, Api
from support.cluster.controllers import Events, JobController
from support.cluster.node import Node
from support.cluster.store import Object, Store
from support.ports import free_port

ResultT = TypeVar("ResultT")


class PretendedCluster:
    """What a test may look at, and make trouble with."""

    def __init__(self, folder: Path, image_files: dict[str, Path], rules: list[Object], namespace: str) -> None:
        self.store = Store(namespaces={"default", namespace})
        self.api = Api(self.store, rules)
        self.events = Events(self.store)
        self.controller = JobController(self.store, self.events)
        self.node = Node(self.store, self.events, folder, image_files)
        self.port = free_port()
        user, server = User(token=TOKEN), Cluster(server=f"http://127.0.0.1:{self.port}")
        self.config = KubeConfig.from_one(cluster=server, user=user, namespace="default")

    @asynccontextmanager
    async def running(self) -> AsyncIterator["PretendedCluster"]:
        """Serve while the block runs."""
        # Critical: it says each connection that a test cuts.
        config = uvicorn.Config(self.api.app, port=self.port, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        others = [asyncio.create_task(self.controller.run()), asyncio.create_task(self.node.run())]
        while not server.started:  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.01)
        try:
            yield self
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            server.force_exit = server.should_exit = True
            await serving


class BackgroundCluster:
    """A pretended cluster in a thread of its own, for tests of processes."""

    def __init__(self, folder: Path, image_files: dict[str, Path], rules: list[Object], namespace: str) -> None:
        self._made = (folder, image_files, rules, namespace)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pretended-cluster")
        self._stack = AsyncExitStack()

    def __enter__(self) -> PretendedCluster:
        self._thread.start()
        return self.call(self._open())

    def __exit__(self, *_: object) -> None:
        self.call(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> PretendedCluster:
        return await self._stack.enter_async_context(PretendedCluster(*self._made).running())

    def call(self, what: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Do something in the cluster's thread and return what it gives."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)

    def do(self, what: Callable[[], None]) -> None:
        """Do something at once in the cluster's thread."""
        self._loop.call_soon_threadsafe(what)


def kubeconfig(cluster: PretendedCluster) -> str:
    """Return the file that KUBECONFIG names."""
    server = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster.port}"}}
    user, context = {"name": "u", "user": {"token": TOKEN}}, {"name": "x", "context": {"cluster": "c", "user": "u"}}
    named = {"clusters": [server], "users": [user], "contexts": [context], "current-context": "x"}
    return json.dumps({"apiVersion": "v1", "kind": "Config", **named})
