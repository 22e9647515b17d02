"""How long the page of a large track lets people wait, in a real browser on the real stack: `make bench-page`.

A track of 100,000 keys and a console of a million lines. Each figure is from an action to the picture that shows its
effect, the median of several; the page must be built (`make install`). Prints one table.
"""

import json
import os
import shutil
import statistics
import sys
import time
import urllib.request
import uuid
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.stack import RunningStack, running_stack

KEYS, FLAT, LINES, CHARTS = 50_000, 50_000, 1_000_000, 60
TARGET_MS = 200.0
RUNS = 7


class Filler:
    """Sends batches in JSON to one track."""

    def __init__(self, stack: RunningStack, name: str) -> None:
        given = stack.client_environment()
        self._address, self._token = given["MLSTEAM_BACKEND"], given["MLSTEAM_API_TOKEN"]
        self.track = self._post(f"/api/v3/projects/{given['MLSTEAM_PROJECT']}/tracks", {"name": name})["track_id"]
        self._writer, self._seq = uuid.uuid4().hex, 0

    def _post(self, path: str, body: object) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._address + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return dict(json.loads(answer.read()))

    def send(self, **entries: object) -> None:
        """Send one batch."""
        self._seq += 1
        body = {"writer": self._writer, "seq": self._seq, **entries}
        self._post(f"/api/v3/ingest/tracks/{self.track}/batches", body)


def fill(stack: RunningStack) -> str:
    """Make the large track."""
    to = Filler(stack, "a large track")
    for start in range(0, KEYS, 5000):
        keys = [f"layers/block{n // 1000}/weight{n % 1000}" for n in range(start, start + 5000)]
        to.send(series=[{"keys": keys, "values": [float(n) for n in range(5000)], "counts": [1] * 5000}])
    for start in range(0, FLAT, 5000):
        keys = [f"flat/key{n}" for n in range(start, start + 5000)]
        to.send(series=[{"keys": keys, "values": [float(n) for n in range(5000)], "counts": [1] * 5000}])
    for n in range(CHARTS):
        values = [(step * (n + 1)) % 97 / 10 for step in range(3000)]
        to.send(series=[{"key": f"charts/metric{n}", "values": values, "steps": list(range(3000))}])
    for start in range(0, LINES, 10_000):
        lines = [
            f"\x1b[32mINFO\x1b[0m epoch {n // 1000} step {n} loss {1 / (n + 1):.8f}"
            for n in range(start, start + 10_000)
        ]
        if start == LINES // 2:
            lines[77] = "a needle in the hay"
        times = [n / 10 for n in range(start, start + 10_000)]
        errors = {"stream": "stderr", "lines": [f"warning {n}" for n in times[::100]], "times": times[::100]}
        to.send(console=[{"stream": "stdout", "lines": lines, "times": times}, errors])
    return to.track


# Until what is waited for is there and has been painted.
_TIMED = """async ([act, seen]) => {
  const run = new Function('return (' + act + ')')(), isSeen = new Function('return (' + seen + ')')();
  const start = performance.now();
  run();
  while (!isSeen()) {
    if (performance.now() - start > 30000) throw new Error('never seen: ' + seen);
    await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""


class Report:
    """Timed actions, as rows."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.rows: list[tuple[str, float, float]] = []

    def time(self, what: str, steps: list[tuple[str, str]]) -> None:
        """Do each step once, and note the median and the worst."""
        found = [float(self._page.evaluate(_TIMED, list(step))) for step in steps]
        self.rows.append((what, statistics.median(found), max(found)))

    def print(self) -> bool:
        """Say all of it; return whether the targets were met."""
        for what, median, worst in self.rows:
            mark = "" if median <= TARGET_MS else "  over the target"
            print(f"{what:<58} {median:7.0f} ms  worst {worst:7.0f} ms{mark}")
        return all(median <= TARGET_MS for _, median, _ in self.rows)


_ROW = "[...document.querySelectorAll('[role=treeitem]')]"
_PRESS = """() => document.querySelector('[role=tree]').dispatchEvent(
  new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"""
_SET = """() => {{ const box = document.querySelector('{box}');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, '{text}');
  box.dispatchEvent(new Event('input', {{bubbles: true}})) }}"""


def _has(text: str) -> str:
    return f"() => {_ROW}.some((row) => row.textContent.includes('{text}'))"


def measure_tree(page: Page, report: Report) -> None:
    """Open folders, jump through 50,000 entries, search 100,000 keys."""
    click = "() => " + _ROW + ".find((row) => row.textContent.includes('{name}')).firstElementChild.click()"
    # The lower one first: an open folder pushes what stands below it out of sight.
    opened = [(click.format(name="layers"), _has("block0")), (click.format(name="flat"), _has("key0"))]
    report.time("open a folder of 50 folders; of 50,000 leaves", opened)
    ends = []
    for _ in range(RUNS // 2):
        ends += [(_PRESS.format(key="End"), _has("block49")), (_PRESS.format(key="Home"), _has("flat"))]
    report.time("End and Home in the open tree", ends)
    words = [f"weight{n}99" for n in range(1, RUNS)]
    box = "#tree-filter"
    report.time(
        "type into the filter of 100,000 keys",
        [(_SET.format(box=box, text=word), _has(word)) for word in words],
    )
    page.evaluate(_SET.format(box=box, text=""))


def measure_console(page: Page, report: Report, name: str, per_10k: int) -> None:
    """Jump, scroll and search in a million lines; of ten thousand of stdout so many stand in what is shown."""
    log = "document.querySelector('[role=log]')"
    seen = "() => " + log + ".textContent.includes('step {n} ')"
    jumps = [
        (f"() => {{ {log}.scrollTop = {n // 10_000 * per_10k} * 20 }}", seen.format(n=n + 5))
        # What is looked for stands between two lines of stderr.
        for n in range(100_000, 900_000, 800_000 // RUNS // 10_000 * 10_000)
    ]
    report.time(f"{name}: scroll to anywhere in 1,000,000 lines", jumps)
    box = 'input[aria-label="Search"]'
    needle = (_SET.format(box=box, text="a needle in"), f"() => {log}.querySelector('mark') !== null")
    report.time(f"{name}: search for one line (typing pause included)", [needle])
    often = (_SET.format(box=box, text="loss"), f"() => {log}.querySelector('mark')?.textContent === 'loss'")
    report.time(f"{name}: search for what is in every line, first hit", [often])


def measure_charts(page: Page, report: Report) -> None:
    """Scroll through sixty charts, and count the frames that came late."""
    page.wait_for_function("() => document.querySelectorAll('[role=img] canvas').length > 3")
    frames = page.evaluate(
        """async () => {
          const pane = document.querySelector('[role=img]').closest('main').querySelectorAll('*');
          const scroller = [...pane].find((one) => one.scrollHeight > one.clientHeight + 500
            && getComputedStyle(one).overflowY === 'auto' && one.querySelector('canvas'));
          const scroll = async () => {
            const took = []; let last = performance.now();
            for (scroller.scrollTop = 0; scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight - 5;) {
              scroller.scrollTop += 40;
              await new Promise(requestAnimationFrame);
              const now = performance.now(); took.push(now - last); last = now;
            }
            return took.sort((a, b) => a - b);
          };
          await scroll();
          await new Promise((resume) => setTimeout(resume, 3000));
          return await scroll();
        }"""
    )
    at = [frames[int(len(frames) * share)] for share in (0.5, 0.95)]
    report.rows.append(("a frame while scrolling through 60 charts, p50; p95 as worst", at[0], at[1]))


def main() -> int:
    """Fill, look, print."""
    chromium = os.environ.get("MLSTEAM_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with running_stack() as stack, sync_playwright() as playwright:
        track = fill(stack)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en")
        page.goto(stack.link())
        page.wait_for_url("**/projects**")
        report = Report(page)
        begun = time.perf_counter()
        page.goto(f"{stack.address}/t/{track}?path=charts%2Fmetric1")
        page.wait_for_selector("[role=treeitem]")
        report.rows.append(("load the page of the track, tree shown", (time.perf_counter() - begun) * 1000, 0.0))
        page.goto(f"{stack.address}/t/{track}")
        page.wait_for_selector("[role=treeitem]")
        page.wait_for_timeout(1500)
        measure_tree(page, report)
        for name, more, per_10k in (("stdout", "", 10_000), ("both streams", "&both=true", 10_100)):
            page.goto(f"{stack.address}/t/{track}?path=console%2Fstdout{more}")
            page.wait_for_selector("[role=log] [data-index]")
            page.wait_for_timeout(1000)
            measure_console(page, report, name, per_10k)
        page.goto(f"{stack.address}/t/{track}?path=charts")
        measure_charts(page, report)
        loaded = page.evaluate(
            "() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('.js'))"
            ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
        )
        browser.close()
    met = report.print()
    print(f"JavaScript loaded for the overview of a folder: {loaded / 1000:.0f} kB as sent")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
