"""What a first visit of the pages that people open most has to load, in Chromium, as it is sent."""

import pytest
from playwright.sync_api import Browser, expect
from support.pages import settled, signed_in
from support.rich_track import RICH
from support.stack import RunningStack

MOST_BYTES = 260_000
# Notes are Markdown, and what reads that is fetched where there are any.
_NOTES_BYTES = 48_000

# Of each script also when this browser had it from an earlier page.
_LOADED = """() => performance.getEntriesByType('resource')
  .filter((one) => new URL(one.name).pathname.endsWith('.js')).map((one) => [one.name, one.encodedBodySize])"""

# Until a second has passed without another script.
_NO_MORE = f"""() => {{
  const n = ({_LOADED})().length;
  if (window.scripts !== n) Object.assign(window, {{scripts: n, since: performance.now()}});
  return performance.now() - window.since > 1000;
}}"""
_PLAIN = "import mlsteam; t = mlsteam.init(name='plain'); t['loss'].log(1.0); t['loss'].log(0.5); t.stop(); print(t.id)"


@pytest.fixture(scope="module")
def track_id(stack: RunningStack) -> str:
    """A track with everything in it."""
    return stack.train(RICH)[-1]


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_a_first_visit_loads_little_script(stack: RunningStack, browser: Browser, track_id: str, language: str) -> None:
    project = stack.client_environment()["MLSTEAM_PROJECT"]
    plain_id = stack.train(_PLAIN)[-1]
    with signed_in(stack, browser, language=language) as page:
        for address, seen, most in (
            ("projects", "main a", MOST_BYTES),
            (f"p/{project}", "table tbody tr a", MOST_BYTES),
            (f"t/{plain_id}", "[role=img] canvas", MOST_BYTES),
            (f"t/{track_id}", "[role=img] canvas", MOST_BYTES + _NOTES_BYTES),
            (f"t/{track_id}?path=loss%2Ftrain", "[role=img] canvas", MOST_BYTES),
            (f"t/{track_id}?path=console%2Fstdout", "[role=log] [data-index]", MOST_BYTES),
        ):
            page.goto(f"{stack.address}/{address}")
            expect(page.locator(seen).first).to_be_visible()
            settled(page)
            loaded = dict(page.evaluate(_LOADED))
            total = sum(loaded.values())
            assert all(loaded.values()), "each was measured"
            assert total < most, f"{address}: {total} bytes\n" + "\n".join(f"{n} {url}" for url, n in loaded.items())
            other = "zh-tw-" if language == "en" else "/en-"
            assert not any(other in url for url in loaded), "only the texts of one language"


def test_dialogs_are_there_when_one_reaches_for_them(stack: RunningStack, browser: Browser) -> None:
    with signed_in(stack, browser) as page:
        page.goto(f"{stack.address}/projects")
        expect(page.get_by_role("heading", name="Projects")).to_be_visible()
        settled(page)
        n_before = len(page.evaluate(_LOADED))
        page.mouse.move(200, 200)
        page.wait_for_function(f"() => ({_LOADED})().length > {n_before}")
        page.wait_for_function(_NO_MORE)
        n_fetched = len(page.evaluate(_LOADED))
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
        assert len(page.evaluate(_LOADED)) == n_fetched, "nothing was left to fetch for it"
