"""The tracks of a project as people use them: filter, columns, groups, delete, undo, trash, compare, members, keys."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.pages import check_accessible, picture, session_of, settled, signed_in
from support.stack import RunningStack

TRAINING = """
import math, mlsteam
for at in range(12):
    name = f"run {at:02} " + "of a rather long name " * (3 if at == 3 else 0)
    track = mlsteam.init(name=name, tags=["base" if at % 2 else "sweep"])
    track["lr"] = 0.1 / 10 ** (at % 4)
    track["optimizer"] = "adam" if at % 3 else "sgd"
    track["seed"] = 7
    track["huge"] = 10 ** (at + 6)
    for step in range(60):
        track["train/loss"].log(math.exp(-step / (10 + at)) + at / 50, step=step)
        track["val/accuracy"].log(1 - math.exp(-step / (10 + at)), step=step)
    if at == 5:
        track["odd"].log(float("nan"))
    track.stop()
"""


@pytest.fixture(scope="module")
def project(stack: RunningStack) -> str:
    """A project with a dozen trainings."""
    stack.train(TRAINING)
    return stack.client_environment()["MLSTEAM_PROJECT"]


@pytest.fixture
def page(stack: RunningStack, browser: Browser, project: str) -> Iterator[Page]:
    with signed_in(stack, browser) as opened:
        opened.goto(f"{stack.address}/p/{project}?q=name%3Arun")
        expect(_rows(opened)).to_have_count(12)
        yield opened


def _rows(page: Page):
    return page.locator("table tbody tr:has(a)")


def _names(page: Page) -> list[str]:
    return [name[:6] for name in page.locator("table tbody tr a").all_text_contents()]


def test_filter_sort_group_and_columns(page: Page) -> None:
    field = page.get_by_label("Filter the tracks")
    field.fill("name:run p.optimizer=")
    expect(page.get_by_role("option", name="sgd")).to_be_visible()
    page.get_by_role("option", name="sgd").click()
    expect(_rows(page)).to_have_count(4)
    assert "p.optimizer" in page.url, "what one sees is in the address"
    field.fill("name:run")
    expect(_rows(page)).to_have_count(12)
    page.get_by_role("button", name="train/loss", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("loss")
    expect(page.locator("table tbody tr a").first).to_contain_text("run 11")
    page.get_by_role("button", name="train/loss", exact=True).click()
    expect(page.locator("table tbody tr a").first).to_contain_text("run 00")
    # A group, closed and opened again.
    page.get_by_placeholder("Group by").click()
    page.get_by_role("option", name="p.optimizer").click()
    expect(page.get_by_role("button", name=re.compile("adam"))).to_be_visible()
    picture(page, "tracks-grouped")
    page.get_by_role("button", name=re.compile("adam")).click()
    expect(_rows(page)).to_have_count(4)
    page.reload()
    expect(page.get_by_role("button", name=re.compile("adam"))).to_be_visible()
    # Columns: one more, then one less.
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Search parameters and metrics").fill("seed")
    page.get_by_role("checkbox", name="p.seed").click()
    page.keyboard.press("Escape")
    expect(page.locator("th", has_text="seed")).to_be_visible()
    page.locator("th", has_text="seed").hover()
    page.get_by_label("Menu of the column seed").click()
    page.get_by_role("menuitem", name="Hide").click()
    expect(page.locator("th", has_text="seed")).to_have_count(0)


def test_what_is_wrong_with_a_query_is_shown_where_it_is(stack: RunningStack, browser: Browser, project: str) -> None:
    # A refused question is an error on the console, so this page is not watched for those.
    context = browser.new_context(
        storage_state=session_of(stack, browser),
        viewport={"width": 1440, "height": 900},
        locale="en",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(f"{stack.address}/p/{project}?q=name%3Arun")
    expect(_rows(page)).to_have_count(12)
    field = page.get_by_label("Filter the tracks")
    field.fill("name:run statu:x")
    expect(page.get_by_role("alert")).to_contain_text("There is no field 'statu'")
    expect(page.locator("mark")).to_have_text("statu")
    check_accessible(page)
    picture(page, "tracks-filter-error")
    field.fill("name:run m.train/loss<100")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(_rows(page)).to_have_count(12)
    context.close()


def test_select_delete_ok_undo_and_the_trash(stack: RunningStack, page: Page, project: str) -> None:
    boxes = page.locator("tbody input[type=checkbox]")
    boxes.nth(2).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    picture(page, "tracks-selected")
    page.get_by_role("button", name="DELETE").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete 4 tracks?")
    check_accessible(page)
    dialog.get_by_role("button", name="OK").click()
    expect(_rows(page)).to_have_count(8)
    page.get_by_role("button", name="UNDO").click()
    expect(_rows(page)).to_have_count(12)
    # With the keyboard alone, and back from the trash.
    _delete_a_row(page)
    page.keyboard.press("Control+z")
    expect(_rows(page)).to_have_count(12)
    _delete_a_row(page)
    page.get_by_label("Trash", exact=True).click()
    expect(page.get_by_role("heading", name="Trash")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Restore run"))).to_have_count(1)
    check_accessible(page)
    picture(page, "trash")
    page.get_by_role("button", name=re.compile("Restore run")).click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    page.goto(f"{stack.address}/p/{project}?q=name%3Arun")
    expect(_rows(page)).to_have_count(12)


def _delete_a_row(page: Page) -> None:
    """From nowhere an arrow leads into the table; the focus does not go with the row that had it."""
    page.keyboard.press("ArrowDown")
    expect(page.locator("tbody tr:focus")).to_have_count(1)
    page.keyboard.press("x")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(_rows(page)).to_have_count(11)
    expect(page.locator("#main")).to_be_focused()


def test_views_and_tags(stack: RunningStack, page: Page, project: str) -> None:
    page.get_by_role("button", name="lr", exact=True).click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("lr")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Keep this view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("by rate")
    dialog.get_by_role("button", name="OK").click()
    expect(page.get_by_text("View “by rate” is kept")).to_be_visible()
    page.goto(f"{stack.address}/p/{project}?q=name%3Anothing")
    expect(_rows(page)).to_have_count(0)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="by rate", exact=True).click()
    expect(_rows(page)).to_have_count(12)
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("lr")
    page.locator("tbody input[type=checkbox]").first.click()
    page.get_by_role("button", name="TAG", exact=True).click()
    field = dialog.get_by_label("Tags")
    field.fill("best one")
    field.press("Enter")
    # What is offered still stands open; it must not lie over OK.
    picture(page, "tag-dialog")
    dialog.get_by_role("button", name="OK").click()
    page.get_by_role("button", name="best one").click()
    expect(_rows(page)).to_have_count(1)
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name="TAG", exact=True).click()
    dialog.get_by_text("Remove", exact=True).click()
    field.fill("best one")
    field.press("Enter")
    dialog.get_by_role("button", name="OK").click()
    expect(_rows(page)).to_have_count(0)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Delete the view by rate").click()
    expect(page.get_by_text("No view is kept yet")).to_be_visible()


def test_a_new_track_comes_without_a_lost_selection(stack: RunningStack, browser: Browser, project: str) -> None:
    with signed_in(stack, browser, preferences={"reloadOn": True, "reloadPeriodS": 1}, height=420) as page:
        page.goto(f"{stack.address}/p/{project}?q=name%3Arun%20OR%20name%3Acomes&sort=created")
        expect(page.get_by_text("12 tracks")).to_be_visible()
        page.get_by_label("Select run 04").click()
        box = page.get_by_test_id("tracks")
        box.evaluate("(one) => { one.scrollTop = 90 }")
        top = page.get_by_label("Select run 04").bounding_box()
        stack.train("import mlsteam; t = mlsteam.init(name='comes one'); t['x'].log(1.0); t.stop()")
        expect(page.get_by_text("13 tracks")).to_be_visible()
        expect(page.get_by_text("1 selected")).to_be_visible()
        expect(page.get_by_label("Select run 04")).to_be_checked()
        assert page.get_by_label("Select run 04").bounding_box() == top, "nothing moved under the hand"
        # Above what one looks at, too, the selection stays with its track.
        page.goto(f"{stack.address}/p/{project}?q=name%3Arun%20OR%20name%3Acomes")
        page.get_by_label("Select comes one").click()
        stack.train("import mlsteam; t = mlsteam.init(name='comes two'); t['x'].log(1.0); t.stop()")
        expect(page.locator("table tbody tr a").first).to_contain_text("comes two")
        expect(page.get_by_label("Select comes one")).to_be_checked()
        page.get_by_label("Select comes two").click()
        expect(page.get_by_text("2 selected")).to_be_visible()
        page.get_by_role("button", name="DELETE").click()
        page.get_by_role("dialog").get_by_role("button", name="OK").click()
        expect(page.get_by_text("12 tracks")).to_be_visible()


def _look_at_charts(page: Page) -> None:
    """Draw the charts on each axis, and hide a track and show it again."""
    drawn = page.get_by_label("train/loss").locator("xpath=ancestor-or-self::section")
    for axis in ("Time", "Relative", "Step"):
        page.get_by_text(axis, exact=True).click()
        expect(drawn).to_have_attribute("data-x", axis.lower())
    expect(page.get_by_text("12 lines,").first).to_be_visible()
    eye = page.get_by_label("Compared tracks").get_by_role("button", pressed=True).first
    eye.click()
    expect(page.get_by_text("11 lines,").first).to_be_visible()
    page.get_by_label("Compared tracks").get_by_role("button", pressed=False).first.click()
    expect(page.get_by_text("12 lines,").first).to_be_visible()


def test_compare(page: Page) -> None:
    page.get_by_label("Select all shown").click()
    expect(page.get_by_text("12 selected")).to_be_visible()
    page.get_by_role("button", name="COMPARE").click()
    expect(page.get_by_role("heading", name="Compare 12 tracks")).to_be_visible()
    expect(page.get_by_label("train/loss").locator("canvas")).to_be_visible()
    page.wait_for_function("() => document.querySelectorAll('canvas').length >= 2")
    picture(page, "compare-charts")
    check_accessible(page)
    _look_at_charts(page)
    page.get_by_label("Group by parameter").first.click()
    page.get_by_role("option", name="p.optimizer").click()
    expect(page.get_by_text("2 lines,").first).to_be_visible()
    picture(page, "compare-grouped")
    page.get_by_role("tab", name="Parameters").click()
    table = page.get_by_role("tabpanel").locator("table")
    expect(table.get_by_role("rowheader", name="optimizer")).to_be_visible()
    expect(table.get_by_role("rowheader", name="seed")).to_have_count(0)
    page.get_by_label("Only differences").uncheck()
    expect(table.get_by_role("rowheader", name="seed")).to_be_visible()
    check_accessible(page)
    picture(page, "compare-parameters")
    page.get_by_role("tab", name="Parallel coordinates").click()
    expect(page.locator("svg polyline")).to_have_count(12)
    # A range on an axis, with the pointer and with keys.
    ranges = page.get_by_role("slider", name=re.compile("^Range of"))
    axis = ranges.first.bounding_box()
    assert axis is not None
    page.mouse.move(axis["x"] + axis["width"] / 2, axis["y"] + 2)
    page.mouse.down()
    page.mouse.move(axis["x"] + axis["width"] / 2, axis["y"] + axis["height"] / 3, steps=4)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^\d of 12 tracks within$"))).to_be_visible()
    picture(page, "compare-ranges")
    page.get_by_role("button", name="Clear ranges").click()
    ranges.last.focus()
    page.keyboard.press("ArrowDown")
    expect(ranges.last).to_have_attribute("aria-valuetext", re.compile("^from "))
    expect(page.get_by_text(re.compile(r"^\d+ of 12 tracks within$"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(ranges.last).to_have_attribute("aria-valuetext", "all")
    check_accessible(page)
    picture(page, "compare-parallel")
    page.get_by_role("tab", name="Scatter").click()
    expect(page.locator("svg circle[role=link]")).to_have_count(12)
    check_accessible(page)
    picture(page, "compare-scatter")


def test_keys_lead_everywhere(stack: RunningStack, page: Page) -> None:
    gear = page.get_by_role("button", name="Settings")
    gear.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    page.keyboard.press("Escape")
    expect(gear).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    check_accessible(page)
    picture(page, "shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Filter the tracks")).to_be_focused()
    page.keyboard.press("Control+k")
    search = page.get_by_role("combobox", name="Go to anything")
    search.fill("run 07")
    expect(page.get_by_role("option", name=re.compile("run 07"))).to_be_visible()
    check_accessible(page)
    picture(page, "palette")
    page.keyboard.press("Enter")
    page.wait_for_url("**/t/**")
    expect(page.get_by_text("run 07").first).to_be_visible()
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize(
    ("scheme", "language"), [("light", "en"), ("dark", "en"), ("light", "zh-TW"), ("dark", "zh-TW")]
)
def test_pages_are_accessible(stack: RunningStack, browser: Browser, project: str, scheme: str, language: str) -> None:
    with signed_in(stack, browser, scheme=scheme, language=language) as page:
        here = f"p/{project}"
        for path, name in (
            ("projects", "projects"), (f"{here}?q=name%3Arun", "tracks"), (f"{here}?q=nothing", "tracks-none"),
            ("tokens", "tokens"), ("users", "users"), (f"{here}/members", "members"), (f"{here}/trash", "trash-none"),
            (f"{here}/compare", "compare-none"), ("nowhere", "not-found"),
        ):  # fmt: skip
            page.goto(f"{stack.address}/{path}")
            settled(page)
            check_accessible(page)
            picture(page, f"{name}-{scheme}-{language}")


def test_a_phone(stack: RunningStack, browser: Browser, project: str) -> None:
    with signed_in(stack, browser, width=360, height=720) as page:
        for path, name in (("projects", "projects"), (f"p/{project}?q=name%3Arun", "tracks"), ("tokens", "tokens")):
            page.goto(f"{stack.address}/{path}")
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            check_accessible(page)
            picture(page, f"phone-{name}")
        page.goto(f"{stack.address}/p/{project}?q=name%3Arun")
        page.get_by_label("Select all shown").click()
        expect(page.get_by_text("12 selected")).to_be_visible()
        picture(page, "phone-selected")
        page.get_by_role("button", name="COMPARE").click()
        page.wait_for_function("() => document.querySelectorAll('canvas').length >= 1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        picture(page, "phone-compare")


def test_a_deleted_track_can_be_restored_from_its_page(stack: RunningStack, browser: Browser, project: str) -> None:
    track_id = stack.train("import mlsteam; t = mlsteam.init(name='gone'); t['x'].log(1.0); t.stop(); print(t.id)")[-1]
    context = browser.new_context(storage_state=session_of(stack, browser), locale="en", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{stack.address}/projects")
    page.evaluate(
        "([project, id]) => fetch(`api/v3/projects/${project}/tracks/delete`, {method: 'POST', headers:"
        " {'X-MLSteam-Request': '1', 'Content-Type': 'application/json'}, body: JSON.stringify({track_ids: [id]})})",
        [project, track_id],
    )
    page.goto(f"{stack.address}/t/{track_id}")
    expect(page.get_by_role("heading", name="Deleted")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("gone").first).to_be_visible()
    context.close()


def test_members_and_users(stack: RunningStack, browser: Browser, project: str) -> None:
    with signed_in(stack, browser) as page:
        page.goto(f"{stack.address}/users")
        page.get_by_label("Name").fill("ann")
        page.get_by_role("button", name="CREATE USER").click()
        link = page.get_by_role("dialog").locator("pre").inner_text()
        check_accessible(page)
        page.keyboard.press("Escape")
        picture(page, "users")
        page.goto(f"{stack.address}/p/{project}/members")
        page.get_by_label("Name of a user").fill("ann")
        page.get_by_role("button", name="ADD MEMBER").click()
        expect(page.get_by_role("cell", name="ann", exact=True)).to_be_visible()
        check_accessible(page)
        picture(page, "members")
    context = browser.new_context()
    other = context.new_page()
    other.goto(link)
    other.wait_for_url("**/projects**")
    expect(other.get_by_text(project)).to_be_visible()
    context.close()
