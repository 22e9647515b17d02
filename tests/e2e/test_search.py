"""A search from the page: the dialog, its window with the best and what was pruned, in both schemes and on a phone."""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.pages import check_accessible, picture, signed_in
from support.stack import RunningStack

# The nearer to 0.01, the better; a large rate is hopeless and slow.
_TRAIN = """
import math, time
import mlsteam
from mlsteam import stparams

rate = stparams.get_value("rate", 0.1)
hidden = stparams.get_value("hidden", 32)
track = mlsteam.init()
for step in range(2000 if hidden == 256 else 4):
    track["val/accuracy"].log(0.9 - abs(math.log10(rate) + 2) / 5 - (hidden == 256) + step / 100, step=step)
    time.sleep(0.1 if hidden == 256 else 0)
"""


def _call(stack: RunningStack, path: str, body: Any) -> Any:
    given = stack.client_environment()
    headers = {"Authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}", "Content-Type": "application/json"}
    address = f"{given['MLSTEAM_BACKEND']}/api/v3{path}"
    request = urllib.request.Request(address, headers=headers, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def lab(stack: RunningStack) -> str:
    """The address of a lab to search."""
    project = stack.client_environment()["MLSTEAM_PROJECT"]
    folder: Path = stack.run_dir / "code" / "searched"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(_TRAIN)
    # The first to ask makes the project.
    _call(stack, f"/projects/{project}/tracks", {"name": "by hand"})
    definition = {"code": {"kind": "folder", "path": str(folder)}, "command": ["python", "train.py"]}
    hyperparameters = {"rate": ["log 0.0001:1.0:5"], "hidden": [32, 64, 256]}
    body = {"name": "searched", "definition": definition, "hyperparameters": hyperparameters}
    made = _call(stack, f"/projects/{project}/labs", body)
    return f"{stack.address}/p/{project}/labs/{made['lab_id']}"


def _submit_search(page: Page, lab: str, n_trials: int, *, pruner: str | None = None) -> Page:
    page.goto(lab)
    page.get_by_role("menuitem", name="Submit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Search", exact=True).click()
    expect(dialog.get_by_role("button", name="SUBMIT", exact=True)).to_be_disabled()
    dialog.get_by_role("combobox", name="Objective").fill("val/loss")
    expect(dialog.get_by_role("combobox", name="Direction")).to_have_value("Lower is better")
    dialog.get_by_role("combobox", name="Objective").fill("val/accuracy")
    expect(dialog.get_by_role("combobox", name="Direction")).to_have_value("Higher is better")
    page.keyboard.press("Escape")
    dialog.get_by_label("Trials", exact=True).fill(str(n_trials))
    if pruner:
        dialog.get_by_role("combobox", name="Stop early").click()
        page.get_by_role("option", name=pruner).click()
    expect(dialog.get_by_role("status")).to_have_text(f"Up to {n_trials} trials")
    expect(dialog.get_by_text("any number from 0.0001 to 1, on a log scale")).to_be_visible()
    check_accessible(page)
    picture(page, f"search-submit-{page.viewport_size['width']}")  # type: ignore[index]
    with page.context.expect_page() as opened:
        dialog.get_by_role("button", name="SUBMIT", exact=True).click()
    window = opened.value
    window.wait_for_url("**/submissions/*")
    return window


def test_a_search_shows_the_best_and_what_was_pruned(stack: RunningStack, browser: Browser, lab: str) -> None:
    with signed_in(stack, browser) as page:
        window = _submit_search(page, lab, 10, pruner="Trials worse than the median")
        panel = window.get_by_role("region", name="Search")
        expect(panel.get_by_text("of 10 begun")).to_be_visible()
        expect(panel.get_by_text("All trials are done.")).to_be_visible(timeout=180_000)
        rows = window.locator("tbody tr")
        expect(rows).to_have_count(10)
        # The slow ones were stopped by the search, and nobody else.
        pruned = rows.filter(has_text="Pruned")
        expect(pruned.first).to_contain_text("worse than the median at step")
        expect(rows.get_by_text("Running")).to_have_count(0)
        # The best is the highest of the column.
        values = [float(text) for text in rows.locator("td:nth-child(3)").all_inner_texts() if text.strip() != "—"]
        best = panel.locator("strong").inner_text()
        complete = rows.filter(has_text="Succeeded").locator("td:nth-child(3)").all_inner_texts()
        assert float(best) == max(float(text) for text in complete), (best, values)
        check_accessible(window)
        picture(window, "search-light")
        address = window.url
        window.get_by_role("region", name="Search").get_by_role("link").click()
        window.wait_for_url("**/t/*")
        window.goto(address)
        # The story of a pruned one says so on its own page.
        pruned.first.get_by_role("link").click()
        expect(window.get_by_text(re.compile("pruned: worse than the median at step")).first).to_be_visible()
    for name, options in {
        "dark": {"scheme": "dark"},
        "phone": {"width": 360, "height": 800},
        "zh": {"language": "zh-TW"},
    }.items():
        with signed_in(stack, browser, **options) as page:
            page.goto(address)
            expect(page.locator("tbody tr")).to_have_count(10)
            check_accessible(page)
            wide = page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide
            picture(page, f"search-{name}")


def test_a_search_is_stopped_from_the_page(stack: RunningStack, browser: Browser, lab: str) -> None:
    with signed_in(stack, browser, width=360, height=800) as page:
        window = _submit_search(page, lab, 50)
        expect(window.locator("tbody tr").first).to_be_visible(timeout=60_000)
        window.get_by_role("button", name="STOP SEARCH").click()
        expect(window.get_by_role("dialog")).to_contain_text("No more trials begin")
        window.get_by_role("dialog").get_by_role("button", name="STOP").click()
        expect(window.get_by_text("Stopped by admin.")).to_be_visible()
        expect(window.get_by_role("button", name=re.compile("STOP"))).to_have_count(0, timeout=60_000)
        page.reload()
        expect(page.get_by_role("row").filter(has_text="Search by val/accuracy").first).to_be_visible()
        wide = page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide
        picture(page, "search-listed")
