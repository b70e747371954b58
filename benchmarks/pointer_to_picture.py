"""How soon the lab shows what a hand asks for: `python3 -m benchmarks.pointer_to_picture RUN…`.

For every run its lab is opened in headless Chromium, and real events are sent to it: a pointer that
moves, a key.  A time goes from the event's own time stamp until the frame is painted after which
nothing on the page changes any more; the browser paints sixty frames a second, so that up to 17 ms
are waiting.  Each figure is the median and the longest of its turns.  docs/lab.md has the result.

It needs Debian's Chromium and Playwright (`pip install playwright`).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGINT
from statistics import median
from subprocess import DEVNULL, PIPE, Popen

from playwright.sync_api import Page, sync_playwright

from verypoorcnn.training.benchmark.machine import description, line

TURNS = 15
WARM_UP = 8000  # milliseconds in which a new lab compiles what it runs
WATCHING = """
localStorage.setItem("verypoorcnn-lab-visited", "1");  // no offer of the tour
window.seen = { began: null, painted: 0, changed: 0, asked: 0 };
const after = new MessageChannel(); // its message comes when the frame is painted
after.port1.onmessage = () => (seen.painted = performance.now());
let waiting = false; // for a frame
function changed() {
  seen.changed = performance.now();
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    after.port2.postMessage(0);
  });
}
for (const name of ["putImageData", "fillRect", "strokeRect", "fillText", "stroke"]) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    changed();
    return draw.apply(this, given);
  };
}
document.addEventListener("DOMContentLoaded", () =>
  new MutationObserver(changed).observe(document.body, {
    subtree: true, childList: true, attributes: true, characterData: true,
  }));
for (const kind of ["pointermove", "pointerdown", "keydown"]) {
  addEventListener(kind, (event) => (seen.began ??= event.timeStamp), { capture: true });
}
const ask = window.fetch;
window.fetch = (...given) => {
  seen.asked += 1;
  return ask(...given).finally(() => (seen.asked -= 1));
};
"""
SETTLED = """() => {
  const now = performance.now();
  return seen.began !== null && !seen.asked && now - Math.max(seen.changed, seen.began) > 250;
}"""


@dataclass(frozen=True)
class Act:
    """Something that a hand does, again and again."""

    name: str
    state: str  # of the page, as its address has it
    awaited: str  # what must be there before
    prepare: Callable[[Page], object]
    turn: Callable[[Page, int], object]


def key(name: str) -> Callable[[Page, int], None]:
    """Press a key."""
    return lambda page, turn: page.keyboard.press(name)


def hurry(page: Page, turn: int) -> None:
    """To the next image and at once to the one behind it, which cannot have been asked for."""
    page.keyboard.press("]")
    page.evaluate("seen.began = null")
    page.keyboard.press("]")


def to_and_fro(page: Page, turn: int) -> None:
    """A step back on a slider, and a step forth."""
    page.keyboard.press("ArrowRight" if turn % 2 else "ArrowLeft")


def nothing(page: Page) -> None:
    """Nothing needs to be done before."""


def focus(selector: str) -> Callable[[Page], None]:
    """Keys shall go there."""
    return lambda page: page.locator(selector).first.focus()


def over(selector: str) -> Callable[[Page, int], None]:
    """The pointer goes from value to value of a map."""

    def turn(page: Page, count: int) -> None:
        box = page.locator(selector).first.bounding_box()
        assert box
        x, y = (0.12 + 0.05 * count) % 0.8, (0.1 + 0.07 * count) % 0.8
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])

    return turn


MAP = ".stage .panel.asked .map-marks"  # of the numbers that are explained
ACTS = [
    Act("next image, network", "view=network", ".strip canvas", nothing, key("]")),
    Act("in a hurry, network", "view=network", ".strip canvas", nothing, hurry),
    Act("pointer over a map", "view=network&layer=conv1", MAP, nothing, over(MAP)),
    Act("next image, a number open", "view=network&layer=conv1&cell=1.2.2", MAP, nothing, key("]")),
    Act("in a hurry, a number open", "view=network&layer=conv1&cell=1.2.2", MAP, nothing, hurry),
    Act("next image, backward", "view=backward", ".strip canvas", nothing, key("]")),
    Act("in a hurry, backward", "view=backward", ".strip canvas", nothing, hurry),
    Act("pointer over deltas", "view=backward&layer=conv1", MAP, nothing, over(MAP)),
    Act(
        "next image, a kernel's gradient",
        "view=backward&layer=conv1&target=conv1.weight[1][0][2][2]",
        ".result-value",
        nothing,
        key("]"),
    ),
    Act(
        "in a hurry, a kernel's gradient",
        "view=backward&layer=conv1&target=conv1.weight[1][0][2][2]",
        ".result-value",
        nothing,
        hurry,
    ),
    Act(
        "a weight moved",
        "view=whatif&target=conv1.weight[1][0][2][2]",
        ".picker-map canvas",
        focus(".picker-fields input[type=range]"),
        to_and_fro,
    ),
    Act("another epoch", "view=time", "#time-slider", focus("#time-slider"), to_and_fro),
]


def main(runs: list[str]) -> None:
    """Print a table: what is done, and how long each run's lab took."""
    print(f"milliseconds, median and longest of {TURNS}, on {line(description())}")
    for run in runs:
        print(f"\n{run}")
        for name, times in measured(run):
            print(f"{name:<34}{median(times):>8.0f}{max(times):>8.0f}", flush=True)


def measured(run: str) -> Iterator[tuple[str, list[float]]]:
    """Every act's times in the lab of a run."""
    with lab(run) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(WATCHING)
        page.goto(address)
        page.wait_for_timeout(WARM_UP)
        for act in ACTS:
            yield act.name, performed(page, act)
        browser.close()


@contextmanager
def lab(run: str) -> Iterator[str]:
    """The address of a run's lab, which runs in a process of its own as a user's does."""
    command = [sys.executable, "-m", "verypoorcnn", "lab", run, "--no-open"]
    with Popen(command, stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(SIGINT)


def performed(page: Page, act: Act) -> list[float]:
    """Milliseconds of each turn but the first three, in which the browser compiles the page."""
    page.evaluate("state => { location.hash = state; }", act.state)
    page.wait_for_selector(act.awaited)
    page.wait_for_timeout(1500)
    act.prepare(page)
    page.wait_for_timeout(300)
    times = []
    for turn in range(TURNS + 3):
        page.evaluate("seen.began = null")
        act.turn(page, turn)
        page.wait_for_function(SETTLED, polling=50)
        times.append(page.evaluate("seen.painted - seen.began"))
    return times[3:]


if __name__ == "__main__":
    main(sys.argv[1:])
