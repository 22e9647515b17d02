"""The parent's end of the load generator: start it, read clocks when the counted time begins and ends.

Called by the sections. Guarantees that the generator's process has ended when a run has.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from harness.loads import Outcome, Plan

_GENERATOR = Path(__file__).resolve().parents[1] / "generate.py"


class BenchFailed(Exception):
    """A run that must not be counted; the sentence says why."""


def _nothing() -> None:
    pass


class Generator:
    """One generator's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(
        self, *, on_counting: Callable[[], None] = _nothing, on_counted: Callable[[], None] = _nothing
    ) -> Outcome:
        """Let it send; the two callbacks run at the ends of the counted time. Raises: BenchFailed."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        await self.expect("counting")
        on_counting()
        await self.expect("counted")
        on_counted()
        plain = await self.expect("outcome")
        return Outcome(**plain)

    async def expect(self, event: str) -> dict[str, Any]:
        """Return what it says next. Raises: BenchFailed when that is something else."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise BenchFailed(f"the load generator ended with exit code {await self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        if said.pop("event") != event:
            raise BenchFailed(f"the load generator failed: {said.get('detail', said)}")
        return said


@asynccontextmanager
async def prepared(plan: Plan) -> AsyncIterator[Generator]:
    """Start a generator and give it when every request is encoded. Raises: BenchFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_GENERATOR), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        limit=8 << 20,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(plan.to_plain()).encode() + b"\n")
        generator = Generator(process)
        await generator.expect("ready")
        yield generator
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def send(plan: Plan) -> Outcome:
    """Send a load whose clocks nobody else reads. Raises: BenchFailed."""
    async with prepared(plan) as generator:
        return await generator.run()
