"""Takes the pictures of the laboratory that the README shows.

    python3 -m verypoorcnn train --set training.seed=1 --out runs/paper
    python3 -m docs.screenshots runs/paper

It needs Debian's Chromium and Playwright (`pip install playwright`).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from verypoorcnn.lab.opening import open_session
from verypoorcnn.lab.routes import LIMITS, routes
from verypoorcnn.lab.web.server import LabServer

FOLDER = Path(__file__).parent
SIZE: ViewportSize = {"width": 1280, "height": 800}
VISITED = "localStorage.setItem('verypoorcnn-lab-visited', '1')"  # no offer of the tour
PICTURES = {  # the page's state, and what must be there before the picture is taken
    "lab-network.png": ("view=network&layer=conv1&cell=3.4.5&image=test:23", ".result-value"),
    "lab-experiments.png": ("view=experiments&image=test:23", ":text('5 seeds')"),
}


def main(run: str) -> None:
    """Take all pictures of a lab that has this run open."""
    session = open_session(run, None, print)
    server = LabServer(session, routes(), 0, LIMITS)
    server.start()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.add_init_script(VISITED)
        for name, (state, awaited) in PICTURES.items():
            take(page, f"{server.address}#{state}", awaited, FOLDER / name)
        browser.close()
    server.stop()
    session.close()


def take(page: Page, address: str, awaited: str, path: Path) -> None:
    """One picture, as soon as the page has come to rest."""
    page.goto(address)
    page.reload()
    page.wait_for_selector(awaited)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)  # experiments tell of themselves through one long answer
    page.screenshot(path=path)


if __name__ == "__main__":
    main(sys.argv[1])
