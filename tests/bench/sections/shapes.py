"""Series that are not as most are, at full size: steps backwards, again and again, in any order; strings among numbers;
a track of a hundred thousand keys.

Every chart is compared, bucket by bucket, with what numpy finds in the points themselves; a wrong one fails the run.
"""

import http.client
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import numpy as np
import targets
from harness.bodies import key_name
from harness.driver import BenchFailed
from harness.http import Caller, time_runs
from harness.options import Options, progress
from harness.places import Place, make_place, wait_transposed
from harness.questions import ask
from harness.report import Row
from harness.stack import Bench, Services
from numpy.typing import NDArray

from services.core.values import WireType
from services.storage.batch_body import WireBatch, WireSeries, encode_body, encode_series

Floats = NDArray[np.float64]
_BATCH = 200_000
_BLOCK = 64
_BUCKETS = 1000
_EXACT = 2_000_000
_TEXT_EVERY = 10
_MSGPACK = "application/vnd.mlsteam.batch+msgpack"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the steps of a series go; `has_texts`: each tenth point is a string."""

    name: str
    steps: Callable[[int, np.random.Generator], Floats]
    has_texts: bool = False


def _again(n: int, _: np.random.Generator) -> Floats:
    return np.concatenate([np.arange(n * 0.6), np.arange(n * 0.5, n * 0.9)])[:n]


SHAPES = [
    Shape("each step ten times", lambda n, _: np.arange(n) // 10.0),
    Shape("begun again at 5/6", _again),
    Shape("the same 65,536 steps again and again", lambda n, _: np.arange(n) % 65_536.0),
    Shape("in any order", lambda n, rng: rng.permutation(n).astype(np.float64)),
    Shape("every tenth a string", lambda n, _: np.arange(float(n)), has_texts=True),
]
_REVERSED = Shape("backwards", lambda n, _: np.arange(n, 0.0, -1.0))


@dataclass(frozen=True, slots=True)
class Logged:
    """All points of a series, in order of arrival."""

    steps: Floats
    values: Floats


class Log:
    """Sends batches of one track, one after the other."""

    def __init__(self, services: Services, place: Place) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", services.ingest_port, timeout=60)
        self._path = f"/api/v3/ingest/tracks/{place.tracks[0]}/batches"
        self._headers = {
            "Authorization": f"Bearer {place.token}",
            "Content-Type": _MSGPACK,
        }
        self._writer, self._seq = uuid.uuid4().hex, 0

    def send(self, series: list[WireSeries]) -> None:
        """Send the next batch. Raises: BenchFailed when it is not taken."""
        self._seq += 1
        body = encode_body(WireBatch(v=1, writer=self._writer, seq=self._seq, sent_at=time.time(), series=series))
        while True:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            said = answer.read()
            if answer.status == 200:
                break
            if answer.status != 429:
                raise BenchFailed(f"a batch was answered {answer.status}: {said[:300]!r}")
            time.sleep(0.1)
        if b'"rejects":[]' not in said.replace(b" ", b""):
            raise BenchFailed(f"a batch was not taken whole: {said[:300]!r}")


def _batches(shape: Shape, logged: Logged) -> Iterator[list[WireSeries]]:
    for start in range(0, len(logged.steps), _BATCH):
        at = np.arange(start, min(start + _BATCH, len(logged.steps)))
        is_text = (at % _TEXT_EVERY == 0) & shape.has_texts
        series = []
        for kind, places in (WireType.F64, at[~is_text]), (WireType.STR, at[is_text]):
            if len(places):
                times, steps, n = 1e9 + places / 100, logged.steps[places], [len(places)]
                values: Any = logged.values[places]
                if kind is WireType.STR:
                    values = [f"point {place}" for place in places.tolist()]
                series.append(encode_series(["k"], kind, values, times, counts=n, steps=steps))
        yield series


def _chart(track: str, start: float | None, stop: float | None) -> str:
    asked: dict[str, object] = {"key": "k", "buckets": _BUCKETS}
    if start is not None:
        asked |= {"from": start, "to": stop}
    return f"/api/v3/tracks/{track}/series?{urlencode(asked)}"


def _check(shape: Shape, answer: dict[str, Any], x: Floats, values: Floats) -> None:
    """Compare an answer with points in order of x, one a step. Raises: BenchFailed."""
    [view], grid = answer["series"], answer["grid"]
    if len(x) <= _EXACT and not view["is_exact"]:
        raise BenchFailed(f"{shape.name}: {len(x):,} points in the window, and it is not drawn exactly")
    found = {name: np.array(column, np.float64) for name, column in view["buckets"].items()}
    edges = grid["from"] + (grid["to"] - grid["from"]) * np.arange(grid["n"] + 1) / grid["n"]
    own = np.searchsorted(x, edges[:-1])
    ends = np.cumsum(found["count"]).astype(np.int64)
    begins = np.concatenate([[0], ends[:-1]])
    lent = 0 if view["is_exact"] else _BLOCK - 1
    # An edge that falls on a point may be a rounding away from it.
    off = begins - own
    if view["n_drawn"] != len(x) or ends[-1] != len(x) or off.min() < -1 or off.max() > lent + 1:
        raise BenchFailed(
            f"{shape.name}: {ends[-1]:,} of {len(x):,} points, {off.min()} to {off.max()} off their column"
        )
    filled = np.flatnonzero(found["count"] > 0)
    low, high = np.fmin.reduceat(values, begins[filled]), np.fmax.reduceat(values, begins[filled])
    total = np.add.reduceat(np.nan_to_num(values), begins[filled])
    n_finite = found["count"][filled] - found["nonfinite"][filled]
    wrong = (found["min"][filled] != low) | (found["max"][filled] != high)
    wrong |= np.abs(found["mean"][filled] * n_finite - total) > 1e-6 * np.maximum(1, np.abs(total))
    if wrong.any():
        raise BenchFailed(f"{shape.name}: {np.count_nonzero(wrong)} of {len(filled)} columns are wrong")


def _in_order(logged: Logged) -> tuple[Floats, Floats]:
    # Times rise, so the last one of a step is the newest.
    order = np.argsort(logged.steps, kind="stable")
    x = logged.steps[order]
    kept = order[np.append(x[1:] != x[:-1], True)]
    return logged.steps[kept], logged.values[kept]


async def _draw(bench: Bench, options: Options, shape: Shape, n: int) -> list[Row]:
    rng = np.random.default_rng(3)
    values = np.round(rng.standard_normal(n), 6)
    steps = shape.steps(n, rng)
    logged = Logged(steps, values)
    what = f"{n / 1e6:g} M points, {shape.name}"
    progress(f"logging {what}")
    async with bench.database() as url, bench.services(url) as services:
        place = await make_place(url, 1)
        log = Log(services, place)
        for series in _batches(shape, logged):
            log.send(series)
        if shape.has_texts:
            values = np.where(np.arange(n) % _TEXT_EVERY == 0, np.nan, values)
        x, drawn = _in_order(Logged(steps, values))
        caller = Caller(services.track_port, place.token)
        waited = await wait_transposed(bench, services)
        began = time.perf_counter()
        first = ask(caller, _chart(place.tracks[0], None, None)).json()
        rows = [
            Row("shapes", f"{what}: first chart", time.perf_counter() - began, "s", f"transposed {waited:.1f} s after")
        ]
        _check(shape, first, x, drawn)
        span = x[-1] - x[0]
        windows = [(x[0] + span * share, x[0] + span * (share + 0.01)) for share in rng.uniform(0, 0.98, 12)]
        for start, stop in windows[:4]:
            inside = slice(np.searchsorted(x, start, "left"), np.searchsorted(x, stop, "right"))
            if inside.stop - inside.start > _BUCKETS:
                answer = ask(caller, _chart(place.tracks[0], start, stop)).json()
                _check(shape, answer, x[inside], drawn[inside])
        compact = "application/vnd.mlsteam.series+msgpack"
        again = iter(windows[4:] * 100)
        for name, call, runs in (
            ("whole", partial(ask, caller, _chart(place.tracks[0], None, None), accept=compact), options.runs),
            ("1 % windows", lambda: ask(caller, _chart(place.tracks[0], *next(again)), accept=compact), options.runs),
        ):
            timing = time_runs(call, runs=runs, at_most_s=10)
            how = f"p50 of {timing.runs} runs, p95 {timing.p95_s * 1000:.1f} ms; compared with numpy"
            rows.append(Row("shapes", f"{what}: {name}", timing.p50_s * 1000, "ms", how))
        caller.close()
    for row in rows:
        progress(" ".join(row.cells()[1:4]))
    return rows


_WIDE_KEYS = 100_000


async def _wide(bench: Bench, options: Options) -> list[Row]:
    """Log to a hundred thousand keys, and read their tree."""
    rng = np.random.default_rng(4)
    keys = [key_name(number) for number in range(_WIDE_KEYS)]
    rows = []
    async with bench.database() as url, bench.services(url) as services:
        place = await make_place(url, 1)
        log = Log(services, place)
        took = []
        for step in range(10):
            columns = np.round(rng.standard_normal((_WIDE_KEYS, 1)), 6)
            texts = [f"note {step}"] * 100
            series = [
                encode_series(keys, WireType.F64, columns, np.array([1e9 + step]), steps=np.array([float(step)])),
                encode_series(keys[:100], WireType.STR, texts, np.full(100, 1e9 + step + 0.5), counts=[1] * 100),
            ]
            began = time.perf_counter()
            log.send(series)
            took.append(time.perf_counter() - began)
        rows.append(Row("shapes", "100,000 new keys in one batch", took[0], "s", "until it was committed"))
        rows.append(Row("shapes", "the next batches of 100,000 keys", float(np.median(took[1:])), "s", "median of 9"))
        waited = await wait_transposed(bench, services)
        rows.append(Row("shapes", "1 M points of 100,000 keys until transposed", waited, "s", "after the last batch"))
        caller = Caller(services.track_port, place.token)
        track = f"/api/v3/tracks/{place.tracks[0]}/"
        found = ask(caller, f"{track}tree?path=layer000&depth=1").json()["entries"]
        if [entry["leaf"]["n_points"] for entry in found] != [20] * 100:
            raise BenchFailed(f"a folder of the wide track does not show its points: {str(found)[:300]}")
        questions = {
            "1,000 folders at the root": ("tree", {"path": "", "depth": 1}),
            "100 keys of one folder": ("tree", {"path": "layer500", "depth": 1}),
            "10 keys found by letters": ("leaves", {"q": "K0777", "limit": 100}),
        }
        for what, (route, asked) in questions.items():
            timing = time_runs(
                partial(ask, caller, f"{track}{route}?{urlencode(asked)}"), runs=options.runs, at_most_s=10
            )
            how = f"p50 of {timing.runs} runs, p95 {timing.p95_s * 1000:.1f} ms"
            rows.append(
                Row("shapes", f"tree of 100,000 keys, {what}", timing.p50_s * 1000, "ms", how, targets.READ_MS["tree"])
            )
        caller.close()
    for row in rows:
        progress(" ".join(row.cells()[1:4]))
    return rows


async def run(bench: Bench, options: Options) -> list[Row]:
    """Draw each shape, at a fifth of the length of the long series, backwards at its full length."""
    rows = await _wide(bench, options)
    if options.long_points:
        for shape in SHAPES:
            rows += await _draw(bench, options, shape, max(_BATCH, options.long_points // 5))
        rows += await _draw(bench, options, _REVERSED, options.long_points)
    return rows
