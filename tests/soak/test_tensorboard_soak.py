"""Minutes of opening and closing TensorBoards of sixty tracks, some killed, some left half-way: memory stays flat.

`make soak` runs it; MLSTEAM_SOAK_MINUTES (10) and MLSTEAM_SOAK_SEED (1) choose how long and which schedule. An hour
of a busy page is about a thousand openings. Ends by itself.
"""

import asyncio
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest
from support.ingest import WRITER, another_track, make_place, running_app
from support.servers import ServerProcess

from services.storage.database import Database

MINUTES = float(os.environ.get("MLSTEAM_SOAK_MINUTES", "10"))
SEED = int(os.environ.get("MLSTEAM_SOAK_SEED", "1"))
_TRACKS = 60
_MOST = 10
_KEYS = 20


@dataclass
class Soak:
    """A running tb-proxy with its tracks, and what was seen of it."""

    server: ServerProcess
    client: httpx2.AsyncClient
    tracks: list[UUID]
    folder: Path
    seen: Counter[str] = field(default_factory=Counter)
    bytes_used: list[int] = field(default_factory=list)
    files_open: list[int] = field(default_factory=list)

    def zygotes(self) -> list[psutil.Process]:
        """Return the parent of all: one, or none."""
        processes = psutil.Process(self.server.pid).children()
        return [process for process in processes if "tb_proxy.board.zygote" in process.cmdline()]

    def children(self) -> list[psutil.Process]:
        return [child for zygote in self.zygotes() for child in zygote.children()]

    def look(self) -> None:
        """Note memory and files of tb-proxy and the zygote, and that there are not too many children."""
        family = [psutil.Process(self.server.pid), *self.zygotes()]
        self.bytes_used.append(sum(one.memory_full_info().uss for one in family))
        self.files_open.append(sum(one.num_fds() for one in family))
        assert len(self.children()) <= _MOST + 1

    async def open(self, chance: random.Random) -> None:
        """Open one as a page does, or begin to and leave."""
        prefix = f"/tb/{chance.choice(self.tracks)}/"
        requests = [self.client.get(f"{prefix}{path}") for path in ("", "data/plugins_listing", "data/runs")]
        whole = asyncio.gather(*requests, self.client.get(f"{prefix}data/plugin/scalars/tags"), return_exceptions=True)
        if chance.random() < 0.1:
            await asyncio.sleep(chance.random() * 0.02)
            whole.cancel()
            await asyncio.gather(whole, return_exceptions=True)
            self.seen["left"] += 1
            return
        for answer in await whole:
            assert isinstance(answer, httpx2.Response), answer
            self.seen[str(answer.status_code)] += 1
        if chance.random() < 0.02 and (children := self.children()):
            chance.choice(children).kill()
            self.seen["killed"] += 1


@pytest.fixture
async def soak(
    database: Database, service_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Soak]:
    place = await make_place(database)
    tracks = [place.track_id] + [await another_track(database, place) for _ in range(_TRACKS - 1)]
    series = [{"key": f"k{key}", "values": [float(step) for step in range(500)]} for key in range(_KEYS)]
    async with running_app(place.token) as ingest:
        for track in tracks:
            url = f"/api/v3/ingest/tracks/{track}/batches"
            answer = await ingest.post(url, json={"writer": WRITER, "seq": 1, "series": series})
            assert answer.json()["rejects"] == []
    folder = tmp_path_factory.mktemp("t")
    server = ServerProcess(
        "tb_proxy",
        TMPDIR=str(folder),
        MLSTEAM_TB_PROXY_MAX_CHILDREN=str(_MOST),
        MLSTEAM_TB_PROXY_IDLE_S="5",
    )
    headers = {"authorization": f"Bearer {place.token}"}
    try:
        await server.wait_ready()
        async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
            yield Soak(server, client, tracks, folder)
    finally:
        server.stop()


async def test_memory_stays_flat_while_tensorboards_come_and_go(soak: Soak) -> None:
    chance = random.Random(SEED)
    until = time.monotonic() + MINUTES * 60
    look_at = 0.0
    # All of them once, and again: what is kept for each track has been made.
    for track in soak.tracks * 2:
        assert (await soak.client.get(f"/tb/{track}/data/runs")).status_code == 200
    while time.monotonic() < until:
        await asyncio.gather(*(soak.open(chance) for _ in range(3)))
        if time.monotonic() >= look_at:
            soak.look()
            look_at = time.monotonic() + 1
    third = len(soak.bytes_used) // 3
    before, after = (statistics.median(part) for part in (soak.bytes_used[third : 2 * third], soak.bytes_used[-third:]))
    files = [max(part) for part in (soak.files_open[: 2 * third], soak.files_open[-third:])]
    metrics = (await soak.client.get("/metrics")).text
    starts = next(line for line in metrics.splitlines() if "starts_total{" in line and "ready" in line)
    sizes = f"MiB {before / 2**20:.1f} then {after / 2**20:.1f}; files {files}"
    sys.stdout.write(f"\n{starts}; {dict(soak.seen)}; {sizes}\n")
    assert after < before * 1.1 + (4 << 20)
    assert files[1] <= files[0] + 20
    assert soak.seen["200"] > 0.95 * sum(count for name, count in soak.seen.items() if name.isdecimal())
    # When nobody looks any more, nothing is left.
    for _ in range(60):
        if not soak.children() and not list(soak.folder.glob("mlsteam-tb-*")):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"left: {soak.children()} {list(soak.folder.iterdir())}")
