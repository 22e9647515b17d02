"""One running stack and one browser for all end-to-end tests."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from support.stack import RunningStack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    """A stack without the sample, stopped after the tests."""
    with running_stack() as started:
        yield started


# Not for the session: while it is open, its event loop runs in this thread and no asynchronous test could.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: MLSTEAM_CHROMIUM, or the system's."""
    names = (os.environ.get("MLSTEAM_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    assert found, "no Chromium: run `make e2e`, or set MLSTEAM_CHROMIUM"
    with sync_playwright() as playwright:
        # Root, as in CI, cannot have Chromium's sandbox; the pages are our own.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        # Not five seconds: how soon a page is drawn is the machine's affair.
        expect.set_options(timeout=15_000)
        yield opened
        opened.close()
