"""How long people wait for TensorBoard, what passing on costs, and what an open one takes of memory.

Through tb-proxy over HTTP, PostgreSQL included. Cold means that a process is forked for the request: tb-proxy may hold
one child only, and two tracks are asked for by turns.
"""

import http.client
import socket
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

import psutil
import targets
from harness.driver import BenchFailed
from harness.http import Caller
from harness.loads import Load
from harness.options import Options, progress
from harness.places import Place, check_counts, fill, wait_transposed
from harness.report import Row, Target
from harness.stack import Bench

_RUNS = 20
_AT_ONCE = 8
_OPEN = 50
_TAGS = Load("100 tags x 10k", clients=2, keys=100, points=500)
_LONG = Load("1 tag x 1M", clients=2, keys=1, points=50_000)
_SMALL = Load("small", clients=_OPEN, keys=10, points=100)
_LISTING = "data/plugins_listing"


class Board:
    """One track's TensorBoard behind tb-proxy."""

    def __init__(self, port: int, place: Place, track: str) -> None:
        self._caller = Caller(port, place.token)
        self.prefix = f"/tb/{track}/"
        self.scalars = ""

    def get(self, path: str) -> bytes:
        """Return an answer. Raises: BenchFailed."""
        answer = self._caller.call(self.prefix + path)
        if answer.status != 200:
            raise BenchFailed(f"{path}: {answer.status} {answer.body[:200]!r}")
        return answer.body

    def open(self) -> None:
        """Learn the address of its first series."""
        tags = self._caller.call(f"{self.prefix}data/plugin/scalars/tags").json()
        run, found = next(iter(tags.items()))
        self.scalars = "data/plugin/scalars/scalars?" + urlencode({"run": run, "tag": next(iter(found))})


def _p50_ms(call: Callable[[], object], runs: int = _RUNS) -> float:
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def _row(what: str, value: float, unit: str, how: str, target: Target | None = None) -> Row:
    return Row("tensorboard", what, value, unit, how, target, more_is_better=False)


async def _times(bench: Bench, url: str, place: Place, what: str) -> list[Row]:
    rows = []
    async with bench.tb_proxy(url, {"MLSTEAM_TB_PROXY_MAX_CHILDREN": "1"}) as (port, _, _):
        boards = [Board(port, place, track) for track in place.tracks]
        for board in boards:
            board.open()
        turns = cycle(boards)
        how = f"p50 of {_RUNS}, a fork for each"
        rows.append(
            _row(f"{what}: first 200, cold", _p50_ms(lambda: next(turns).get(_LISTING)), "ms", how, targets.TB_COLD_MS)
        )
        cold = _p50_ms(lambda: (board := next(turns)).get(board.scalars))
        rows.append(_row(f"{what}: first series, cold", cold, "ms", how, targets.TB_COLD_SERIES_MS))
        board = next(turns)
        board.get(_LISTING)
        how = f"p50 of {_RUNS}, its process runs"
        rows.append(_row(f"{what}: 200, warm", _p50_ms(lambda: board.get(_LISTING)), "ms", how, targets.TB_WARM_MS))
        warm = _p50_ms(lambda: board.get(board.scalars))
        rows.append(_row(f"{what}: series, warm", warm, "ms", how, targets.TB_WARM_SERIES_MS))
    return rows


class _Direct(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("tensorboard")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def _crowd_p50_ms(make: Callable[[], Callable[[], object]]) -> float:
    """Return the time of one request while eight ask at once."""

    def one() -> list[float]:
        call = make()
        call()
        taken = []
        for _ in range(40):
            started = time.perf_counter()
            call()
            taken.append(time.perf_counter() - started)
        return taken

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = [future.result() for future in [pool.submit(one) for _ in range(_AT_ONCE)]]
    return statistics.median(seconds for some in found for seconds in some) * 1000


async def _overhead(bench: Bench, url: str, place: Place) -> list[Row]:
    async with bench.tb_proxy(url, {}) as (port, temporary, _):
        board = Board(port, place, place.tracks[0])
        board.open()
        (path,) = temporary.glob("mlsteam-tb-*/socket")

        def direct() -> Callable[[], object]:
            connection = _Direct(path)

            def call() -> None:
                connection.request("GET", f"{board.prefix}data/runs")
                answer = connection.getresponse()
                if answer.status != 200 or not answer.read():
                    raise BenchFailed(f"asked directly, it answers {answer.status}")

            return call

        def proxied() -> Callable[[], object]:
            caller = Caller(port, place.token)

            def call() -> None:
                answer = caller.call(f"{board.prefix}data/runs")
                if answer.status != 200:
                    raise BenchFailed(f"through tb-proxy, it answers {answer.status}")

            return call

        pairs = [(_crowd_p50_ms(direct), _crowd_p50_ms(proxied)) for _ in range(3)]
    added = statistics.median(after - before for before, after in pairs)
    seen = f"direct {pairs[1][0]:.1f} ms, through tb-proxy {pairs[1][1]:.1f} ms"
    how = f"p50 of 3 x 320 requests, {_AT_ONCE} at once; {seen}"
    return [_row("what passing on adds", added, "ms", how, targets.TB_OVERHEAD_MS)]


async def _memory(bench: Bench, url: str, place: Place) -> list[Row]:
    async with bench.tb_proxy(url, {}) as (port, _, pid):
        for track in place.tracks:
            board = Board(port, place, track)
            board.open()
            board.get(_LISTING)
            board.get(board.scalars)
        (zygote,) = [p for p in psutil.Process(pid).children() if "tb_proxy.board.zygote" in p.cmdline()]
        children = zygote.children()
        if len(children) != len(place.tracks):
            raise BenchFailed(f"{len(children)} of {len(place.tracks)} are open")
        pss = [child.memory_full_info().pss / (1 << 20) for child in children]
        total = sum(pss) + sum(psutil.Process(p).memory_full_info().pss for p in (pid, zygote.pid)) / (1 << 20)
    how = "proportional set size after their first series"
    return [
        _row("memory of one", statistics.mean(pss), "MiB", f"{how}, mean of {_OPEN}", targets.TB_CHILD_MIB),
        _row(f"memory of {_OPEN}, tb-proxy and zygote", total, "MiB", how, targets.TB_ALL_MIB),
    ]


async def run(bench: Bench, options: Options) -> list[Row]:
    """Fill tracks, and open them."""
    rows: list[Row] = []
    async with bench.database() as url:
        places = {}
        async with bench.services(url) as services:
            for load, batches in ((_TAGS, 20), (_LONG, 20), (_SMALL, 1)):
                progress(load.name)
                places[load.name], outcome = await fill(services, load, batches)
                await wait_transposed(bench, services)
                await check_counts(services, places[load.name], load, outcome)
        for load in (_TAGS, _LONG):
            rows += await _times(bench, url, places[load.name], load.name)
        rows += await _overhead(bench, url, places[_TAGS.name])
        rows += await _memory(bench, url, places[_SMALL.name])
    return rows
