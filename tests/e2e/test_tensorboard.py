"""TensorBoard as people meet it: the button, the frame that stays, a new tab, a selection; with a clean console."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from support.pages import session_of
from support.stack import RunningStack

OUTPUT = Path(__file__).parent / ".output"
STEPS = 300
TRAINING = f"""
import math, mlsteam
for name in ("first wave", "second wave"):
    track = mlsteam.init(name=name)
    track["model/layer"] = 4 if name == "first wave" else 8
    for step in range({STEPS}):
        track["train/loss"].log(math.exp(-step / 80) + 0.05 * math.sin(step / 5), step=step)
    track["notes"].log("half way")
    track.stop()
    print(track.id)
"""


@pytest.fixture(scope="module")
def track_ids(stack: RunningStack) -> list[str]:
    """Two tracks that a training has just written."""
    return stack.train(TRAINING)[-2:]


@pytest.fixture
def page(stack: RunningStack, browser: Browser) -> Iterator[Page]:
    """A signed-in browser that fails the test when anything is written to its console as an error."""
    context = browser.new_context(
        storage_state=session_of(stack, browser), viewport={"width": 1440, "height": 900}, locale="en"
    )
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    context.on("requestfailed", lambda request: errors.append(f"{request.url}: {request.failure}"))
    opened = context.new_page()
    opened.goto(f"{stack.address}/projects")
    yield opened
    # What is under way when a page is left ends; that is no failure.
    assert [error for error in errors if "ERR_ABORTED" not in error] == []
    context.close()


def test_it_is_loaded_before_it_is_asked_for_and_stays(stack: RunningStack, track_ids: list[str], page: Page) -> None:
    page.goto(f"{stack.address}/t/{track_ids[0]}?path=train%2Floss")
    button = page.get_by_role("button", name="SWITCH TO TENSORBOARD")
    with page.expect_response(
        lambda answer: "scalars" in answer.url and "tag" in (answer.request.post_data or answer.url)
    ):
        button.hover()
    frame = page.frame_locator("iframe")
    expect(page.locator("iframe")).to_be_hidden()
    expect(frame.get_by_text("train", exact=False).first).to_be_attached()
    button.click()
    expect(page).to_have_url(re.compile("view=tensorboard"))
    expect(page.locator("iframe")).to_be_visible()
    expect(frame.locator("line-chart, vz-line-chart2").first).to_be_visible()
    page.wait_for_timeout(500)
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "tensorboard.png")
    page.locator("iframe").evaluate("frame => { frame.contentWindow.isTheSame = true }")
    page.get_by_role("button", name="SWITCH TO TRACK").click()
    expect(page.locator("[role=img] canvas").first).to_be_visible()
    page.go_back()
    expect(page.locator("iframe")).to_be_visible()
    assert page.locator("iframe").evaluate("frame => frame.contentWindow.isTheSame")


def test_a_page_that_finds_no_tensorboard_tries_again_by_itself(
    stack: RunningStack, track_ids: list[str], page: Page
) -> None:
    # As whatever stands before tb-proxy answers while that is away; not with its status, which the console would show.
    page.route("**/tb/*/?*", lambda route: route.fulfill(json={"error": "unavailable"}), times=1)
    page.goto(f"{stack.address}/t/{track_ids[0]}?view=tensorboard")
    expect(page.get_by_text("it is tried again by itself")).to_be_visible()
    expect(page.frame_locator("iframe").locator("line-chart, vz-line-chart2").first).to_be_visible()
    expect(page.get_by_text("it is tried again by itself")).to_be_hidden()


def test_dark_pages_get_a_dark_tensorboard(stack: RunningStack, track_ids: list[str], page: Page) -> None:
    page.evaluate("localStorage.setItem('mantine-color-scheme-value', 'dark')")
    page.goto(f"{stack.address}/t/{track_ids[0]}?view=tensorboard")
    frame = page.frame_locator("iframe")
    expect(frame.locator("line-chart, vz-line-chart2").first).to_be_visible()
    expect(frame.locator("body.dark-mode")).to_be_attached()
    page.wait_for_timeout(500)
    page.screenshot(path=OUTPUT / "tensorboard-dark.png")


def test_a_selection_is_one_tensorboard(stack: RunningStack, track_ids: list[str], page: Page) -> None:
    page.goto(f"{stack.address}/p/demo")
    for track_id in track_ids:
        # Another file's tracks may have the same names.
        row = page.get_by_role("row").filter(has=page.locator(f'a[href*="{track_id}"]'))
        row.get_by_role("checkbox").check()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in TensorBoard").click()
    board = opened.value
    assert all(track_id in board.url for track_id in track_ids)
    for name in ("first wave", "second wave"):
        expect(board.get_by_text(name).first).to_be_visible()
    expect(board.locator("line-chart, vz-line-chart2").first).to_be_visible()
    board.wait_for_timeout(500)
    board.screenshot(path=OUTPUT / "tensorboard-selection.png")
    board.goto(board.url.split("?")[0] + "#hparams")
    board.reload()
    expect(board.get_by_text("model/layer").first).to_be_visible()
    board.screenshot(path=OUTPUT / "tensorboard-hparams.png")
