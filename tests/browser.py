"""A browser for the tests of pages: the system's Chromium, driven by Playwright.

    def test_the_page(page, watch):
        page.goto(address)
        page.get_by_role("button", name="Play").click()

`page` is Playwright's, 1280×800 and light unless told otherwise (`page.set_viewport_size`,
`page.emulate_media(color_scheme="dark")`).  When a test is over it fails if the console showed an
error, if an exception was not caught, or if any request would have left this machine; the browser
knows no other.  `watch` holds what was seen so far; a test that expects an error clears it.

Playwright is heard only while one of its functions runs: whoever waits for what a page asks or is
told waits by `becomes` or `page.wait_for_…`, never by `time.sleep`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
)
OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
ON_THE_NET = ("http", "https", "ws", "wss", "ftp")
PATIENCE = 100  # looks, a tenth of a second apart


@dataclass
class Watch:
    """What a page did."""

    errors: list[str] = field(default_factory=list)  # of the console, and exceptions
    requests: list[str] = field(default_factory=list)  # addresses, data: and blob: left out
    foreign: list[str] = field(default_factory=list)  # of them, those beyond this machine

    def listen(self, page: Any) -> None:
        """Note everything from now on."""
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def _note(self, address: str) -> None:
        if not address.startswith(("data:", "blob:")):
            self.requests.append(address)
        if _is_foreign(address):
            self.foreign.append(address)


def _is_foreign(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ON_THE_NET and parts.hostname not in OWN_HOSTS


def becomes(page: Any, condition: Callable[[], Any]) -> bool:
    """Whether it becomes so, while the page goes on."""
    for _ in range(PATIENCE):
        if condition():
            return True
        page.wait_for_timeout(100)
    return False


def accessibility_faults(page: Any) -> list[str]:
    """What axe-core finds wrong with the page as it stands, a line each."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="has axe-core: pip axe-playwright-python"
    )
    return [
        f"{fault['impact']}: {fault['help']}: {fault['nodes'][0]['html'][:200]}"
        for fault in axe.Axe().run(page).response["violations"]
    ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once for all tests; they skip where it or Playwright is missing."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="drives the browser: pip install playwright"
    )
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium here to look at pages with: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture
def watch() -> Watch:
    """What the test's page does."""
    return Watch()


@pytest.fixture
def page(browser: Any, watch: Watch) -> Iterator[Any]:
    """A window of its own; see above for what it fails at."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    opened = context.new_page()
    watch.listen(opened)
    yield opened
    context.close()
    assert watch.errors == []
    assert watch.foreign == []
