"""The page of a track, as people use it: every kind of thing that was logged, by pointer and by keyboard."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.pages import check_accessible, picture, settled, signed_in
from support.rich_track import LINES, RICH, STEPS
from support.stack import RunningStack

_SEEN_EVERYWHERE = (
    "", "loss", "loss%2Ftrain", "console%2Fstdout", "files", "files%2Ftrain.py", "samples%2F00000100.png",
)  # fmt: skip


@pytest.fixture(scope="module")
def track_id(stack: RunningStack) -> str:
    """A track with everything in it."""
    return stack.train(RICH)[-1]


@pytest.fixture
def page(stack: RunningStack, browser: Browser) -> Iterator[Page]:
    """A signed-in page."""
    with signed_in(stack, browser) as opened:
        yield opened


def _open(page: Page, stack: RunningStack, track_id: str, path: str = "", **search: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in {"path": path, **search}.items() if value)
    page.goto(f"{stack.address}/t/{track_id}?{query}")


def test_the_overview_tells_what_matters(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id)
    expect(page.get_by_role("heading", name="What I saw")).to_be_visible()
    expect(page.get_by_role("button", name="packages")).to_be_visible()
    expect(page.get_by_text("1 process", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Series"))).to_be_visible()
    expect(page.locator("[role=img] canvas").first).to_be_visible()
    assert page.evaluate("() => window.hacked") is None
    expect(page.get_by_role("cell", name="1.2345e-17")).to_be_visible()
    expect(page.get_by_role("cell", name="4611686018427387904")).to_be_visible()
    picture(page, "track-overview")
    check_accessible(page)


def test_the_tree_is_walked_by_keyboard(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id)
    tree = page.get_by_role("tree")
    tree.focus()
    # Down does not wait for the eye: it leads into the folder although its rows are still on their way.
    for key in ("Home", "l", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(page.get_by_role("treeitem", name=re.compile("^train"))).to_have_attribute("data-active", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("path=loss%2Ftrain"))
    expect(page.get_by_role("treeitem", name=re.compile("^train"), selected=True)).to_be_visible()
    page.keyboard.press("j")  # type-ahead: the tree has the focus, so this is no shortcut
    expect(page).to_have_url(re.compile("path=loss%2Ftrain"))
    page.get_by_role("heading", name="a rich track").click()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("path=loss%2Fval"))
    filtering = page.get_by_role("textbox", name="Filter")
    filtering.fill("val")
    found = page.get_by_role("status").filter(has_text=re.compile(r"\d+ matches"))
    expect(found).to_be_visible()
    expect(page.get_by_role("treeitem", name=re.compile("^train"))).to_have_count(0)
    filtering.press("Escape")
    expect(filtering).to_have_value("")
    expect(page.get_by_role("treeitem", name=re.compile("^train"))).to_be_visible()
    page.get_by_role("button", name="Pin to the top of the tree").click()
    pinned = page.get_by_role("list", name="Pinned")
    expect(pinned.get_by_role("button", name="loss/val", exact=True)).to_be_visible()
    page.reload()
    expect(pinned.get_by_role("button", name="loss/val", exact=True)).to_be_visible()
    check_accessible(page)
    page.get_by_role("heading", name="a rich track").click()
    page.keyboard.press("[")
    expect(tree).to_have_count(0)
    page.keyboard.press("[")
    expect(tree).to_be_visible()


def test_a_chart_is_zoomed_smoothed_shared_and_read(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "loss%2Ftrain")
    facts = page.locator("dl").first
    expect(facts).to_contain_text(re.compile(rf"drawn [\d,]+ of {STEPS:,} points"))
    expect(facts).to_contain_text("at step 1234")
    over = page.locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    with page.expect_request(lambda request: "/series?" in request.url and "from=" in request.url):
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 80, steps=4)
        page.mouse.up()
    expect(page).to_have_url(re.compile(r"lo=[\d.]+.*hi=[\d.]+"))
    expect(facts).to_contain_text("in this range")
    # A link shows a colleague the same.
    shared = page.url
    page.goto(shared)
    expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.get_by_label("Smoothing, from 0 to 0.999").fill("0.9")
    expect(page).to_have_url(re.compile("smooth=0.9"))
    page.get_by_label("Log Y").check(force=True)
    page.get_by_label("Ignore outliers").check(force=True)
    expect(page).to_have_url(re.compile("ylog=true.*out=true|out=true.*ylog=true"))
    over.dblclick()
    expect(page).not_to_have_url(re.compile("lo="))
    page.get_by_role("img", name=re.compile("^loss.train, ")).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status").filter(has_text="Step")).to_contain_text(re.compile(r"Step \d+"))
    page.wait_for_timeout(300)
    picture(page, "chart")
    check_accessible(page)
    page.get_by_role("button", name="Add a series to this chart").click()
    page.get_by_role("option", name="loss/val").click()
    expect(page).to_have_url(re.compile("loss%2Fval"))
    expect(page.get_by_role("list", name="Lines").get_by_role("listitem")).to_have_count(2)
    over.hover()
    picture(page, "chart-two-lines")
    check_accessible(page)
    page.get_by_role("button", name="View as table").click()
    expect(page.get_by_role("columnheader", name="loss/val")).to_be_visible()
    check_accessible(page)


def test_pictures_far_from_what_is_seen_are_no_layers(stack: RunningStack, track_id: str, browser: Browser) -> None:
    with signed_in(stack, browser, width=480, height=640) as page:
        _open(page, stack, track_id)
        heading = page.get_by_role("heading", name=re.compile("^Series"))
        heading.evaluate("(one) => one.scrollIntoView()")
        first = page.locator("[role=img] canvas").first
        expect(first).to_be_visible()
        heading.evaluate("(one) => { for (let at = one; at; at = at.parentElement) at.scrollTop = at.scrollHeight }")
        expect(first).to_be_hidden()
        # What it says stays, and the picture is back with the eye.
        expect(page.get_by_role("img", name=re.compile("points, last"))).not_to_have_count(0)
        heading.evaluate("(one) => one.scrollIntoView()")
        expect(first).to_be_visible()


def test_a_chart_is_saved(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "loss%2Ftrain", smooth="0.6")
    expect(page.locator(".u-over")).to_be_visible()
    saved = {}
    for form in ("PNG", "SVG", "CSV"):
        page.get_by_role("button", name="Download").click()
        with page.expect_download() as downloading:
            page.get_by_role("menuitem", name=form, exact=True).click()
        saved[form] = downloading.value.path().read_bytes()
    assert saved["PNG"].startswith(b"\x89PNG")
    assert saved["SVG"].count(b"<path") > 10
    assert b"loss/train" in saved["SVG"]
    assert saved["CSV"].count(b"\n") == STEPS + 1


def test_odd_values_have_their_marks(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "odd%2Fvalues")
    expect(page.locator("dl").first).to_contain_text("3 values are not finite")
    expect(page.locator("dl").first).to_contain_text("drawn 9 of 9 points")
    page.wait_for_timeout(300)
    picture(page, "chart-odd-values")
    _open(page, stack, track_id, "odd%2Fsingle")
    expect(page.locator("dl").first).to_contain_text("drawn 1 of 1 point")
    _open(page, stack, track_id, "odd%2Fwords")
    expect(page.get_by_role("cell", name="half way")).to_be_visible()


def test_a_console_is_searched_and_linked(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "console%2Fstdout")
    log = page.get_by_role("log")
    # It follows the end.
    expect(log.get_by_text("100% done")).to_be_visible()
    expect(log).not_to_contain_text("50%")
    expect(log.locator(".ansi-red")).to_have_text("ERROR")
    expect(log.get_by_text("<b>bold?</b>")).to_be_visible()
    picture(page, "console")
    check_accessible(page)
    page.keyboard.press("Control+f")
    page.keyboard.type("step 77 ")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    expect(log.locator("mark").first).to_have_text("step 77 ")
    page.get_by_label("Search").fill("error")
    page.keyboard.press("Enter")
    expect(log.locator("mark.ansi-red")).to_have_text("ERROR")
    page.get_by_label("Search").press("Escape")
    page.get_by_label("Go to line").fill("600")
    page.get_by_label("Go to line").press("Enter")
    expect(page).to_have_url(re.compile("line=600"))
    expect(log.locator("[data-current]")).to_contain_text("step 599 ")
    page.goto(page.url)
    expect(log.locator("[data-current]")).to_contain_text("step 599 ")
    page.get_by_role("button", name="To the end").click()
    expect(log.get_by_text("100% done")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download all lines").click()
    assert downloading.value.path().read_text().count("\n") >= LINES


def test_stdout_and_stderr_are_read_as_one(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "console%2Fstdout")
    log = page.get_by_role("log")
    expect(log.get_by_text("100% done")).to_be_visible()
    page.get_by_role("radio", name="stdout").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("both=true"))
    expect(page.get_by_role("radio", name="Both")).to_be_checked()
    # It follows the end, and says which stream a line is of in a word.
    newest = log.locator("[data-index]").last
    expect(newest).to_contain_text("nearly through")
    expect(newest).to_contain_text("stderr")
    expect(log.locator("[data-index]", has_text="100% done")).not_to_contain_text("stderr")
    picture(page, "console-both")
    check_accessible(page)
    page.keyboard.press("Control+f")
    page.keyboard.type("careful")
    expect(page.get_by_text("1 of 1")).to_be_visible()
    # It stands where it was said, between its neighbours in time.
    careful = log.locator("[data-index]", has_text="careful: it is warm")
    at = int(careful.get_attribute("data-index") or "")
    expect(log.locator(f"[data-index='{at - 1}']")).to_contain_text("step 99 ")
    expect(log.locator(f"[data-index='{at + 1}']")).to_contain_text("step 100 ")
    page.goto(page.url)
    expect(log.locator("[data-index]").last).to_contain_text("nearly through")
    page.get_by_text("stderr", exact=True).first.click()
    expect(page).to_have_url(re.compile("path=console%2Fstderr$"))
    expect(log.locator("[data-stderr]")).to_have_count(0)
    expect(log.get_by_text("careful: it is warm")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("files/train.py", ".hljs-keyword"),
        ("files/report.md", "h1"),
        ("files/table.csv", "th:has-text('score')"),
        ("files/table.parquet", "td:has-text('second')"),
        ("files/data.json", "text=<b>x</b>"),
        ("files/config.yaml", "text=layers"),
        ("files/broken.json", "text=This is not valid JSON"),
        ("files/icon.svg", "img"),
        ("files/broken.png", "text=This picture cannot be shown"),
        ("files/weights.bin", "text=00 01 02"),
        ("files/empty.txt", "text=This file is empty"),
        ("files/weights.histogram.json", "svg[role=img] rect >> nth=5"),
        ("files/tone.wav", "audio"),
        ("run/events.out.tfevents.1700000000.host.1.0", "text=TensorBoard event file"),
        ("parameters/huge", "text=4611686018427387904"),
    ],
)
def test_each_kind_has_its_viewer(stack: RunningStack, track_id: str, page: Page, path: str, shown: str) -> None:
    _open(page, stack, track_id, path.replace("/", "%2F"))
    expect(page.locator("main").locator(shown).first).to_be_visible()
    page.wait_for_timeout(200)
    picture(page, "file-" + path.rpartition("/")[2].replace(".", "-")[:20])
    check_accessible(page)
    assert page.evaluate("() => window.hacked") is None


def test_pictures_of_a_series_are_gone_through(stack: RunningStack, track_id: str, page: Page) -> None:
    _open(page, stack, track_id, "samples%2F00000100.png")
    expect(page.get_by_text("Step 100", exact=True).or_(page.get_by_text("Step 100 (2 of 4)"))).to_be_visible()
    page.get_by_role("group", name="Content of the file").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("00000200"))
    page.get_by_role("button", name="Next step").click()
    expect(page).to_have_url(re.compile("00001000"))
    expect(page.get_by_role("button", name="Next step")).to_be_disabled()
    picture(page, "image-series")
    check_accessible(page)


def test_a_page_that_was_logged_runs_alone(stack: RunningStack, track_id: str, browser: Browser) -> None:
    # What its scripts try is refused by its policy, and a browser says so on its console.
    with signed_in(stack, browser, allowed="Content Security Policy|connect-src") as page:
        _open(page, stack, track_id, "files%2Fpage.html")
        frame = page.frame_locator("iframe")
        expect(frame.locator("body")).to_contain_text("ran no parent, no cookie, no network")
        assert "hacked" not in page.title()
        assert page.evaluate("() => window.hacked") is None
        picture(page, "file-page-html")


def test_what_is_not_there_is_said(stack: RunningStack, track_id: str, browser: Browser) -> None:
    # A browser says on its console that it got a 404.
    with signed_in(stack, browser, allowed="404|422") as page:
        _open(page, stack, track_id, "nothing%2Fhere")
        expect(page.get_by_text("Nothing under this key")).to_be_visible()
        check_accessible(page)
        for address in ("t/no-id", "p/no-project", "no/page"):
            page.goto(f"{stack.address}/{address}")
            expect(page.get_by_role("heading", name="Not found")).to_be_visible()
            expect(page.get_by_role("button", name="Settings")).to_be_visible()


def test_what_breaks_takes_nothing_with_it(stack: RunningStack, track_id: str, browser: Browser) -> None:
    with signed_in(stack, browser, allowed="hex-view|ERR_FAILED|dynamically imported") as page:
        page.route("**/assets/hex-view-*.js", lambda route: route.abort())
        _open(page, stack, track_id, "files%2Fweights.bin")
        expect(page.get_by_role("alert").get_by_role("button", name="Load the page again")).to_be_visible()
        check_accessible(page)
        page.get_by_role("treeitem", name=re.compile("^train.py")).click()
        expect(page.locator(".hljs-keyword").first).to_be_visible()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dark", {"scheme": "dark"}),
        ("zh-TW", {"language": "zh-TW"}),
        ("zh-TW-dark", {"language": "zh-TW", "scheme": "dark"}),
        ("phone", {"width": 360, "height": 740}),
    ],
)
def test_everywhere_it_can_be_read(
    stack: RunningStack, track_id: str, browser: Browser, name: str, options: dict[str, object]
) -> None:
    with signed_in(stack, browser, **options) as page:  # type: ignore[arg-type]
        for path in _SEEN_EVERYWHERE:
            more = {"loss%2Ftrain": {"m": json.dumps(["loss/val"])}, "console%2Fstdout": {"both": "true"}}
            _open(page, stack, track_id, path, **more.get(path, {}))
            expect(page.get_by_role("tree")).to_be_visible()
            settled(page)
            page.wait_for_timeout(300)
            picture(page, f"track-{name}-{path.replace('%2F', '-') or 'overview'}")
            check_accessible(page)
            wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is wider than the window by {wide} px"
