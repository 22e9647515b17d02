"""A page with "Reload data" on shows a point at once, and asks for nothing while nothing changes or nobody looks."""

import json
import time
import urllib.request
import uuid
from itertools import pairwise
from typing import Any

from playwright.sync_api import Browser, Request, expect
from support.pages import session_of
from support.stack import RunningStack

# While the server can be heard nothing is asked for unasked before half a minute, so what is shown was told.
_PREFERENCES = json.dumps({"reloadOn": True, "reloadPeriodS": 1})


def _post(stack: RunningStack, path: str, body: object) -> Any:
    given = stack.client_environment()
    headers = {"Authorization": f"Bearer {given['MLSTEAM_API_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        given["MLSTEAM_BACKEND"] + path, headers=headers, data=json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def test_a_point_is_shown_at_once(stack: RunningStack, browser: Browser) -> None:
    project = stack.client_environment()["MLSTEAM_PROJECT"]
    track_id = _post(stack, f"/api/v3/projects/{project}/tracks", {"name": "a live track"})["track_id"]
    writer, seq = uuid.uuid4().hex, 0

    def log(value: float, key: str = "loss") -> float:
        nonlocal seq
        seq += 1
        body = {"writer": writer, "seq": seq, "series": [{"key": key, "values": [value]}]}
        _post(stack, f"/api/v3/ingest/tracks/{track_id}/batches", body)
        return time.perf_counter()

    log(0.25)
    context = browser.new_context(
        storage_state=session_of(stack, browser), viewport={"width": 1440, "height": 900}, locale="en"
    )
    context.add_init_script(f"localStorage.setItem('mlsteam-track-preferences', '{_PREFERENCES}')")
    page = context.new_page()
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/series?" in request.url or request.url.endswith("/events"):
            asked.append(request.url)

    page.on("request", note)
    with page.expect_response(lambda answer: "/api/v3/events" in answer.url):
        page.goto(f"{stack.address}/t/{track_id}?path=loss")
    expect(page.get_by_text("0.25").first).to_be_visible()
    page.wait_for_timeout(1000)
    waited = []
    for step in range(5):
        logged = log(0.5 + step)
        expect(page.locator("main").get_by_text(f"{0.5 + step}").first).to_be_visible()
        waited.append((time.perf_counter() - logged) * 1000)
        # Longer than the period, so that the next one finds the page at rest.
        page.wait_for_timeout(1300)
    print(f"\nlogged to shown: worst {max(waited):.0f} ms")  # noqa: T201 (a measure worth seeing)
    # Until it has asked for all that it was told before.
    n_asked = -1
    while n_asked != len(asked):
        n_asked = len(asked)
        page.wait_for_timeout(1000)
    asked.clear()
    log(1.0, key="other")
    page.wait_for_timeout(1500)
    assert not [url for url in asked if "key=loss" in url], "another key changed, this one was asked for"
    context.close()


def test_the_period_is_kept(stack: RunningStack, browser: Browser) -> None:
    project = stack.client_environment()["MLSTEAM_PROJECT"]
    track_id = _post(stack, f"/api/v3/projects/{project}/tracks", {"name": "a busy track"})["track_id"]
    writer = uuid.uuid4().hex

    def log(seq: int) -> None:
        body = {"writer": writer, "seq": seq, "series": [{"key": "loss", "values": [float(seq)]}]}
        _post(stack, f"/api/v3/ingest/tracks/{track_id}/batches", body)

    log(1)
    context = browser.new_context(
        storage_state=session_of(stack, browser), viewport={"width": 1440, "height": 900}, locale="en"
    )
    preferences = json.dumps({"reloadOn": True, "reloadPeriodS": 4})
    context.add_init_script(f"localStorage.setItem('mlsteam-track-preferences', '{preferences}')")
    page = context.new_page()
    with page.expect_response(lambda answer: "/api/v3/events" in answer.url):
        page.goto(f"{stack.address}/t/{track_id}?path=loss")
    expect(page.get_by_text("drawn 1 of 1 points")).to_be_visible()
    page.wait_for_timeout(4500)
    asked: list[float] = []
    page.on("request", lambda request: asked.append(time.monotonic()) if "/series?" in request.url else None)
    for seq in range(2, 32):
        log(seq)
        page.wait_for_timeout(300)
    expect(page.get_by_text("drawn 31 of 31 points")).to_be_visible()
    apart = [after - before for before, after in pairwise(asked)]
    # Thirty notices in nine seconds: one reload at once, then one a period.
    assert 2 <= len(asked) <= 5, apart
    assert min(apart) > 3.5, apart
    context.close()
