"""The tracks table and the comparison as a person feels them: from an action to the picture, in Chromium.

10,000 tracks with 50 parameters and 50 metrics each; beside them 100 tracks with points to compare. Every figure is the
time from an event in the page to the first frame that shows its result, answers of the real services included.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable

import numpy as np
import targets
from harness.driver import BenchFailed, send
from harness.loads import Load, Plan
from harness.options import Options, progress
from harness.places import Place, make_place
from harness.report import Row
from harness.stack import ROOT, Bench, Services
from playwright.sync_api import Page, sync_playwright

from services.accounts.actions import LINK_LASTS, ensure_administrator
from services.accounts.store import insert_link
from services.core.clock import SystemClock
from services.projects.store import create_project
from services.storage.database import Database

sys.path.append(str(ROOT / "tests"))

from support.many_tracks import seed_tracks

_N_TRACKS = 10_000
_COMPARED = Load("compared", clients=100, keys=4, points=1000)
# Waits in frames of the page itself, so that the way to here and back is not counted.
_MEASURE = """async ([act, done]) => {
  const wait = new Function('return ' + done);
  const frame = () => new Promise((go) => requestAnimationFrame(go));
  const began = performance.now();
  new Function(act)();
  while (!wait()) {
    if (performance.now() - began > 30000) throw new Error('never: ' + done);
    await frame();
  }
  await frame();
  return performance.now() - began;
}"""
_FIRST_NAME = "document.querySelector('tbody tr a')?.textContent"
_REMEMBER = f"window.before = {_FIRST_NAME};"
_OTHER_FIRST = f"{_FIRST_NAME} && {_FIRST_NAME} !== window.before"
_SCROLL = "const box = document.querySelector('[data-testid=tracks]'); "


def _write(value: str) -> str:
    return (
        "const field = document.querySelector('[data-hotkey=filter]');"
        "Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set"
        f".call(field, {value!r}); field.dispatchEvent(new Event('input', {{bubbles: true}}));"
    )


async def _prepare(url: str) -> tuple[str, str]:
    """Make the tracks; return the name of their project and the secret of a sign-in link."""
    database = Database(url, pool_size=2)
    try:
        async with database.transaction() as session:
            principal = await ensure_administrator(session)
            project = await create_project(session, principal, "many")
            link = await insert_link(session, principal.user_id, SystemClock().now() + LINK_LASTS)
        await seed_tracks(database, project.project_id, _N_TRACKS)
    finally:
        await database.close()
    return project.name, link


async def _compared(services: Services) -> Place:
    place = await make_place(services.database_url, _COMPARED.clients)
    await send(Plan(_COMPARED, services.ingest_port, place.token, place.tracks, 0.0, 0.0, 1))
    return place


def _chromium() -> str:
    names = (os.environ.get("MLSTEAM_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if found is None:
        raise BenchFailed("there is no Chromium: set MLSTEAM_CHROMIUM")
    return found


def _table(page: Page, address: str, project: str, runs: int) -> list[tuple[str, list[float]]]:
    figures: list[tuple[str, list[float]]] = []

    def measure(name: str, act: Callable[[int], str], done: Callable[[int], str]) -> None:
        took = []
        for run in range(runs):
            took.append(float(page.evaluate(_MEASURE, [act(run), done(run)])))
            page.wait_for_timeout(150)
        figures.append((name, took))

    params = [f"p.extra/param_{at:02}" for at in range(40)]
    columns = ",".join(["name", "status", "m.val/loss", *params, *(name for name in _METRICS if name != "m.val/loss")])
    page.goto(f"{address}/p/{project}?cols={columns}")
    page.wait_for_selector("tbody tr a", timeout=60_000)
    # The first question about a value waits until the table is loaded; that is a figure of its own.
    page.evaluate(_MEASURE, [_REMEMBER + _click("val/loss"), _OTHER_FIRST])
    measure("sort by a metric", lambda _: _REMEMBER + _click("val/loss"), lambda _: _OTHER_FIRST)
    measure("sort by a parameter", lambda _: _REMEMBER + _click("extra/param_00"), lambda _: _OTHER_FIRST)
    measure(
        "jump to any row",
        lambda run: _SCROLL + f"box.scrollTop = {(run * 1371 % 9800) * 36}",
        lambda run: f"document.querySelector('[data-line=\"{run * 1371 % 9800 + 10}\"] a')",
    )
    measure(
        "scroll to the other end of 92 columns",
        lambda run: _SCROLL + f"box.scrollLeft = {0 if run % 2 else 99999}",
        lambda run: f"document.querySelector('th[aria-colindex=\"{4 if run % 2 else 92}\"]')",
    )
    page.evaluate(_SCROLL + "box.scrollTop = 0; box.scrollLeft = 0")
    measure(
        "filter as it is written",
        lambda run: _write(f"m.val/loss<0.{3 + run % 3} p.optimizer:adam"),
        lambda run: (
            f"location.search.includes('0.{3 + run % 3}') && document.querySelectorAll('tbody tr a').length > 5"
            " && !document.querySelector('.busy')"
        ),
    )
    page.evaluate(_MEASURE, [_write(""), "/10,?000 tracks/.test(document.body.innerText)"])
    measure(
        "select all",
        lambda run: "document.querySelector('thead input').click()",
        lambda run: f"document.body.innerText.includes('10000 selected') === {'false' if run % 2 else 'true'}",
    )
    return figures


_METRICS = [
    f"m.{key}" for key in ("train/loss", "val/loss", "val/accuracy", *(f"layer_{at:02}/norm" for at in range(47)))
]


def _click(header: str) -> str:
    return (
        "[...document.querySelectorAll('thead th button')]"
        f".find((one) => one.title.replace(/^[pm]\\./, '') === {header!r}).click();"
    )


def _compare(page: Page, address: str, project: str, ids: list[str], runs: int) -> list[tuple[str, list[float]]]:
    here = f"{address}/p/{project}/compare?t={','.join(ids)}"
    # A chart says which axis its lines are drawn on: the old picture stays until the new one is there.
    drawn = "[...document.querySelectorAll('section[data-x]')].filter((one) => one.dataset.x === '{}').length === 4"

    def change(axis: str) -> float:
        act = f"document.querySelector('input[type=radio][value={axis}]').click()"
        return float(page.evaluate(_MEASURE, [act, drawn.format(axis)]))

    is_there = f"() => {drawn.format('step')} && document.querySelectorAll('canvas').length === 4"
    took, asked = [], []
    for _ in range(runs):
        # Before the page has thought of it by itself.
        page.goto(here)
        page.wait_for_function(is_there)
        asked.append(change("time"))
    page.goto(here)
    page.wait_for_function(is_there)
    page.wait_for_timeout(2000)
    for run in range(runs):
        took.append(change(("time", "step", "relative", "step")[run % 4]))
        page.wait_for_timeout(300)
    return [
        ("compare 100 tracks: another axis of 4 charts", took),
        ("the same at once after the page is there: the server is asked", asked),
    ]


def _browse(services: Services, project: str, link: str, compared: tuple[str, list[str]], runs: int) -> list[Row]:
    address = f"http://127.0.0.1:{services.track_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        page.goto(f"{address}/sign-in#token={link}")
        page.wait_for_url("**/projects**")
        figures = _table(page, address, project, runs) + _compare(page, address, *compared, runs)
        browser.close()
    how = f"median of {runs} in Chromium, 10,000 tracks x 100 columns; "
    return [
        Row("page", name, float(np.median(took)), "ms", how + f"slowest {max(took):.0f}", targets.PAGE_MS)
        for name, took in figures
    ]


async def run(bench: Bench, options: Options) -> list[Row]:
    """Fill a project, browse it, and say how long everything took."""
    async with bench.database() as url:
        progress("10,000 tracks")
        project, link = await _prepare(url)
        async with bench.services(url) as services:
            progress("100 tracks to compare")
            place = await _compared(services)
            name = await bench.execute(
                "SELECT name FROM projects WHERE name LIKE 'bench-%' LIMIT 1", url=services.database_url
            )
            progress("Chromium")
            runs = max(5, min(options.runs, 10))
            return await asyncio.to_thread(_browse, services, project, link, (name, place.tracks), runs)
