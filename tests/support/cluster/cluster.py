"""A pretended cluster as a whole: API, controller and node, for the length of a test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from lightkube import KubeConfig
from lightkube.config.models import Cluster, User
from support.cluster.api import TOKEN, Api
from support.cluster.controllers import Events, JobController
from support.cluster.node import Node
from support.cluster.store import Object, Store
from support.ports import free_port


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
