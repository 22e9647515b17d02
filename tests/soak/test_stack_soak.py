"""Minutes of writing while processes are killed and readers compare: nothing acknowledged is missing or there twice.

`make soak` runs it; MLSTEAM_SOAK_MINUTES (10) and MLSTEAM_SOAK_SEED (1) choose how long and which schedule. What was
acknowledged is kept here, outside of everything that is killed. Every fault of the list comes once before any comes
again, and a short run lasts until all have been: PostgreSQL is killed whole, by one of its backends, and in the middle
of a checkpoint. Ends by itself.

On two cores, 2026-11-28, 11 minutes with seed 7: 79 faults, 30 of them on PostgreSQL itself, and 10 checkpoints under
load; 29.8 million points, each there once; 6,114 batches sent again, 8 of which had been committed before their answer
was lost; 1,575 answers compared meanwhile; batch_log 28 MiB at the end.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil
import pytest
from support.ingest import MSGPACK
from support.stack import RunningStack, running_stack

from services.core.values import WireType
from services.storage.batch_body import WireBatch, encode_body, encode_series

MINUTES = float(os.environ.get("MLSTEAM_SOAK_MINUTES", "10"))
SEED = int(os.environ.get("MLSTEAM_SOAK_SEED", "1"))
_WRITERS = 8
_KEYS = ("loss", "acc", "deep/er/value")
_POINTS = 500
# What is done, and to which process; none: to no process.
_FAULTS = {
    "kill postgres": "postgres",
    "checkpoint": None,
    "kill postgres in a checkpoint": "postgres",
    "kill the transposer": "ingest_api.transposer",
    "kill ingest-api": "ingest_api",
    "kill a backend of postgres": "postgres",
    "kill track-api": "track_api",
    "kill the gateway": "gateway",
}
# The batch log of so few writers is emptied every ten seconds; a table past this has stopped being reused.
_MOST_LOG_BYTES = 512 << 20


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    """A stack of its own: its parts are killed."""
    with running_stack() as started:
        yield started


class Writer:
    """One training: sends numbered batches, each until it is acknowledged."""

    def __init__(self, stack: RunningStack, track_id: str, number: int) -> None:
        given = stack.client_environment()
        self.track_id, self._name = track_id, bytes([number]) * 16
        self._url = f"{given['MLSTEAM_BACKEND']}/api/v3/ingest/tracks/{track_id}/batches"
        self._headers = {"authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}"}
        self._chance = random.Random(SEED * 1000 + number)
        self.acked, self.n_resent, self.n_duplicates = 0, 0, 0

    def _body(self, seq: int) -> bytes:
        # A value says where it belongs, so that each can be looked for: the k-th point of a key is k.
        values = np.arange(float(_POINTS)) + (seq - 1) * _POINTS
        steps = values[::-1].copy() if seq % 7 == 0 else values
        times = 1e9 + values / 100
        series = [
            encode_series([key], WireType.F64, np.array(steps), times, counts=[_POINTS], steps=steps) for key in _KEYS
        ]
        return encode_body(WireBatch(v=1, writer=self._name.hex(), seq=seq, sent_at=time.time(), series=series))

    async def run(self, is_over: asyncio.Event) -> None:
        """Write until it is over."""
        async with httpx2.AsyncClient(headers=self._headers, timeout=30) as client:
            while not is_over.is_set():
                await self._send(client, self._body(self.acked + 1))
                self.acked += 1
                await asyncio.sleep(self._chance.expovariate(5))

    async def _send(self, client: httpx2.AsyncClient, body: bytes) -> None:
        while True:
            try:
                answer = await client.post(self._url, content=body, headers=MSGPACK)
            except httpx2.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                self.n_duplicates += answer.json()["is_duplicate"]
                return
            # What a proxy says while what is behind it is away; anything else is a wrong answer.
            assert answer is None or answer.status_code in {429, 502, 503, 504}, answer.text
            self.n_resent += 1
            await asyncio.sleep(0.1)


def find_victim(stack: RunningStack, name: str) -> int | None:
    """Return the process of this stack that runs a part."""
    if name == "postgres":
        with suppress(OSError, ValueError, IndexError):
            return int((stack.run_dir / "data" / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        return None
    state = json.loads((stack.run_dir / "stack.json").read_text())
    for child in psutil.Process(state["pid"]).children():
        with suppress(psutil.NoSuchProcess):
            last = child.cmdline()[-1:]
            if last and (last[0] == name or Path(last[0]).stem == name):
                return child.pid
    return None


def _sql(stack: RunningStack, query: str) -> subprocess.Popen[str] | None:
    """Start a query with the wheel's psql; None while there is no PostgreSQL."""
    pid = find_victim(stack, "postgres")
    if pid is None or not psutil.pid_exists(pid):
        return None
    wheel = Path(psutil.Process(pid).exe()).parent
    socket = (stack.run_dir / "data" / "postgres" / "postmaster.pid").read_text().splitlines()[4].strip()
    command = [wheel / "psql", "-h", socket, "-U", "postgres", "-tAc", query]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _backend(postmaster: int) -> int | None:
    """Return a process that serves a connection of ours."""
    for child in psutil.Process(postmaster).children():
        with suppress(psutil.NoSuchProcess):
            if "[local]" in " ".join(child.cmdline()):
                return child.pid
    return None


async def _inflict(stack: RunningStack, fault: str) -> bool:
    """Do one of the faults; say whether there was something to do it to."""
    asked = _sql(stack, "CHECKPOINT") if "checkpoint" in fault else None
    victim = _FAULTS[fault]
    if victim is None:
        if asked is not None:
            await asyncio.to_thread(asked.communicate)
        return asked is not None and asked.returncode == 0
    pid = find_victim(stack, victim)
    if pid is not None and "backend" in fault:
        pid = _backend(pid)
    if pid is None or not psutil.pid_exists(pid):
        return False
    if asked is not None:
        await asyncio.sleep(0.03)
    os.kill(pid, signal.SIGKILL)
    if asked is not None:
        await asyncio.to_thread(asked.communicate)
    return True


async def _trouble(stack: RunningStack, chance: random.Random, until: float) -> Counter[str]:
    done: Counter[str] = Counter()
    while True:
        # The first round in the order of the list, the others shuffled: a short run has had them all.
        for fault in _FAULTS if not done else chance.sample(sorted(_FAULTS), len(_FAULTS)):
            if time.monotonic() > until and len(done) == len(_FAULTS):
                return done
            await asyncio.sleep(chance.uniform(3, 15) if MINUTES >= 2 else 2)
            for _ in range(20):
                if await _inflict(stack, fault):
                    done[fault] += 1
                    break
                await asyncio.sleep(1)
            else:
                pytest.fail(f"nothing there for {fault}: the stack did not come back")


async def _check(client: httpx2.AsyncClient, writers: list[Writer], *, is_last: bool) -> int:
    """Compare what is read with what was acknowledged before; return how many answers were compared."""
    compared = 0
    for writer in writers:
        least = writer.acked * _POINTS
        query = {"key": list(_KEYS), "x": "step", "buckets": 200}
        try:
            answer = await client.get(f"/api/v3/tracks/{writer.track_id}/series", params=query)
        except httpx2.TransportError:
            assert not is_last
            continue
        if answer.status_code in {502, 503, 504} and not is_last:
            continue
        assert answer.status_code == 200, answer.text
        most = (writer.acked + 1) * _POINTS
        for series in answer.json()["series"]:
            assert least <= series["n_stored"] <= most, (series["n_stored"], least, most)
            if series["buckets"] is None:
                continue
            got = series["buckets"]
            n = sum(got["count"])
            # Steps and values are one, each once: any hole or repetition shows in the count, the ends or the extremes.
            assert n == series["n_drawn"] == series["n_stored"]
            assert min(v for v in got["min"] if v is not None) == 0
            assert max(v for v in got["max"] if v is not None) == n - 1
            assert all(low == x for low, x in zip(got["min"], got["min_x"], strict=True))
            assert all(high == x for high, x in zip(got["max"], got["max_x"], strict=True))
        compared += 1
    return compared


async def _look(client: httpx2.AsyncClient, writers: list[Writer], is_over: asyncio.Event) -> int:
    compared = 0
    while not is_over.is_set():
        compared += await _check(client, writers, is_last=False)
        await asyncio.sleep(1)
    return compared


async def _until_ready(client: httpx2.AsyncClient) -> None:
    for _ in range(240):
        with suppress(httpx2.TransportError):
            if (await client.get("/api/v3/projects")).status_code == 200:
                return
        await asyncio.sleep(0.5)
    pytest.fail("the stack did not come back after the last kill")


def _log_bytes(stack: RunningStack) -> int:
    asked = _sql(stack, "SELECT pg_total_relation_size('batch_log')")
    assert asked is not None
    return int(asked.communicate()[0])


async def test_minutes_of_kills_lose_and_double_nothing(stack: RunningStack) -> None:
    given = stack.client_environment()
    address, headers = given["MLSTEAM_BACKEND"], {"authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}"}
    async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        made: list[Any] = [(await client.post("/api/v3/projects/demo/tracks", json={})).json() for _ in range(_WRITERS)]
        writers = [Writer(stack, track["track_id"], number + 1) for number, track in enumerate(made)]
        is_over = asyncio.Event()
        writing = [asyncio.create_task(writer.run(is_over)) for writer in writers]
        looking = asyncio.create_task(_look(client, writers, is_over))
        try:
            done = await _trouble(stack, random.Random(SEED), time.monotonic() + MINUTES * 60)
        finally:
            is_over.set()
            await asyncio.gather(*writing)
            compared = await looking
        await _until_ready(client)
        assert await _check(client, writers, is_last=True) == _WRITERS
        for writer in writers:
            for key in _KEYS:
                text = (await client.get(f"/api/v3/tracks/{writer.track_id}/export", params={"key": key})).text
                stored = sorted(float(line.split(",")[1]) for line in text.splitlines() if line)
                assert stored == list(np.arange(float(writer.acked * _POINTS))), (writer.track_id, key)
    points = sum(writer.acked for writer in writers) * _POINTS * len(_KEYS)
    log_bytes = _log_bytes(stack)
    print(  # noqa: T201 (the figures are what the run is for)
        f"\n{MINUTES:g} min, seed {SEED}: {dict(done)}; {points:,} points, each there once;"
        f" {sum(w.n_resent for w in writers)} batches sent again, {sum(w.n_duplicates for w in writers)} of them were"
        f" there already; {compared} answers compared meanwhile; batch_log {log_bytes / 2**20:.0f} MiB"
    )
    # A schedule in which nothing happened proves nothing.
    assert set(done) == set(_FAULTS)
    assert sum(done.values()) >= MINUTES
    assert sum(writer.n_resent for writer in writers) > 0
    assert compared > 0
    assert log_bytes < _MOST_LOG_BYTES
