"""What a person does with labs on their pages: make one, submit it, look at the window that opens."""

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect
from support.stack import RunningStack


def project_of(stack: RunningStack) -> str:
    """Return the project of the stack; the first to ask makes it, as a first training would."""
    given = stack.client_environment()
    project = given["MLSTEAM_PROJECT"]
    request = urllib.request.Request(
        f"{given['MLSTEAM_BACKEND']}/api/v3/projects/{project}/tracks",
        headers={"Authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}", "Content-Type": "application/json"},
        data=b'{"name": "by hand"}',
        method="POST",
    )
    urllib.request.urlopen(request, timeout=30).close()
    return project


@contextmanager
def new_window(page: Page) -> Iterator[list[Page]]:
    """Collect the one window that the block opens."""
    opened: list[Page] = []
    with page.context.expect_page() as info:
        yield opened
    opened.append(info.value)


def add_values(page: Page, name: str, *values: str) -> None:
    """Type values of a hyperparameter."""
    box = page.get_by_role("combobox", name=f"Values of {name}")
    if not box.count():
        box = page.get_by_label(f"Values of {name}")
    for value in values:
        box.first.fill(value)
        box.first.press("Enter")


def make_lab(
    page: Page, stack: RunningStack, code: Path | None, name: str, command: str, **hyperparameters: list[str]
) -> None:
    """Make a lab on the page; without code where the form has it already."""
    if code is not None:
        page.goto(f"{stack.address}/p/{project_of(stack)}/labs/new")
        page.get_by_role("textbox", name="Folder on the server").fill(str(code))
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("textbox", name="Command", exact=True).fill(command)
    for parameter, values in hyperparameters.items():
        page.get_by_role("button", name="Add hyperparameter").click()
        page.get_by_role("textbox", name="Name of the hyperparameter").last.fill(parameter)
        add_values(page, parameter, *values)
    page.get_by_role("button", name="CREATE LAB").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def submit(page: Page) -> Page:
    """Submit the lab whose page is open, and return the window of its jobs."""
    page.get_by_role("menuitem", name="Submit").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("job")
    return press_submit(page)


def press_submit(page: Page) -> Page:
    """Press SUBMIT in the dialog, and return the window of its jobs."""
    with new_window(page) as opened:
        page.get_by_role("button", name="SUBMIT", exact=True).click()
    [window] = opened
    window.wait_for_url("**/submissions/*")
    return window
