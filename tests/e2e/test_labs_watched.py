"""Labs and pipelines in a browser to their ends: curves that fill, archives, secrets, choices, who may only look."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.lab_pages import make_lab, press_submit, project_of, submit
from support.pages import check_accessible, opened_page, picture, settled, signed_in, wait_for_curve
from support.stack import ROOT, RunningStack

_LIVE: dict[str, object] = {"reloadOn": True, "reloadPeriodS": 1}
_PRINTS = """
import os, sys
print("key", os.environ.get("API_KEY", "none"), flush=True)
print("params", open("mlsteam.yml").read().split(), flush=True)
"""


def _call(page: Page, stack: RunningStack, method: str, path: str, body: Any = None) -> Any:
    """Call the API as the person who is signed in on the page."""
    address = f"{stack.address}/api/v3/{path}"
    return page.request.fetch(address, method=method, data=body, headers={"X-MLSteam-Request": "1"})


def test_the_digits_lab_is_watched_until_its_four_tracks_show_curves(stack: RunningStack, browser: Browser) -> None:
    # A key that is not there yet is answered by 404, and asked for again.
    with signed_in(stack, browser, preferences=_LIVE, allowed="404.*/entry") as page:
        sample = ROOT / "deploy" / "local" / "sample"
        command = "python train.py --epochs 12 --epoch-pause-s 0.2"
        make_lab(page, stack, sample, "watched", command, learning_rate=["0.002", "0.01"], hidden=["32", "64"])
        window = submit(page)
        links = window.get_by_role("table").get_by_role("link")
        expect(links).to_have_count(4)
        tracks = [link.get_attribute("href") or "" for link in links.all()]
        for number, address in enumerate(tracks):
            # Opened while it is queued or runs: it fills by itself.
            page.goto(f"{stack.address}{address}?path=loss%2Fbatch")
            wait_for_curve(page, within_s=150)
            if number == 0:
                picture(page, "watched-track")
                check_accessible(page)
        expect(window.get_by_text("Succeeded", exact=True)).to_have_count(4, timeout=150_000)
        picture(window, "watched-submission")
        window.get_by_role("link", name="COMPARE").click()
        wait_for_curve(window, within_s=30)
        picture(window, "watched-compare")
        check_accessible(window)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Code as people zip it."""
    path = tmp_path / "printer.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("train.py", _PRINTS)
    return path


def _secret_is_set_and_not_shown(page: Page, stack: RunningStack, lab_id: str) -> None:
    # A secret is set, and from then on only its name is there.
    page.get_by_role("textbox", name="Name of the secret").fill("API_KEY")
    page.get_by_label("Value of the secret").fill("canary-4711")
    page.get_by_role("button", name="Set secret").click()
    expect(page.get_by_role("listitem").filter(has_text="API_KEY")).to_be_visible()
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="API_KEY")).to_be_visible()
    shown = page.content() + _call(page, stack, "GET", f"labs/{lab_id}/secrets").text()
    assert "canary-4711" not in shown + _call(page, stack, "GET", f"labs/{lab_id}").text()
    check_accessible(page)


def _sample_list_and_limit(page: Page) -> None:
    # Ten thousand combinations are too many; a sample of them is not, nor is a list.
    page.get_by_role("menuitem", name="Submit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("That makes 10,000 jobs; a submission has at most 1,000.")
    expect(dialog.get_by_role("button", name="SUBMIT", exact=True)).to_be_disabled()
    picture(page, "lab-submit-too-many")
    check_accessible(page)
    dialog.get_by_text("Random sample", exact=True).click()
    dialog.get_by_role("textbox", name="Jobs").fill("3")
    expect(dialog.get_by_role("status")).to_contain_text("3 jobs")
    expect(dialog.get_by_role("status")).to_contain_text("of 10,000 combinations")
    picture(page, "lab-submit-sample")
    check_accessible(page)
    window = press_submit(page)
    expect(window.locator("tbody tr")).to_have_count(3)
    window.close()

    page.get_by_role("menuitem", name="Submit").click()
    dialog.get_by_text("List", exact=True).click()
    dialog.get_by_role("textbox", name="Combinations").fill("n,m\n7,text\n8,0.5")
    expect(dialog.get_by_role("status")).to_have_text("2 jobs")
    picture(page, "lab-submit-list")
    check_accessible(page)


def _submitted_without_a_window(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    # A browser that opens no windows: the jobs are there all the same, behind a link.
    page.evaluate("() => { window.open = () => null; }")
    dialog.get_by_role("button", name="SUBMIT", exact=True).click()
    link = page.get_by_role("link", name="Open the submitted jobs")
    expect(link).to_be_visible()
    picture(page, "lab-submit-blocked")
    check_accessible(page)
    page.goto(link.evaluate("(link) => link.href"))
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("Succeeded", exact=True)).to_have_count(2, timeout=120_000)
    rows.filter(has_text="text").get_by_role("link").first.click()
    page.wait_for_url("**/t/*")
    page.goto(f"{page.url.partition('?')[0]}?path=console%2Fstdout")
    expect(page.get_by_text("key ***")).to_be_visible()
    expect(page.get_by_text("'text'")).to_be_visible()


def _forgotten_renamed_deleted(page: Page) -> None:
    # Forget the secret, rename the lab, delete it.
    page.get_by_role("button", name="Forget API_KEY").click()
    expect(page.get_by_role("button", name="Forget API_KEY")).to_have_count(0)
    page.get_by_role("menuitem", name="Edit").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("printer")
    page.get_by_role("textbox", name="Name", exact=True).fill("press")
    check_accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="press")).to_be_visible()
    page.get_by_role("menuitem", name="Delete").click()
    check_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/labs")
    expect(page.get_by_role("link", name="press")).to_have_count(0)


def test_an_archive_a_secret_every_choice_and_a_blocked_window(
    stack: RunningStack, browser: Browser, archive: Path
) -> None:
    with signed_in(stack, browser) as page:
        page.goto(f"{stack.address}/p/{project_of(stack)}/labs/new")
        page.get_by_text("Archive", exact=True).click()
        page.locator("input[type=file]").set_input_files(archive)
        expect(page.locator("input.mantine-Select-input").first).to_have_value(re.compile(r"^printer\.zip"))
        picture(page, "lab-archive")
        check_accessible(page)
        make_lab(page, stack, None, "printer", "python train.py", n=["0:99:1"], m=["0:99:1"])

        lab = page.url
        _secret_is_set_and_not_shown(page, stack, lab.rpartition("/")[2])
        _sample_list_and_limit(page)
        _submitted_without_a_window(page)
        page.goto(lab)
        _forgotten_renamed_deleted(page)


_VIEWERS_MAY_NOT = ("SUBMIT", "STOP", "STOP ALL", "RUN PIPELINE", "Submit again", "Set secret", "CREATE LAB")


def _looks(viewer: Page, stack: RunningStack, here: str, ids: dict[str, str]) -> None:
    """Everything is seen, nothing can be done, neither on the page nor behind it."""
    for path, seen in (
        (f"{here}/labs", "Labs"), (f"{here}/labs/{ids['lab']}", "What runs"),
        (f"{here}/submissions/{ids['submission']}", "looked at #1"),
        (f"{stack.address}/t/{ids['track']}", "Job"), (f"{here}/pipelines/{ids['pipeline']}", "Actions"),
    ):  # fmt: skip
        viewer.goto(path)
        expect(viewer.get_by_role("heading", name=seen).or_(viewer.get_by_role("tab", name=seen)).first).to_be_visible()
        settled(viewer)
        for forbidden in _VIEWERS_MAY_NOT:
            expect(viewer.get_by_role("button", name=forbidden, exact=True)).to_have_count(0)
        expect(viewer.get_by_role("menuitem")).to_have_count(0)
        check_accessible(viewer)
    for path in (f"labs/{ids['lab']}/submissions", f"tracks/{ids['track']}/stop", f"pipelines/{ids['pipeline']}/runs"):
        assert _call(viewer, stack, "POST", path, {}).status == 403
    refused = _call(viewer, stack, "POST", "tracks/stop", {"track_ids": [ids["track"]]}).json()["items"]
    assert refused[0]["problem"] == "missing_right"


def _a_selection_is_stopped(page: Page, here: str, track: str) -> None:
    job = page.get_by_role("region", name="Job")
    page.goto(track)
    expect(job.get_by_text("Running").first).to_be_visible(timeout=60_000)
    page.goto(f"{here}?q=status%3Arunning")
    page.get_by_role("checkbox", name=re.compile("^Select ")).last.check()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/stop") else None)
    page.get_by_role("region", name="Selection").get_by_role("button", name="STOP", exact=True).click()
    expect(page.get_by_text("1 track was asked to stop")).to_be_visible()
    assert [url.rpartition("/api/v3/")[2] for url in asked] == ["tracks/stop"]
    picture(page, "tracks-stopped")
    page.goto(track)
    expect(job.get_by_text("Stopped").first).to_be_visible()
    expect(page.get_by_role("button", name="STOP", exact=True)).to_have_count(0)


def _a_pipeline_is_changed_and_deleted(page: Page, stack: RunningStack, pipeline_id: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_role("textbox", name="Name", exact=True).first.fill("unseen")
    page.get_by_role("button", name="Move action 2 up").click()
    check_accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1, name="unseen")).to_be_visible()
    changed = _call(page, stack, "GET", f"pipelines/{pipeline_id}").json()["definition"]["actions"]
    assert [one["name"] for one in changed] == ["again", "wait"]
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/pipelines")
    expect(page.get_by_role("link", name="unseen")).to_have_count(0)


def test_who_may_only_look_and_who_stops_changes_and_deletes(stack: RunningStack, browser: Browser) -> None:
    project = project_of(stack)
    here, code = f"{stack.address}/p/{project}", stack.run_dir / "code" / "waiting"
    code.mkdir(parents=True)
    (code / "train.py").write_text("import time\nprint('here', flush=True)\ntime.sleep(300)\n")
    runs = {"code": {"kind": "folder", "path": str(code)}, "command": ["python", "train.py"]}
    actions = [{"kind": "command", "name": name, "command": ["sleep", "300"]} for name in ("wait", "again")]
    with signed_in(stack, browser) as page:

        def make(path: str, body: Any) -> Any:
            answer = _call(page, stack, "POST", path, body)
            assert answer.status == 201, answer.text()
            return answer.json()

        ids = {"lab": make(f"projects/{project}/labs", {"name": "looked at", "definition": runs})["lab_id"]}
        made = make(f"labs/{ids['lab']}/submissions", {})
        ids |= {"track": made["jobs"][0]["track_id"], "submission": made["submission_id"]}
        pipeline = {"name": "seen", "definition": {"actions": actions}}
        ids["pipeline"] = make(f"projects/{project}/pipelines", pipeline)["pipeline_id"]
        invited = make("users", {"name": "vera"})["link"]
        assert _call(page, stack, "PUT", f"projects/{project}/members/vera", {"role": "viewer"}).status == 200
        with opened_page(browser) as viewer:
            viewer.goto(invited)
            viewer.wait_for_url("**/projects**")
            _looks(viewer, stack, here, ids)
        _a_selection_is_stopped(page, here, f"{stack.address}/t/{ids['track']}")
        page.goto(f"{here}/pipelines/{ids['pipeline']}")
        _a_pipeline_is_changed_and_deleted(page, stack, ids["pipeline"])
