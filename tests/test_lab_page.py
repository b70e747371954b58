"""The laboratory as its visitors use it: a browser, a trained network, the whole way round.

Training, experiments and the time slider have a file of their own, test_lab_training_page.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.browser import accessibility_faults, becomes
from tests.lab import Client, serving, small_session, visit
from verypoorcnn.cli import main
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.lab.opening import open_session
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web.server import LabServer
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Dense, Flatten
from verypoorcnn.training.configuration import Configuration

VIEWS = (
    *("network", "network&layer=conv1&cell=0.3.4", "backward", "backward&layer=fc2&cell=1"),
    *("training", "experiments", "code&layer=conv1", "errors", "time", "own", "whatif"),
)


def said(*words: object) -> str:
    """What a command prints."""
    with redirect_stdout(StringIO()) as out:
        assert main([str(word) for word in words]) == 0
    return out.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small training on sketches."""
    folder = tmp_path_factory.mktemp("lab") / "run"
    asked = "train --data sketches --limit-train 160 --limit-test 60 --epochs 4 --no-report"
    said(*asked.split(), "--out", folder, "--set", "training.learning_rate=0.05")
    return folder


@pytest.fixture(scope="module")
def lab(run: Path) -> Iterator[LabServer]:
    """A laboratory that has it open."""
    with serving(open_session(str(run), None, lambda line: None)) as client:
        yield client.server


@pytest.fixture
def opened(page: Any, lab: LabServer) -> Any:
    """The page, let in, by somebody who was here before; goes to a view."""
    return lambda state: visit(page, lab, state)


def settled(page: Any) -> None:
    """Wait until nothing is asked of the server for half a second, and nothing moves or fades."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "() => !document.querySelector('.waiting') && !document.getAnimations().length"
    )


# Numbers.


def test_the_arithmetic_shows_the_digits_that_explain_prints(opened: Any, run: Path) -> None:
    page = opened("network&layer=conv1&cell=0.3.4&image=test:5")
    shown = page.locator(".result-value")
    shown.wait_for()
    command = ("explain", run, "--data", "sketches", "--index", 5, "--at", "conv1[0][3][4]")
    told = json.loads(said(*command, "--json"))
    assert page.locator(".result-name").inner_text() == "conv1[0][3][4]"
    assert float(shown.get_attribute("value")) == told["value"]
    assert shown.inner_text().replace("−", "-") == repr(told["value"])


def test_zooming_in_by_mouse_and_on_by_keyboard(opened: Any) -> None:
    page = opened("network")
    page.locator(".strip-column", has_text="conv1").first.click()
    maps = page.locator(".stage .panel", has_text="conv1").last.locator(".map.asked")
    maps.wait_for()
    at_first = page.locator(".result-name").inner_text()
    maps.hover(position={"x": 20, "y": 20})
    other = "was => document.querySelector('.result-name').innerText !== was"
    page.wait_for_function(other, arg=at_first)
    before = page.locator(".result-name").inner_text()
    maps.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(other, arg=before)
    row, column = before.removeprefix("conv1").strip("[]").split("][")[1:]
    assert page.locator(".result-name").inner_text() == f"conv1[0][{row}][{int(column) + 1}]"


def test_the_address_brings_everything_back(opened: Any) -> None:
    page = opened("network&layer=conv1&cell=1.2.3&image=train:7")
    page.locator(".result-value").wait_for()
    value = page.locator(".result-value").inner_text()
    page.reload()
    page.locator(".result-value").wait_for()
    assert page.locator(".result-name").inner_text() == "conv1[1][2][3]"
    assert page.locator(".result-value").inner_text() == value
    assert "train 7" in page.locator("#choose-image").inner_text()


# Events.


@pytest.fixture
def fresh() -> Iterator[Client]:
    """A laboratory of the test's own, with nothing trained."""
    with serving(small_session()) as client:
        yield client


@pytest.fixture
def opened_fresh(fresh: Client, page: Any) -> Callable[[str], Any]:
    """Opens a view of that laboratory."""
    return lambda state: visit(page, fresh.server, state)


@contextmanager
def without_events(page: Any, client: Client) -> Iterator[None]:
    """End the page's stream; the browser connects again after some seconds, but not in here."""
    held: list[Any] = []
    page.route("**/api/events", lambda route: held.append(route))
    for listener in [*client.server.session.hub._listeners]:
        client.server.session.hub.leave(listener)
        listener.close()
    yield
    page.unroute("**/api/events")
    for route in held:
        route.continue_()


@pytest.mark.parametrize(
    ("view", "sign"),
    [
        ("training", ".training-where:has-text('Epoch 1 · paused')"),
        ("time", ".time-number:has-text('Epoch 1')"),
    ],
)
def test_what_happened_while_the_stream_was_broken_is_asked_for(
    fresh: Client, opened_fresh: Any, view: str, sign: str
) -> None:
    page = opened_fresh(view)
    settled(page)
    with without_events(page, fresh):
        fresh.post("/api/training", {"action": "epoch"})
        assert becomes(page, lambda: fresh.get("/api/training")["epoch"] == 1)
        assert page.locator(sign).count() == 0
    page.wait_for_selector(sign)


def is_over(client: Client, *, seeds: int) -> bool:
    """Whether the newest experiment is of so many seeds and at its end."""
    last = client.get("/api/experiment")["last"]
    return bool(last["finished"] and last["of"] == seeds)


def test_so_is_the_pages_own_experiment(fresh: Client, opened_fresh: Any) -> None:
    page = opened_fresh("experiments")
    page.wait_for_selector(".experiment-about:has-text(', 5 seeds')")
    sign = ".experiment-about:has-text(', 3 seeds')"
    with without_events(page, fresh):
        page.evaluate("location.hash = '#view=experiments&epochs=2&seeds=3'")
        assert becomes(page, lambda: is_over(fresh, seeds=3))
        assert page.locator(sign).count() == 0
    page.wait_for_selector(sign)


# Errors.


def test_a_cell_of_the_confusion_matrix_opens_its_images(opened: Any) -> None:
    page = opened("errors")
    cell = page.locator(".matrix .cell:not(.none)").first
    cell.wait_for()
    label = cell.get_attribute("aria-label")
    pair, _, numbers = label.partition(": ")
    truth, predicted = pair.split(" taken for ")
    cell.click()
    heading = f"{truth}, found" if truth == predicted else pair
    page.wait_for_selector(f"#cell-title:text-is('{heading}')")
    assert page.locator(".cards .card").count() == min(int(numbers.split(" ")[0]), 24)
    heads = page.locator(".card-head strong").all_inner_texts()
    assert heads
    assert set(heads) == {truth}
    page.locator(".cards .card").first.click()
    page.wait_for_selector(".view-network")


def test_the_matrix_is_walked_by_arrow_keys(opened: Any) -> None:
    page = opened("errors")
    page.locator(".matrix .cell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    names = page.locator(".matrix tbody th").all_inner_texts()
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused.startswith(f"{names[1]} taken for {names[1]}: ")


def test_every_class_has_its_history(opened: Any) -> None:
    page = opened("errors")
    page.wait_for_selector(".errors-classes .sparkline")
    assert page.locator(".errors-classes .sparkline").count() == 10
    first = page.locator(".sparkline svg").first.get_attribute("aria-label")
    assert "epochs 0 to 4" in first


# The visitor's own image.


def guesses(page: Any) -> list[str]:
    return page.locator(".own-guesses .guess").all_inner_texts()


def test_what_is_drawn_is_predicted(opened: Any) -> None:
    page = opened("own")
    page.wait_for_selector(".own-guesses .guess")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_selector(".step strong:text('centred and scaled')")
    empty = guesses(page)
    box = page.locator(".sketchpad").bounding_box()
    page.mouse.move(box["x"] + 90, box["y"] + 60)
    page.mouse.down()
    for x, y in ((190, 60), (190, 220), (90, 220), (90, 60)):
        page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "before => [...document.querySelectorAll('.own-guesses .guess')]"
        ".map(row => row.innerText).join() !== before.join()",
        arg=empty,
    )
    settled(page)
    shares = [float(row.split("\n")[-1].strip("< %")) for row in guesses(page)]
    assert len(shares) == 10
    assert shares == sorted(shares, reverse=True)


def test_drawing_by_keyboard(opened: Any) -> None:
    page = opened("own")
    page.wait_for_selector(".own-guesses .guess")
    page.get_by_role("button", name="Clear").click()
    page.locator(".sketchpad").focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    drawn = page.evaluate(
        "document.querySelector('.sketchpad').getContext('2d').getImageData(145, 140, 1, 1).data[0]"
    )
    assert drawn == 255


def test_the_covering_square_is_moved_by_keyboard(opened: Any) -> None:
    page = opened("own&occlude=4,3,8")
    row, column = page.get_by_label("Cover, row"), page.get_by_label("Cover, column")
    assert (row.input_value(), column.input_value()) == ("4", "3")
    row.press("ArrowRight")
    column.press("ArrowLeft")
    assert "occlude=5,2,8" in page.evaluate("location.hash")
    page.get_by_label("Cover, size").press("Home")
    assert row.is_disabled()
    assert "occlude" not in page.evaluate("location.hash")


def test_the_chosen_image_keeps_its_probabilities_and_every_switch_adds_a_step(opened: Any) -> None:
    page = opened("own&image=test:3")
    page.wait_for_selector(".own-guesses .guess")
    settled(page)
    kept = page.locator(".own-guesses .guess").first.inner_text().replace("\n", " ")
    assert page.locator(".step strong").all_inner_texts() == ["as it came", "at 28×28"]
    page.get_by_role("checkbox", name="Invert").check()
    page.wait_for_selector(".step strong:text('inverted')")
    page.get_by_role("checkbox", name="Invert").uncheck()
    page.get_by_label("Turn").fill("90")
    page.wait_for_selector(".step strong:text('turned')")
    assert "rotate=90" in page.url
    page.goto(page.url.partition("#")[0] + "#view=network&image=test:3")
    best = page.locator(".strip-column", has_text="probabilities").last
    best.wait_for()
    assert kept.split(" ")[0] in best.inner_text()


# The tour, the legend, the first visit.


def test_the_first_visit_is_offered_the_tour_once_and_its_eight_steps_go_round(
    page: Any, lab: LabServer
) -> None:
    page.goto(lab.address)
    page.get_by_role("button", name="Take the tour").click()
    for step in range(1, 9):
        page.wait_for_selector(f".tour-foot :text('{step} of 8')")
        page.wait_for_selector(".tour-ring", state="visible")
        assert f"step={step}" in page.url
        page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tour-card", state="detached")
    assert "step" not in page.url
    page.reload()
    page.wait_for_selector(".view *")
    assert page.locator(".tour-card").count() == 0


def test_a_link_into_the_tour_opens_it_there(opened: Any) -> None:
    page = opened("network&step=4")
    page.wait_for_selector(".tour-foot :text('4 of 8')")
    page.wait_for_selector(".result-value")
    page.keyboard.press("Escape")
    page.wait_for_selector(".tour-card", state="detached")


def test_the_legend_opens_and_closes_by_key(opened: Any) -> None:
    page = opened("network")
    page.keyboard.press("?")
    page.wait_for_selector(".legend-card :text('Blue below zero')")
    page.keyboard.press("Escape")
    page.wait_for_selector(".legend-card", state="detached")


# Many classes.


@pytest.fixture(scope="module")
def crowded() -> Iterator[Client]:
    """A laboratory with a hundred classes, whose images are a bright pixel in its place."""
    names = tuple(f"{k:02} of a hundred" for k in range(100))
    images = b"".join(bytes(255 * (k == place) for place in range(100)) for k in range(100))
    dataset = Dataset(images, bytes(range(100)), (1, 10, 10), names, "bright pixels")
    network = Network((1, 10, 10), (Flatten(), Dense(100)))
    session = Session(
        network,
        network.initial_parameters(0),
        origin="untrained",
        parts=Parts(dataset, dataset, None, "bright pixels", ()),
        class_names=names,
        configuration=Configuration(),
        title="a hundred classes",
    )
    with serving(session) as client:
        yield client


@pytest.fixture
def among_many(page: Any, crowded: Client) -> Callable[[str], Any]:
    """Opens a view of that laboratory."""
    return lambda state: visit(page, crowded.server, state)


def test_of_many_classes_the_foremost_have_bars(
    among_many: Callable[[str], Any], crowded: Client
) -> None:
    page = among_many("network&image=test:57")
    page.locator(".bars").first.wait_for()
    bars = page.locator(".strip .bars")
    ranked = sorted(crowded.get("/api/forward?image=test:57")["probabilities"], reverse=True)
    shares = bars.locator(".bar-value").all_inner_texts()
    assert shares[:10] == [f"{100 * share:.1f} %" for share in ranked[:10]]
    assert bars.locator(".bar-label .bar-name").inner_text() == "57 of a hundred"
    assert re.fullmatch(r"(89|90) others: \d+\.\d %", bars.locator(".bars-rest").inner_text())


def test_the_map_of_many_classes_is_walked_and_opens_its_images(
    among_many: Callable[[str], Any], crowded: Client
) -> None:
    page = among_many("errors")
    counts = crowded.get("/api/confusion")["counts"]
    matrix = page.locator(".matrix-map .map")
    matrix.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    said = f"03 of a hundred taken for 05 of a hundred: {counts[3][5]} of 1, "
    assert page.locator(".matrix-readout").inner_text().startswith(said)
    assert matrix.get_attribute("aria-label").startswith(said)
    page.keyboard.press("Enter")
    page.wait_for_selector("#cell-title:text-is('03 of a hundred taken for 05 of a hundred')")
    assert "cellTrue=3&cellPredicted=5" in page.url
    page.locator(".confusions button").first.click()
    page.wait_for_selector(".cards .card")


def test_of_many_classes_one_is_chosen_from_a_list(among_many: Callable[[str], Any]) -> None:
    page = among_many("network")
    page.click("#choose-image")
    page.get_by_label("Class").select_option("42 of a hundred")
    page.wait_for_selector(".chooser p:text-is('1 of 1 images')")
    page.locator(".thumb-button").click()
    page.wait_for_selector("#choose-image:has-text('42 of a hundred')")


# Everyone can use it, on a desk and on a tablet, by day and by night.


SIZES = pytest.mark.parametrize(
    ("theme", "width", "height"), [("light", 1280, 800), ("dark", 820, 1180)]
)


@SIZES
@pytest.mark.parametrize("view", VIEWS)
def test_nobody_is_shut_out_and_nothing_is_cut_off(
    opened: Any, page: Any, view: str, theme: str, width: int, height: int
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    opened(view)
    settled(page)
    assert shortcomings(page) == []


@SIZES
@pytest.mark.parametrize("view", ["network", "network&layer=probabilities", "errors", "whatif"])
def test_nor_are_many_classes(
    among_many: Callable[[str], Any], page: Any, view: str, theme: str, width: int, height: int
) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    among_many(view)
    settled(page)
    assert shortcomings(page) == []


def shortcomings(page: Any) -> list[str]:
    """What shuts people out, and whether something is wider than the window."""
    serious = ("serious: ", "critical: ")
    found = [fault for fault in accessibility_faults(page) if fault.startswith(serious)]
    wide, width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return [*found, f"{wide} pixels wide"] if wide > width else found
