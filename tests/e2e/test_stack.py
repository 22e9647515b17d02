"""From `.log()` in a training to pixels in a browser, through every process: a new user's first minutes."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.pages import wait_for_curve
from support.stack import RunningStack

OUTPUT = Path(__file__).parent / ".output"
STEPS = 300
# What a user writes; the wave is known, so that every stored point can be checked.
TRAINING = f"""
import math, sys, mlsteam
track = mlsteam.init(name="a known wave", tags=["e2e"])
track["model/name"] = "small_bert"
track["model/layer"] = 4
for step in range({STEPS}):
    track["train/loss"].log(math.exp(-step / 80) + 0.05 * math.sin(step / 5), step=step)
    track["train/accuracy"].log(1 - math.exp(-step / 60), step=step)
track["notes"].log("half way")
track["report.md"].upload(b"# How it went", content_type="text/markdown")
track.stop()
print(track.id)
"""


class Reader:
    """A script that reads through the gateway with the token of .run/env."""

    def __init__(self, stack: RunningStack) -> None:
        given = stack.client_environment()
        self._address, self._token = given["MLSTEAM_BACKEND"], given["MLSTEAM_API_TOKEN"]

    def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def reader(stack: RunningStack) -> Reader:
    return Reader(stack)


@pytest.fixture(scope="module")
def track_id(stack: RunningStack) -> str:
    """A track that a training has just written."""
    return stack.train(TRAINING)[-1]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser that nobody has signed in to, and that fails the test when the page has errors."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors


def test_what_was_logged_is_read_back(reader: Reader, track_id: str) -> None:
    track = reader.get(f"/api/v3/tracks/{track_id}")
    assert (track["name"], track["status"], track["tags"]) == ("a known wave", "finished", ["e2e"])
    assert track["project_name"] == "demo"
    answer = reader.get(f"/api/v3/tracks/{track_id}/series?key=train/loss&key=train/accuracy&x=step&buckets=1000")
    loss, accuracy = answer["series"]
    assert (loss["n_stored"], accuracy["n_stored"]) == (STEPS, STEPS)
    assert loss["points"]["step"] == list(range(STEPS))
    assert loss["points"]["value"][0] == 1.0
    values = reader.get(f"/api/v3/tracks/{track_id}/values?prefix=model")["values"]
    assert values == {"model/name": "small_bert", "model/layer": 4}


def test_a_person_signs_in_by_the_link_and_sees_the_curve(stack: RunningStack, track_id: str, page: Page) -> None:
    link = stack.link()
    page.goto(link)
    page.wait_for_url("**/projects**")
    page.goto(f"{stack.address}/t/{track_id}?path=train%2Floss")
    expect(page.get_by_text("a known wave").first).to_be_visible()
    chart = page.locator("[role=img] canvas").first
    expect(chart).to_be_visible(timeout=20_000)
    wait_for_curve(page)
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / "track.png")
    # The link worked once.
    other = page.context.browser
    assert other is not None
    stranger = other.new_context(base_url=stack.address)
    again = stranger.request.post("/api/v3/session/link", data={"token": link.split("token=")[1]})
    assert again.status == 401
    stranger.close()


def test_nothing_is_shown_to_strangers(stack: RunningStack, track_id: str, browser: Browser) -> None:
    context = browser.new_context(base_url=stack.address)
    for path in (f"/api/v3/tracks/{track_id}", "/api/v3/projects", f"/tb/{track_id}/"):
        assert context.request.get(path).status == 401
    assert context.request.get("/").status == 200
    context.close()


def test_a_second_start_says_where_the_first_is(stack: RunningStack) -> None:
    said = stack.command("run")
    assert stack.address in said
    assert "/sign-in#token=" in said


def test_only_the_owner_may_read_the_token(stack: RunningStack) -> None:
    assert (stack.run_dir / "env").stat().st_mode & 0o777 == 0o600
