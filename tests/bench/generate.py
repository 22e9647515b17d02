"""The load generator, a process of its own: `python generate.py`, told what to do in one line of JSON on its stdin.

Started by harness/driver.py. Says `ready` when every request is encoded, waits for a line, and says when the counted
time begins and ends, so that its parent can read other clocks at the same moments.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
import uvloop
from harness.bodies import Requests, check_wire_form
from harness.connection import Client, GeneratorFailed, is_any_ack, is_our_ack
from harness.loads import Outcome, Plan

# A first guess at what a server can take is sent, doubled until it takes this long, before anything is counted.
_PROBE_S = 1.0
_SPARE = 2.0
# Requests are kept in memory; a longer run is a wrong plan, not a reason to swap.
_MAX_BYTES = 8 << 30
_LAST_ANSWERS_S = 120.0


def say(event: str, **fields: Any) -> None:
    """Tell the parent."""
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


class Generator:
    """All clients of one load."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._load = plan.load
        self._makers = [
            Requests(plan.load, number, target=target, token=plan.token, port=plan.port)
            for number, target in enumerate(plan.targets)
        ]
        is_ack = is_any_ack if plan.load.form == "mlflow" else is_our_ack
        self._clients = [Client(number, is_acknowledged=is_ack) for number in range(plan.load.clients)]
        self._bytes = 0

    async def run(self) -> Outcome:
        """Probe, encode, wait for the word, send, count. Raises: GeneratorFailed."""
        if self._plan.batches is not None:
            self._encode(self._plan.batches)
        else:
            # The first batch of a client makes its keys, which says nothing of those that follow.
            await self._send(1)
            rate = await self._probe() if self._load.rate is None else self._load.rate
            a_client = rate * (self._plan.warm_s + self._plan.seconds) / self._load.batch_points / self._load.clients
            self._encode(int(a_client * (_SPARE if self._load.rate is None else 1)) + 2)
        gc.collect()
        gc.freeze()
        gc.disable()
        say("ready", bytes=self._bytes)
        if not await asyncio.to_thread(sys.stdin.readline):
            raise GeneratorFailed("the parent has gone")
        return await self._count()

    async def _connect(self) -> None:
        # Again before every start: servers hang up on connections that were idle while we encoded.
        for client in self._clients:
            if not client.is_open:
                await asyncio.get_running_loop().create_connection(lambda c=client: c, "127.0.0.1", self._plan.port)  # type: ignore[misc]

    def _encode(self, batches: int) -> None:
        def make(both: tuple[Client, Requests]) -> int:
            made = [both[1].next() for _ in range(batches)]
            both[0].requests += made
            return sum(map(len, made))

        # The encoders let go of the interpreter's lock, so threads use every core.
        with ThreadPoolExecutor() as pool:
            for size in pool.map(make, zip(self._clients, self._makers, strict=True)):
                self._bytes += size
                if self._bytes > _MAX_BYTES:
                    msg = f"the requests of this run need more than {_MAX_BYTES >> 30} GiB of memory; shorten it"
                    raise GeneratorFailed(msg)

    async def _probe(self) -> float:
        batches = 1
        while (took := await self._send(batches)) < _PROBE_S:
            batches *= 2
        return batches * self._load.clients * self._load.batch_points / took

    async def _send(self, batches: int) -> float:
        """Send some batches of every client as fast as they are answered; return how long it took."""
        self._encode(batches)
        await self._connect()
        began = time.monotonic()
        self._start(began)
        await self._all_done()
        return time.monotonic() - began

    def _start(self, now: float) -> None:
        interval = None
        if self._load.rate is not None:
            interval = self._load.clients * self._load.batch_points / self._load.rate
        for client in self._clients:
            # Spread over the interval, as trainings that know nothing of each other are.
            first_due = now if interval is None else now + interval * client.number / self._load.clients
            client.start(first_due=first_due, interval=interval)

    async def _all_done(self, timeout_s: float | None = None) -> None:
        await asyncio.wait_for(asyncio.gather(*(client.done for client in self._clients)), timeout_s)

    async def _until(self, moment: float) -> None:
        """Wait for a moment, or for the first failure, or until nothing is left to send."""
        everything = asyncio.gather(*(client.done for client in self._clients))
        await asyncio.wait({everything}, timeout=max(0.0, moment - time.monotonic()))
        if everything.done():
            everything.result()
        else:
            everything.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _count(self) -> Outcome:
        probed = [len(client.answers) for client in self._clients]
        await self._connect()
        began = time.monotonic()
        counted = began + self._plan.warm_s
        self._start(began)
        if self._plan.batches is None:
            await self._until(counted)
        say("counting")
        cpu = time.process_time()
        if self._plan.batches is None:
            await self._until(counted + self._plan.seconds)
        else:
            await self._all_done()
        ended = time.monotonic()
        cpu = time.process_time() - cpu
        say("counted")
        # A client that has sent all it had makes the rest of the time worth less; the parent is told.
        ran_out = self._plan.batches is None and any(client.done.done() for client in self._clients)
        for client in self._clients:
            client.stop()
        await self._all_done(_LAST_ANSWERS_S)
        answers = _between(self._clients, probed, counted, ended)
        took = np.array([seconds for _, seconds in answers] or [0.0])
        encoded = sum(len(client.requests) for client in self._clients) * self._load.batch_points
        return Outcome(
            points=len(answers) * self._load.batch_points,
            batches=len(answers),
            seconds=ended - counted,
            p50_s=float(np.percentile(took, 50)),
            p99_s=float(np.percentile(took, 99)),
            acked_batches=[client.acked for client in self._clients],
            refused=sum(client.refused for client in self._clients),
            ran_out=ran_out,
            wire_bytes_per_point=self._bytes / encoded,
            cpu_s=cpu,
        )


def _between(clients: Iterable[Client], probed: list[int], start: float, stop: float) -> list[tuple[float, float]]:
    return [
        answer
        for client, skip in zip(clients, probed, strict=True)
        for answer in client.answers[skip:]
        if start <= answer[0] <= stop
    ]


async def _main(plan: Plan) -> None:
    try:
        check_wire_form()
        outcome = await Generator(plan).run()
    except (GeneratorFailed, AssertionError, TimeoutError, OSError) as error:
        say("failed", detail=f"{type(error).__name__}: {error}")
        sys.exit(1)
    say("outcome", **asdict(outcome))


if __name__ == "__main__":
    uvloop.run(_main(Plan.of_plain(json.loads(sys.stdin.readline()))))
