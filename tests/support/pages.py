"""A signed-in browser page that fails a test on errors of its own, axe, and pictures for people to look at."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page
from support.stack import ROOT, RunningStack

OUTPUT = ROOT / "tests" / "e2e" / ".output"
_AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# Rules of WCAG 2.2 AA; what is good practice beyond it is judged by people.
_AXE_RUN = """() => axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  // Frames hold pages of others: TensorBoard's, and what users logged.
  iframes: false,
}).then(
  (found) => found.violations.map((one) => one.id + ': ' + one.nodes.slice(0, 3).map((n) => n.html).join(' | ')))"""
# More than one colour on the canvas, and in most of its columns: axes alone would not do.
_HAS_CURVE = """() => {
  const canvas = document.querySelector('[role=img] canvas');
  if (!canvas || !canvas.width) return false;
  const { width, height } = canvas;
  const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let columns = 0;
  for (let x = 0; x < width; x += 4) {
    for (let y = 0; y < height; y++) {
      const at = (y * width + x) * 4;
      const strong = Math.max(pixels[at], pixels[at + 1], pixels[at + 2])
        - Math.min(pixels[at], pixels[at + 1], pixels[at + 2]);
      if (pixels[at + 3] > 200 && strong > 60) { columns++; break; }
    }
  }
  return columns > width / 4 / 2;
}"""
# Counts what the page has asked for, but for the stream of events, which stays open.
_QUIET = """(() => {
  const fetched = window.fetch;
  let open = 0;
  window.quietSince = Infinity;
  window.fetch = async (...asked) => {
    if (String(asked[0]).includes('/events')) return fetched(...asked);
    open += 1;
    window.quietSince = Infinity;
    try {
      return await fetched(...asked);
    } finally {
      open -= 1;
      if (open === 0) window.quietSince = performance.now();
    }
  };
})()"""
_VIOLATIONS = """document.addEventListener('securitypolicyviolation',
  (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))"""


@contextmanager
def signed_in(
    stack: RunningStack,
    browser: Browser,
    *,
    width: int = 1440,
    height: int = 900,
    language: str = "en",
    scheme: str = "light",
    preferences: dict[str, object] | None = None,
    allowed: str = "$^",
) -> Iterator[Page]:
    """A page of a person who is signed in; at the end nothing but what is allowed was said on its console."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=language,
        reduced_motion="reduce",
        accept_downloads=True,
        storage_state=session_of(stack, browser),
    )
    stored = {"mantine-color-scheme-value": scheme, "mlsteam-track-preferences": json.dumps(preferences or {})}
    for name, value in stored.items():
        # Not in frames: a sandboxed one has no storage, and would fail the test with the test's own error.
        only = f"window === top && !localStorage.getItem({name!r})"
        context.add_init_script(f"if ({only}) localStorage.setItem({name!r}, {value!r})")
    with _watched(context, allowed) as page:
        yield page


@contextmanager
def opened_page(browser: Browser, *, allowed: str = "$^") -> Iterator[Page]:
    """A page that nobody has signed in to, watched like the others."""
    with _watched(browser.new_context(locale="en", reduced_motion="reduce"), allowed) as page:
        yield page


@contextmanager
def _watched(context: BrowserContext, allowed: str) -> Iterator[Page]:
    errors: list[str] = []
    page = context.new_page()
    context.add_init_script(_VIOLATIONS)
    context.add_init_script(_QUIET)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", lambda said: errors.append(f"{said.text} {said.location}") if said.type == "error" else None)
    yield page
    context.close()
    unexpected = [error for error in errors if not re.search(allowed, error)]
    assert not unexpected, unexpected


def session_of(stack: RunningStack, browser: Browser) -> Path:
    """Return the cookies of somebody who has signed in once, for all tests of a stack: each link takes seconds."""
    kept = stack.run_dir / "session.json"
    if not kept.exists():
        context = browser.new_context()
        page = context.new_page()
        page.goto(stack.link())
        page.wait_for_url("**/projects**")
        kept.write_text(json.dumps({"cookies": context.cookies(), "origins": []}))
        context.close()
    return kept


def settled(page: Page) -> None:
    """Return when the page asks for nothing any more; "networkidle" would wait half a second each time."""
    page.wait_for_function("() => performance.now() - window.quietSince > 150")


def wait_for_curve(page: Page, *, within_s: float = 20) -> None:
    """Return when the first chart of the page shows a curve."""
    page.wait_for_function(_HAS_CURVE, timeout=within_s * 1000)


def check_accessible(page: Page) -> None:
    """Fail with what axe finds on the page as it is now."""
    if not page.evaluate("() => 'axe' in window"):
        # Not as a script element: the page's policy lets none of others in, and shall not for a test.
        page.evaluate(_AXE.read_text())
    found = page.evaluate(_AXE_RUN)
    assert not found, found


def picture(page: Page, name: str) -> Path:
    """Keep what is seen, for people to look at."""
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"{name}.png"
    page.screenshot(path=path)
    return path
