"""The lab's zoom into a network, forth and back, its code, and what one tries out: in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lab import Client, serving, small_session, visit
from verypoorcnn.explain import Explainer
from verypoorcnn.lab.edits import WhatIf
from verypoorcnn.lab.session import Session
from verypoorcnn.network import Network
from verypoorcnn.network.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU

Open = Callable[[str], Any]


@pytest.fixture(scope="module")
def session() -> Session:
    """A network of several channels, padding, biases and pooling, on sketches."""
    layers = (
        *(Conv2D(3, 5, strides=2, padding=2), ReLU(), MaxPool2D(2)),
        *(Conv2D(4, 3), ReLU(), Flatten(), Dense(10)),
    )
    return small_session(Network((1, 28, 28), layers))


@pytest.fixture(scope="module")
def served(session: Session) -> Iterator[Client]:
    """Its server."""
    with serving(session) as client:
        yield client


@pytest.fixture
def opened(page: Any, served: Client) -> Open:
    """Open a state of the page."""
    return lambda state: visit(page, served.server, state)


def explainer(session: Session, image: int) -> Explainer:
    """The textbook engine's numbers of a test image."""
    held, test = session.held, session.parts.test
    return Explainer(held.network, held.parameters, [test.image(image)], [test.labels[image]])


def shown(page: Any) -> float:
    """The number that is explained."""
    return float(page.locator(".result-value").get_attribute("value"))


def to_digits(text: str) -> str:
    """As Python prints it."""
    return text.replace("−", "-")


@pytest.mark.parametrize(
    ("layer", "cell"),
    [
        *(("conv1", "2.0.13"), ("relu1", "1.3.3"), ("pool1", "0.6.2"), ("conv2", "3.4.0")),
        *(("flatten1", "77"), ("fc1", "9"), ("probabilities", "4"), ("image", "0.14.14")),
    ],
)
def test_every_layer_shows_the_textbooks_digits(
    opened: Open, session: Session, layer: str, cell: str
) -> None:
    page = opened(f"network&image=test:3&layer={layer}&cell={cell}")
    page.locator(".result-value").wait_for()

    value = explainer(session, 3).value(layer + "".join(f"[{i}]" for i in cell.split(".")))
    assert to_digits(page.locator(".result-value").inner_text()) == repr(value)


@pytest.mark.parametrize(
    ("layer", "target"),
    [
        *(("conv2", "conv2.weight[3][2][1][0]"), ("conv1", "conv1.bias[2]")),
        *(("conv2", "pool1[2][3][3]"), ("pool1", "relu1[1][4][5]")),
        *(("probabilities", "fc1[7]"), ("fc1", "fc1.weight[6][50]")),
    ],
)
def test_every_gradient_shows_the_textbooks_digits(
    opened: Open, session: Session, layer: str, target: str
) -> None:
    page = opened(f"backward&image=test:3&layer={layer}&target={target}")
    page.locator(".result-value").wait_for()

    assert shown(page) == explainer(session, 3).value(target, "gradient")


@pytest.mark.parametrize(
    ("layer", "target", "function"),
    [
        ("conv1", "conv1.weight[2][0][4][1]", "sgd_kernels"),
        ("conv2", "conv2.bias[3]", "sgd_vector"),
        ("fc1", "fc1.weight[6][50]", "sgd_matrix"),
    ],
)
def test_every_step_shows_the_textbooks_digits_and_code(
    opened: Open, session: Session, layer: str, target: str, function: str
) -> None:
    page = opened(f"backward&image=test:3&layer={layer}&of=update&target={target}")
    page.locator(".result-value").wait_for()

    known = explainer(session, 3)
    assert page.locator(".result-name").inner_text() == f"new {target}"
    assert shown(page) == known.value(target, "update")
    factors = [float(data.get_attribute("value")) for data in page.locator(".terms data").all()]
    assert {known.value(target), known.value(target, "gradient"), 0.008} <= {*factors}
    assert function in page.locator(".code-body figcaption").inner_text()


def test_a_step_is_drawn_from_the_same_numbers_and_walked_like_them(
    opened: Open, session: Session
) -> None:
    page = opened("backward&image=test:3&layer=conv1")
    page.get_by_role("button", name="The step of training").click()
    page.wait_for_selector(".result-name:text('new conv1.')")

    grid = page.get_by_role("application", name="new conv1.weight")
    grid.hover(position={"x": 8, "y": 8})
    page.wait_for_selector(".result-name:text-is('new conv1.weight[0][0][0][0]')")
    value = explainer(session, 3).value("conv1.weight[0][0][0][0]", "update")
    assert to_digits(page.locator(".readout").inner_text()).endswith(f" = {value!r}")
    for _ in range(3):
        page.keyboard.press(".")
    assert "-=" in page.locator(".code-line.current").inner_text()
    assert float(page.locator(".variable-total data").get_attribute("value")) == value
    page.get_by_role("button", name="Gradients", exact=True).last.click()
    page.wait_for_selector(".result-name:text('∂conv1.')")


def test_the_step_beneath_a_gradient_leads_to_its_code(opened: Open, session: Session) -> None:
    page = opened("backward&image=test:3&layer=fc1&target=fc1.bias[2]")
    page.get_by_role("button", name="Its arithmetic and code").click()
    page.wait_for_selector(".result-name:text-is('new fc1.bias[2]')")

    assert shown(page) == explainer(session, 3).value("fc1.bias[2]", "update")
    page.keyboard.press("Escape")  # lets go of the number, and stays
    page.wait_for_selector(".stage:not(.pinned)")
    page.get_by_role("button", name="Loops", exact=True).click()
    page.locator(".code-body", has_text="rate").wait_for()


def test_the_terms_add_up_in_the_order_of_the_loops(opened: Open) -> None:
    page = opened("network&image=test:3&layer=conv2&cell=1.2.2")
    totals = page.locator(".running data")
    totals.last.wait_for()

    assert totals.count() == 28  # 3 channels of 3×3, and the bias
    assert float(totals.last.get_attribute("value")) == shown(page)


def test_steps_go_through_the_lines_with_their_variables(opened: Open) -> None:
    page = opened("network&image=test:3&layer=conv2&cell=1.2.2")
    page.locator(".code-line").first.wait_for()
    page.get_by_text("step 0 of 30").wait_for()

    for _ in range(5):
        page.keyboard.press(".")
    page.keyboard.press(",")

    assert "total +=" in page.locator(".code-line.current").inner_text()
    assert "step 4 of 30" in page.locator(".code-controls").inner_text()
    assert re.search(
        r"f\s*1\s+i\s*2\s+j\s*2\s+c\s*0\s+m\s*1", page.locator(".variables").inner_text()
    )
    running = page.locator("tr.focused .running data").get_attribute("value")
    assert page.locator(".variable-total data").get_attribute("value") == running


def test_every_level_of_the_code_opens(opened: Open) -> None:
    page = opened("network&image=test:3&layer=relu1&cell=0.1.1")
    page.locator(".code-line").first.wait_for()

    for level, word in (("Loops", "0..3"), ("Python", "def relu_maps"), ("Assembly", "vmaxps")):
        page.get_by_role("button", name=level, exact=True).click()
        page.locator(".code-body", has_text=word).wait_for()


def test_the_losses_functions_have_levels_too(opened: Open) -> None:
    page = opened("network&image=test:3&layer=probabilities&cell=4&level=python")
    page.locator(".code-body", has_text="def softmax").wait_for()

    page.goto(page.url.replace("network", "code").replace("probabilities", "loss"))
    page.reload()
    page.locator("#function option:checked", has_text="loss: ").wait_for(state="attached")


def test_a_nudged_weight_moves_the_loss_as_its_gradient_foretold(opened: Open) -> None:
    page = opened("backward&image=test:3&layer=fc1&target=fc1.bias[2]")
    page.locator(".nudge-result dd").last.wait_for()
    gradient = shown(page)

    page.locator("#nudge").fill("0.01")
    page.get_by_text("Move this weight by 0.010").wait_for()

    now, foretold, then, apart = (
        float(dd.get_attribute("value")) for dd in page.locator(".nudge-result data").all()
    )
    assert foretold == now + gradient * 0.01
    assert apart == pytest.approx(then - foretold)
    assert abs(apart) < 1e-4


def test_what_is_tried_out_stands_in_the_address_and_can_be_taken_back(
    opened: Open, session: Session
) -> None:
    page = opened("whatif&image=test:3&edits=fc1.bias[4]=9&silence=conv1.1")
    page.get_by_text("2 changes tried out").wait_for()

    assert session.held.parameters["fc1.bias"].values[4] == 9
    page.locator(".bar-guess .bar-name", has_text=session.class_names[4]).wait_for()
    page.get_by_role("button", name="Take back conv1[1]").click()
    page.get_by_text("1 change tried out").wait_for()
    assert page.evaluate("location.hash").endswith("edits=fc1.bias[4]=9")
    page.get_by_role("button", name="Reset all").click()
    page.locator(".edits", has_text="nothing yet").wait_for()
    page.locator(".trial-note:empty").wait_for(state="attached")
    assert session.held.parameters == session.held.untouched.parameters


def test_what_another_page_tries_out_is_taken_over(opened: Open, session: Session) -> None:
    page = opened("whatif&image=test:3&edits=fc1.bias[4]=9")
    page.get_by_text("1 change tried out").wait_for()
    session.try_out(WhatIf({("fc1.bias", (2,)): 0.5}, frozenset({("conv1", 1)})))
    page.get_by_text("2 changes tried out").wait_for()
    page.locator(".edits", has_text="fc1.bias[2]").wait_for()
    assert page.evaluate("location.hash").endswith("edits=fc1.bias[2]=0.5&silence=conv1.1")
    session.replace(session.network, session.held.untouched.parameters, origin="a training")
    page.locator(".edits", has_text="nothing yet").wait_for()
    assert not session.held.what_if.edits  # nothing was sent back
