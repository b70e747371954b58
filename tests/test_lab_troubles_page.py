"""What the lab's page does when things are not as usual: a second page, a server that is gone, an
address that names nothing, names that are no names.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest

from tests.browser import Watch, becomes
from tests.lab import Client, serving, small_session, visit
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import Parts
from verypoorcnn.lab.routes import LIMITS, routes
from verypoorcnn.lab.session import Session
from verypoorcnn.lab.web.server import LabServer
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Dense, Flatten
from verypoorcnn.training.configuration import Configuration

Open = Callable[..., Any]

NAMES = (
    *("\u202egnirts", "", "same", "same", "\u2069\u202eevil", "\u05d0\u05d1\u05d2"),
    *("six", "seven", "eight", "nine"),
)


@pytest.fixture
def fresh() -> Iterator[Client]:
    """A laboratory of the test's own."""
    with serving(small_session()) as client:
        yield client


@pytest.fixture
def opened(fresh: Client, page: Any) -> Open:  # in this order: the page is closed first
    """Opens a state of its page."""
    return lambda state: visit(page, fresh.server, state)


def of_images(
    shape: tuple[int, int, int], names: tuple[str, ...], network: Network | None = None
) -> Session:
    """A laboratory of other images: each byte another than its neighbours', one of each class."""
    size = shape[0] * shape[1] * shape[2]
    pixels = bytes((37 * i + 11 * (i // 7)) % 256 for i in range(size * len(names)))
    dataset = Dataset(pixels, bytes(range(len(names))), shape, names, "made up")
    network = network or Network(shape, (Flatten(), Dense(len(names))))
    return Session(
        network,
        network.initial_parameters(0),
        origin="untrained",
        parts=Parts(dataset, dataset, None, "made up", ()),
        class_names=names,
        configuration=Configuration(),
        title="made up",
    )


@contextmanager
def serving_at(port: int, session: Session | None = None) -> Iterator[LabServer]:
    """A lab at this port, started anew."""
    server = LabServer(session or small_session(), routes(), port, LIMITS)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def forgive(page: Any, watch: Watch) -> None:
    """Leave a page whose questions were meant to fail: the browser notes each as an error."""
    page.goto("about:blank")  # which asks for nothing more
    watch.errors.clear()


# Two pages.


def test_another_pages_experiment_is_not_shown_beside_ones_own_sliders(
    opened: Open, fresh: Client
) -> None:
    page = opened("experiments&epochs=2&seeds=3")
    page.wait_for_selector(".experiment-about:has-text(', 3 seeds')")
    own = page.inner_text(".experiment-about")

    fresh.post("/api/experiment", {"epochs": 3, "seeds": 4})

    def is_over() -> bool:
        last = fresh.get("/api/experiment")["last"]
        return bool(last["finished"] and last["of"] == 4)

    assert becomes(page, is_over)
    page.wait_for_timeout(300)

    assert page.inner_text(".experiment-about") == own
    field = page.get_by_label("Seeds, exact")
    field.fill("2")
    field.press("Enter")
    page.wait_for_selector(".experiment-about:has-text(', 2 seeds')")


def test_an_experiment_that_another_page_stopped_is_asked_for_again(
    opened: Open, fresh: Client
) -> None:
    page = opened("experiments&epochs=100&seeds=29&lr=0.001")
    page.wait_for_selector(".experiment-about:has-text('of 29 seeds')")
    foreign = fresh.post("/api/experiment", {"epochs": 1, "seeds": 1})["id"]

    def begun_again() -> bool:
        last = fresh.get("/api/experiment")["last"]
        return bool(last["of"] == 29 and last["id"] > foreign)

    assert becomes(page, begun_again)


def test_a_plot_of_seeds_has_a_name_before_there_are_any(
    opened: Open, page: Any, watch: Watch
) -> None:
    page.route(
        "**/api/experiment",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    opened("experiments").wait_for_selector(".seeds", state="attached")
    assert page.locator(".seeds").get_attribute("aria-label") == "Accuracy of each seed: none yet"
    forgive(page, watch)


# A picture of the network's own size.


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 9), (1, 33, 50)])
def test_a_picture_of_the_networks_size_arrives_as_it_is(
    page: Any, shape: tuple[int, int, int]
) -> None:
    pillow = pytest.importorskip("PIL.Image", reason="writes the picture: pip install pillow")
    channels, rows, columns = shape
    plane = rows * columns
    session = of_images(shape, ("one", "two"))
    pixels = session.parts.test.image(1)
    mixed = bytes(pixels[c * plane + i] for i in range(plane) for c in range(channels))
    file = BytesIO()
    mode = "RGB" if channels == 3 else "L"
    pillow.frombytes(mode, (columns, rows), mixed).save(file, "PNG")
    answers: list[Any] = []
    page.on("response", lambda it: answers.append(it) if it.url.endswith("/api/own") else None)

    def arrives(image: bytes) -> bool:
        sent = b64encode(image).decode()
        return becomes(page, lambda: answers[-1:] and answers[-1].json()["pixels"]["data"] == sent)

    with serving(session) as client:
        visit(page, client.server, "own&image=test:0")
        assert arrives(session.parts.test.image(0))
        picture = {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}
        page.get_by_role("checkbox", name="Centre").check()
        page.locator("input[type=file]").set_input_files(picture)
        assert arrives(pixels)
        page.get_by_role("button", name="Take the chosen image").click()
        assert arrives(session.parts.test.image(0))


# A dense layer that looks at the whole image.


def test_a_wide_matrix_is_shown_unit_by_unit_and_stays_in_its_panel(page: Any) -> None:
    with serving(of_images((1, 28, 28), ("one", "two", "three"))) as client:
        visit(page, client.server, "whatif&target=fc1.weight[2][30]")
        grid = page.get_by_role("application", name="fc1.weight")
        grid.wait_for()
        assert becomes(page, lambda: page.locator("#weight").input_value() != "")
        box, panel = grid.bounding_box(), page.locator(".picker").bounding_box()
        assert box["width"] <= panel["width"]
        assert box["width"] >= 28 * 8
        assert page.get_by_label("Unit").input_value() == "2"
        grid.focus()
        page.keyboard.press("ArrowDown")
        page.locator("label[for=weight]:text-is('fc1.weight[2][58]')").wait_for()
        page.get_by_label("Unit").fill("1")
        page.locator("label[for=weight]:text-is('fc1.weight[1][58]')").wait_for()
        page.locator("#weight").fill("3")
        page.keyboard.press("Enter")
        page.wait_for_function("location.hash.includes('edits=fc1.weight[1][58]=3')")
        page.locator("#weight").fill("1e400")
        page.keyboard.press("Enter")
        page.wait_for_selector("#status:has-text('finite')")
        assert page.locator("#weight").input_value() == "3"
        page.locator("#parameter").select_option("fc1.bias")
        assert becomes(page, page.get_by_label("Unit").is_hidden)


# Links.


def test_a_link_to_a_number_is_walked_by_the_arrow_keys_at_once(opened: Open) -> None:
    page = opened("network&layer=conv1&cell=0.3.3")
    page.wait_for_selector(".readout:has-text('Pinned')")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".result-name:text-is('conv1[0][3][4]')")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".result-name:text-is('conv1[0][4][4]')")
    page.locator(".strip-column").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert page.inner_text(".result-name") == "conv1[0][4][4]"


@pytest.mark.parametrize("cell", ["a", "9.9.9", "0.0", "0.-1.0", "0.0.0.5"])
def test_a_link_to_no_number_says_so_and_shows_the_layer(
    opened: Open, cell: str, watch: Watch
) -> None:
    page = opened(f"network&layer=conv1&cell={cell}")
    page.wait_for_selector("#status:has-text('conv1')")
    page.wait_for_selector(".result-name")
    assert "cell" not in page.url
    assert page.locator(".stage.pinned").count() == 0
    page.keyboard.press("6")
    page.wait_for_selector("#status:empty", state="attached")
    forgive(page, watch)


# The server.


def test_a_server_that_is_gone_is_noticed_and_found_again(
    opened: Open, fresh: Client, watch: Watch
) -> None:
    page = opened("training")
    page.select_option("#knob-pace", "0.2")
    page.click("#play")
    page.wait_for_selector(".training-where:has-text('· training')")
    port, token = fresh.port, fresh.server.token
    fresh.server.stop()

    page.wait_for_selector("#connection:has-text('does not answer')")
    assert "· training" not in page.inner_text(".training-where")
    assert "images a second" not in page.inner_text(".training-where")
    page.click("[data-view=code]")
    page.wait_for_selector(".view-code .note:has-text('does not answer')")
    assert "import" not in page.inner_text("body")

    again = LabServer(small_session(), routes(), port, LIMITS)
    again.token = token
    again.start()
    try:
        page.wait_for_selector("#connection:empty", state="attached")
        page.wait_for_selector(".view-code select")
    finally:
        again.stop()
        forgive(page, watch)


def test_a_lab_that_was_started_anew_says_how_to_get_in(
    opened: Open, fresh: Client, watch: Watch
) -> None:
    page = opened("network")
    port = fresh.port
    fresh.server.stop()
    with serving_at(port) as again:
        assert again.token != fresh.server.token
        page.wait_for_selector("#connection:has-text('started anew')")
    forgive(page, watch)


# Names of classes that a stranger chose.


def test_strange_names_neither_turn_the_line_nor_look_the_same(
    opened: Open, page: Any, fresh: Client
) -> None:
    def rename(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "class_names": NAMES})

    page.route("**/api/session", rename)
    opened("errors").wait_for_selector(".matrix tbody th")
    names = page.locator(".matrix tbody th").all_inner_texts()
    assert names[1:4] == ["class 1", "same (class 2)", "same (class 3)"]
    assert len({*names}) == len(NAMES)
    everything = page.evaluate("document.documentElement.outerHTML")
    assert "\u202e" not in everything
    assert "\u2068\u05d0\u05d1\u05d2\u2069" in everything
    first = fresh.server.session.parts.test.labels.index(0)
    page.evaluate(f"location.hash = '#view=network&image=test:{first}'")
    page.wait_for_selector(f"#choose-image:has-text('gnirts test {first}')")


# Faults.


def test_errors_are_seen_beside_the_first_visits_offer(
    fresh: Client, page: Any, watch: Watch
) -> None:
    page.goto(f"{fresh.server.address}#view=network&layer=conv1&cell=9.9.9")
    page.wait_for_selector(".tour-card")
    page.wait_for_selector("#status:has-text('conv1')")
    for width, height in ((1280, 800), (420, 800)):
        page.set_viewport_size({"width": width, "height": height})
        status, card = (page.locator(it).bounding_box() for it in ("#status", ".tour-card"))
        apart = (
            status["x"] + status["width"] <= card["x"]
            or status["y"] + status["height"] <= card["y"]
        )
        assert apart
    forgive(page, watch)


def test_errors_without_a_confusion_matrix_shows_no_empty_panels(
    opened: Open, page: Any, watch: Watch
) -> None:
    refusal = {"status": 400, "json": {"error": "no test images"}}
    page.route("**/api/confusion", lambda route: route.fulfill(**refusal))
    opened("errors")
    page.wait_for_selector(".errors-matrix:has-text('no test images')")
    assert page.get_by_role("button", name="Show more").count() == 0
    assert page.locator(".errors-classes").is_hidden()
    assert page.locator(".errors-images").is_hidden()
    forgive(page, watch)


def test_the_errors_view_asks_for_its_history_a_few_times_only(
    opened: Open, page: Any, fresh: Client, watch: Watch
) -> None:
    page = opened("errors")
    page.wait_for_selector(".matrix")
    for done in range(40):
        fresh.server.session.hub.publish("epochs", {"source": "repeat", "done": done, "of": 40})
        page.wait_for_timeout(10)  # in which the page may ask
    page.wait_for_timeout(700)
    asked = [each for each in watch.requests if "/api/classes" in each]
    assert 1 <= len(asked) <= 5


@pytest.mark.parametrize(("typed", "taken"), [("-1", "1e-05"), ("999", "10"), ("", "0.008")])
def test_a_number_that_is_out_of_bounds_is_not_changed_in_silence(
    opened: Open, typed: str, taken: str
) -> None:
    page = opened("training")
    field = page.get_by_label("Learning rate, exact")
    field.fill(typed)
    field.press("Tab")
    page.wait_for_selector(".knob-note:has-text('from 0.00001 to 10')")
    assert float(field.input_value()) == float(taken)
    field.fill("0.5")
    field.press("Tab")
    page.wait_for_selector(".knob-note", state="hidden")
