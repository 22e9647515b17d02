"""How long readers wait over HTTP: charts, windows, comparisons, trees, exports; whatever the points rest in."""

import math
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import numpy as np
import targets
from harness.driver import BenchFailed
from harness.http import Answer, Caller, time_runs
from harness.loads import Load
from harness.options import Options, progress
from harness.places import Place, check_counts, fill, wait_transposed
from harness.questions import KEY, ask, check_series, forms, series
from harness.report import Row, Target
from harness.stack import Bench, Services

# A little less than a million, past which a transposer would take the points at once.
_ONE = Load("1M", clients=1, keys=1, points=19_999)
_ONE_BATCHES = 50
_LONG = Load("long", clients=1, keys=1, points=200_000)
_MANY = Load("200x50k", clients=20, keys=10, points=1000)
_MANY_BATCHES = 50
_TREE = Load("tree", clients=1, keys=10_000, points=1)
_EXPORT_RUNS = 5
_EXPORTS = {"text": 0, "csv": 1}
_NEW_EXPORTS = ("arrow", "parquet")


class Reads:
    """Timed reads of one running track-api, collected as rows."""

    def __init__(self, services: Services, place: Place, options: Options) -> None:
        self._caller = Caller(services.track_port, place.token)
        self._options = options
        self._forms = forms(self._caller, place.tracks[0])
        # Seeded, so that two runs ask for the same windows.
        self._random = np.random.default_rng(7)
        self.rows: list[Row] = []

    def time(
        self, what: str, call: Callable[[], object], *, target: Target | None = None, runs: int | None = None
    ) -> None:
        """Time a call; a server that cannot answer is a row that says so, the reads after it still count."""
        try:
            timing = time_runs(call, runs=self._options.runs)
        except (BenchFailed, OSError) as error:
            self._add(Row("read", what, math.nan, "ms", str(error)[:200], target))
            return
        how = f"p50 of {timing.runs} runs, p95 {timing.p95_s * 1000:.1f} ms"
        self._add(Row("read", what, timing.p50_s * 1000, "ms", how, target))

    def chart(self, what: str, track: str, n_points: int, target: Target | None) -> None:
        """Time a series whole and in windows of 1 %, in every form; each window is another one."""
        self._check(track, n_points)
        width = n_points // 100

        def read_window(accept: str) -> Answer:
            start = int(self._random.integers(0, n_points - width))
            return self._get(series(track, start=start, stop=start + width - 1), accept)

        for form, accept in self._forms.items():
            wanted = target if form == next(iter(self._forms)) else None
            self.time(f"{what}, whole, {form}", partial(self._get, series(track), accept), target=wanted)
            self.time(f"{what}, 1 % windows, {form}", partial(read_window, accept), target=wanted)

    def _check(self, track: str, n_points: int) -> None:
        width = n_points // 100
        try:
            check_series(self._caller, series(track), stored=n_points, drawn=n_points)
            check_series(self._caller, series(track, start=width, stop=2 * width - 1), stored=n_points, drawn=width)
        except OSError as error:
            raise BenchFailed(f"track-api does not answer: {error}") from error

    def floor(self) -> None:
        """Time an address that does nothing: what HTTP and this reader cost by themselves."""
        self.time("an answer without data, /healthz", partial(self._get, "/healthz"))

    def unchanged(self, track: str) -> None:
        """Time the answer to a reader who has it already."""
        mark = ask(self._caller, series(track)).headers["etag"]
        self.time(
            "1 M points asked again, 304",
            lambda: ask(self._caller, series(track), status=304, if_none_match=mark),
            target=targets.READ_MS["304"],
        )

    def many(self, place: Place, n_points: int) -> None:
        """Time 200 series of 20 tracks in one call."""
        keys = [KEY.replace("00000", f"{number:05d}") for number in range(_MANY.keys)]
        question = {"series": [{"track_id": track, "keys": keys} for track in place.tracks], "buckets": 1000}
        path = "/api/v3/series/query"
        found = ask(self._caller, path, body=question).json()["series"]
        if [one["n_drawn"] for one in found] != [n_points] * _MANY.clients * _MANY.keys:
            raise BenchFailed(f"{path} does not show {n_points:,} points of each of 200 series")
        compact = ask(self._caller, path, accept=next(iter(self._forms.values())), body=question)
        offered = self._forms if "json" not in compact.headers["content-type"] else {"JSON": "application/json"}
        for form, accept in offered.items():
            self.time(
                f"200 series x {n_points:,} points, one call, {form}",
                partial(ask, self._caller, path, accept=accept, body=question),
                target=targets.READ_MS["200x50k"] if form == next(iter(offered)) else None,
            )

    def tree(self, track: str) -> None:
        """Time the levels of a tree of 10,000 keys, and all of it."""
        for what, depth, path, target in (
            ("100 folders at the root", 1, "", targets.READ_MS["tree"]),
            ("100 keys of one folder", 1, KEY.partition("/")[0], targets.READ_MS["tree"]),
            ("all levels", 0, "", targets.READ_MS["tree"]),
        ):
            address = f"/api/v3/tracks/{track}/tree?{urlencode({'path': path, 'depth': depth})}"
            self.time(f"tree of 10,000 keys, {what}", partial(self._get, address), target=target)

    def exports(self, track: str, n_points: int) -> None:
        """Time every format of an export that the server knows; lines or points a second."""
        address = f"/api/v3/tracks/{track}/export?{urlencode({'key': KEY})}&format="
        for form in (*_EXPORTS, *_NEW_EXPORTS):
            first = self._caller.call(address + form)
            if first.status == 422 and form in _NEW_EXPORTS:
                progress(f"this server does not export {form}")
                continue
            if form in _EXPORTS and first.body.count(b"\n") != n_points + _EXPORTS[form]:
                raise BenchFailed(f"the export as {form} does not have {n_points:,} lines")
            timing = time_runs(partial(self._get, address + form), runs=_EXPORT_RUNS, warm=1)
            how = f"p50 of {timing.runs} runs, {len(first.body) / n_points:.1f} B a point"
            self._add(Row("read", f"export of 1 M points as {form}, points/s", n_points / timing.p50_s, "", how))

    def _get(self, path: str, accept: str = "*/*") -> Answer:
        return ask(self._caller, path, accept=accept)

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        progress(" ".join(row.cells()[1:4]))


async def _logged_points(bench: Bench, url: str) -> int:
    return int(await bench.execute("SELECT coalesce(sum(n_points), 0)::bigint FROM batch_log", url=url))


async def _read_log(bench: Bench, url: str, options: Options) -> tuple[Place, list[Row]]:
    """Read a series of which no point is transposed yet."""
    n_points = _ONE_BATCHES * _ONE.points
    async with bench.services(url, with_transposer=False) as services:
        place, _ = await fill(services, _ONE, _ONE_BATCHES)
        reads = Reads(services, place, options)
        reads.chart("1 M points in the batch log", place.tracks[0], n_points, targets.READ_MS["1M"])
        if await _logged_points(bench, url) != n_points:
            raise BenchFailed("points left the batch log while they were to be read there")
    return place, reads.rows


async def _read_chunks(bench: Bench, url: str, one: Place, options: Options) -> list[Row]:
    async with bench.services(url) as services:
        many, _ = await fill(services, _MANY, _MANY_BATCHES)
        wide, outcome = await fill(services, _TREE, 1)
        await wait_transposed(bench, services)
        await check_counts(services, wide, _TREE, outcome)
        n_points, track = _ONE_BATCHES * _ONE.points, one.tracks[0]
        reads = Reads(services, one, options)
        reads.floor()
        reads.chart("1 M points", track, n_points, targets.READ_MS["1M"])
        reads.unchanged(track)
        reads.many(many, _MANY_BATCHES * _MANY.points)
        reads.tree(wide.tracks[0])
        reads.exports(track, n_points)
    return reads.rows


async def _read_long(bench: Bench, options: Options) -> list[Row]:
    batches = max(1, options.long_points // _LONG.points)
    n_points = batches * _LONG.points
    what = f"{n_points / 1e6:g} M points"
    async with bench.database() as url, bench.services(url) as services:
        progress(f"logging {what}")
        place, _ = await fill(services, _LONG, batches)
        progress("waiting until they are transposed")
        await wait_transposed(bench, services)
        reads = Reads(services, place, options)
        try:
            reads.chart(what, place.tracks[0], n_points, targets.READ_MS["long"])
        except BenchFailed as error:
            reads.rows.append(Row("read", what, math.nan, "ms", str(error)[:200], targets.READ_MS["long"]))
    return reads.rows


async def run(bench: Bench, options: Options) -> list[Row]:
    """Read out of the batch log, then out of chunks, then the long series."""
    async with bench.database() as url:
        one, rows = await _read_log(bench, url, options)
        rows += await _read_chunks(bench, url, one, options)
    if options.long_points:
        rows += await _read_long(bench, options)
    return rows
