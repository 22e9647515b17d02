"""The local gateway with ingest-api and track-api behind it, each a process of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from support.ingest import Place
from support.ports import free_port
from support.servers import ServerProcess

_GATEWAY = Path(__file__).parents[2] / "deploy" / "local" / "gateway.py"


class Site:
    """The gateway and the services behind it."""

    def __init__(self, place: Place, log: Path) -> None:
        self.place, self.log = place, log
        self.track_api, self.ingest_api = ServerProcess("track_api"), ServerProcess("ingest_api")
        port = free_port()
        ports = {
            "GATEWAY": str(port),
            "INGEST_API": self.ingest_api.url.rpartition(":")[2],
            "TRACK_API": self.track_api.url.rpartition(":")[2],
            "TB_PROXY": "1",
        }
        self._variables = {f"MLSTEAM_GATEWAY_{name}_PORT": value for name, value in ports.items()}
        self.url = f"http://127.0.0.1:{port}"
        self.start_gateway()

    def start_gateway(self) -> None:
        """Start the gateway, again if it was killed."""
        with self.log.open("ab") as output:
            self.gateway = subprocess.Popen(
                [sys.executable, str(_GATEWAY)], env={**os.environ, **self._variables}, stderr=output
            )

    async def wait_ready(self) -> None:
        """Return when all of it answers requests."""
        await asyncio.gather(self.track_api.wait_ready(), self.ingest_api.wait_ready())
        async with httpx2.AsyncClient() as client:
            for _ in range(900):
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.1)
        pytest.fail("the gateway did not become ready")

    async def listeners(self) -> float:
        """Return how many pages listen to events."""
        async with httpx2.AsyncClient() as client:
            lines = (await client.get(f"{self.track_api.url}/metrics")).text.splitlines()
        return float(next(line for line in lines if line.startswith("mlsteam_event_listeners ")).split()[1])

    def stop(self) -> None:
        """Stop all of it."""
        if self.gateway.poll() is None:
            self.gateway.kill()
            self.gateway.wait()
        self.track_api.stop()
        self.ingest_api.stop()
