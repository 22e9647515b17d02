"""A service as a process of its own, as it runs for its users."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import httpx2
import pytest
from support.ports import free_port


class ServerProcess:
    """`python -m <module>` on a free port, with this process's environment and some more variables."""

    def __init__(self, module: str, *, within: Sequence[str] = (), **variables: str) -> None:
        # What becomes the process, after it has changed the surroundings of it.
        self._module, self._within = module, within
        self._variables = {f"MLSTEAM_{module.rpartition('.')[2].upper()}_PORT": str(port := free_port()), **variables}
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start it, again if it was stopped."""
        self._process = subprocess.Popen(
            [*self._within, sys.executable, "-m", self._module],
            stdout=subprocess.DEVNULL,
            env={**os.environ, **self._variables},
        )

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal and return how it ended."""
        self._process.send_signal(how)
        return self._process.wait(120)

    async def wait_ready(self) -> None:
        """Return when it answers requests."""
        deadline = time.monotonic() + 120
        async with httpx2.AsyncClient(timeout=30) as client:
            while time.monotonic() < deadline and self._process.poll() is None:
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.1)
        pytest.fail(f"{self._module} did not become ready")
