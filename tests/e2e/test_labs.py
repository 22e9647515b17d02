"""Labs and pipelines as the user guide walks through them: SUBMIT and its window, stop, RUN PIPELINE, Use Track."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.lab_pages import make_lab, new_window, project_of, submit
from support.pages import check_accessible, picture, settled, signed_in
from support.stack import RunningStack

# Long enough to be seen running and to be stopped; it never imports mlsteam.
_TRAIN = """
import sys, time
params = open("mlsteam.yml").read()
print("params", params, flush=True)
if "learning_rate: 9" in params:
    sys.exit("diverged")
for n in range(int(sys.argv[1])):
    print("epoch", n, flush=True)
    time.sleep(0.5)
"""


_COMMAND = "python train.py 120"


@pytest.fixture(scope="module")
def code(stack: RunningStack) -> Path:
    """A folder of code that this stack's labs may use."""
    folder = stack.run_dir / "code" / "digits"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(_TRAIN)
    return folder


@pytest.fixture
def page(stack: RunningStack, browser: Browser) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in(stack, browser) as opened:
        yield opened


def test_submit_opens_anew_window_with_the_jobs_as_tracks(stack: RunningStack, code: Path, page: Page) -> None:
    page.goto(f"{stack.address}/p/{project_of(stack)}/labs")
    expect(page.get_by_text("No lab yet")).to_be_visible()
    picture(page, "labs-empty")
    values = ["0.01", "log 1e-3:1e-1:3", "9"]
    make_lab(page, stack, code, "digits", _COMMAND, learning_rate=values)
    page.get_by_role("menuitem", name="Submit").click()
    dialog = page.get_by_role("dialog")
    # 0.01, the three of the range, and 9: expanded by the server.
    expect(dialog.get_by_role("status")).to_have_text("5 jobs")
    check_accessible(page)
    picture(page, "lab-submit")
    with new_window(page) as opened:
        dialog.get_by_role("button", name="SUBMIT", exact=True).click()
    [window] = opened
    window.wait_for_url("**/submissions/*")
    expect(window.get_by_role("heading", level=1, name="digits #1")).to_be_visible()
    rows = window.locator("tbody tr")
    expect(rows).to_have_count(5)
    # Live, though "Reload data" is off; where there is no place, it says so.
    expect(window.get_by_text("Running").first).to_be_visible()
    picture(window, "submission")
    check_accessible(window)
    expect(dialog).to_have_count(0)

    # Stop one of those that run.
    running = rows.filter(has_text="Running").first
    name = running.get_by_role("link").inner_text()
    running.get_by_role("button", name=f"Stop {name}").click()
    window.get_by_role("dialog").get_by_role("button", name="STOP").click()
    row = rows.filter(has=window.get_by_role("link", name=name, exact=True))
    expect(row.get_by_text("Stopped", exact=True)).to_be_visible()

    # The others have had their turn only when there is a place; stopping all ends whatever is there.
    window.get_by_role("button", name="STOP ALL").click()
    window.get_by_role("dialog").get_by_role("button", name="STOP").click()
    # One that ignores the signal has its grace period; one that is just being prepared ends when that is done.
    expect(window.get_by_role("button", name="STOP ALL")).to_have_count(0, timeout=60_000)

    # Submit one again, with another value: a new submission of one job.
    row.get_by_role("button", name=f"Actions for {name}").click()
    window.get_by_role("menuitem", name="Submit again…").click()
    window.get_by_label("learning_rate").fill("9")
    window.get_by_role("dialog").get_by_role("button", name="Submit again").click()
    expect(window.get_by_role("heading", level=1, name="digits #2")).to_be_visible()
    expect(rows).to_have_count(1)
    expect(rows.get_by_text("Failed")).to_be_visible()
    expect(rows.get_by_text("exit code 1")).to_be_visible()
    picture(window, "submission-failed")

    # All that failed.
    window.get_by_role("button", name="Submit again").click()
    window.get_by_role("menuitem", name="The 1 that failed…").click()
    window.get_by_role("dialog").get_by_role("button", name="Submit again").click()
    expect(window.get_by_role("heading", level=1, name="digits #3")).to_be_visible()
    window.close()
    expect(page.get_by_role("link", name="#3", exact=True)).to_be_visible()
    picture(page, "lab")
    check_accessible(page)


def test_the_page_of_a_track_tells_of_its_job_and_stops_it(stack: RunningStack, code: Path, page: Page) -> None:
    make_lab(page, stack, code, "to-stop", _COMMAND, learning_rate=["0.5"])
    window = submit(page)
    window.get_by_role("table").get_by_role("link").first.click()
    job = window.get_by_role("region", name="Job")
    expect(job.get_by_text("Running").first).to_be_visible()
    window.get_by_role("button", name="STOP", exact=True).click()
    window.get_by_role("dialog").get_by_role("button", name="STOP").click()
    expect(job.get_by_text("Stopped").first).to_be_visible()
    expect(job.get_by_text("SIGTERM").first).to_be_visible()
    expect(window.get_by_role("button", name="STOP", exact=True)).to_have_count(0)
    expect(window.get_by_text("learning_rate").first).to_be_visible()
    picture(window, "track-job")
    check_accessible(window)


def test_a_pipeline_runs_with_use_track(stack: RunningStack, code: Path, page: Page) -> None:
    page.goto(f"{stack.address}/p/{project_of(stack)}/pipelines")
    page.get_by_role("link", name="CREATE PIPELINE").first.click()
    page.get_by_role("textbox", name="Name", exact=True).first.fill("release")
    # Made in the wrong order, and put right by keyboard.
    page.get_by_role("textbox", name="Command", exact=True).fill("cat out/model.txt")
    page.get_by_role("button", name="Add action").click()
    page.get_by_role("menuitem", name="Run command").click()
    second = page.get_by_role("region", name="Action 2")
    second.get_by_text("Shell line").click()
    second.get_by_role("textbox", name="Command", exact=True).fill(
        "mkdir out && sleep 5 && echo weights > out/model.txt"
    )
    second.get_by_role("button", name="Move action 2 up").focus()
    page.keyboard.press("Alt+ArrowUp")
    first = page.get_by_role("region", name="Action 1")
    expect(first.get_by_role("textbox", name="Command", exact=True)).to_have_value(re.compile("^mkdir"))
    page.get_by_role("button", name="Add action").click()
    page.get_by_role("menuitem", name="Publish files").click()
    files = page.get_by_role("region", name="Action 3").get_by_label("Files")
    files.first.fill("out/*")
    files.first.press("Enter")
    check_accessible(page)
    picture(page, "pipeline-form")
    page.get_by_role("button", name="CREATE PIPELINE").click()
    expect(page.get_by_text("It has not run yet")).to_be_visible()

    page.get_by_role("button", name="RUN PIPELINE").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Comment").fill("the first one")
    dialog.get_by_role("switch", name="Use Track").click()
    expect(dialog.get_by_role("switch", name="Use Track")).to_be_checked()
    check_accessible(page)
    picture(page, "run-dialog")
    dialog.get_by_role("button", name="RUN NOW").click()
    expect(page.get_by_role("heading", level=1, name="release #1")).to_be_visible()
    steps = page.get_by_role("list", name="Actions").get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(steps.nth(2)).to_contain_text("Succeeded")
    steps.nth(1).get_by_role("button").first.click()
    expect(page.get_by_role("log").get_by_text("weights")).to_be_visible()
    picture(page, "run")
    check_accessible(page)
    page.get_by_role("link", name="OPEN TRACK").click()
    page.wait_for_url("**/t/*")
    expect(page.get_by_role("treeitem", name=re.compile("files"))).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("heading", level=1, name="release #2")).to_be_visible()
    page.get_by_role("button", name="STOP", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="STOP").click()
    expect(page.get_by_role("main").get_by_text("Stopped").first).to_be_visible()


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [(1440, "en", "dark"), (1440, "zh-TW", "light"), (360, "en", "light"), (360, "zh-TW", "dark")],
)
def test_every_page_in_other_looks(
    stack: RunningStack, browser: Browser, width: int, language: str, scheme: str
) -> None:
    project = project_of(stack)
    with signed_in(stack, browser, width=width, height=760, language=language, scheme=scheme) as page:
        base = f"{stack.address}/p/{project}"
        look = f"{width}-{language}-{scheme}"

        def check(name: str) -> None:
            settled(page)
            check_accessible(page)
            picture(page, f"{name}-{look}")
            assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), name

        page.goto(f"{base}/labs")
        page.get_by_role("link", name=re.compile("^digits")).click()
        page.get_by_role("link", name="#1", exact=True).wait_for()
        check("lab")
        page.get_by_role("menuitem").first.click()
        page.get_by_role("dialog").get_by_role("table").wait_for()
        check("lab-submit")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="#1", exact=True).click()
        page.get_by_role("table").wait_for()
        check("submission")
        page.goto(f"{base}/labs")
        page.get_by_role("link", name=re.compile("^digits")).wait_for()
        check("labs")
        page.goto(f"{base}/labs/new")
        page.get_by_role("heading", level=1).wait_for()
        check("lab-form")
        page.goto(f"{base}/pipelines")
        page.get_by_role("link", name=re.compile("^release")).click()
        page.get_by_role("link", name="#1", exact=True).wait_for()
        check("pipeline")
        page.get_by_role("link", name="#1", exact=True).click()
        page.get_by_role("log").wait_for()
        check("run")
