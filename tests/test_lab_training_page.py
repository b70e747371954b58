"""Training, experiments and time in a browser: what the hand does, and what the eye gets."""

from __future__ import annotations

import re

import pytest

from tests.browser import becomes
from tests.lab_trainings import quick_session
from verypoorcnn.lab.routes import routes
from verypoorcnn.lab.web.server import LabServer


@pytest.fixture
def lab():
    """The address of a lab with something that is learned in no time."""
    session = quick_session()
    server = LabServer(session, routes())
    server.start()
    yield server
    server.stop()
    session.close()


@pytest.fixture
def opened(lab, page):  # in this order: the page is closed first
    """A page that can be sent to a view."""

    def show(view: str):
        page.goto(f"{lab.address}#view={view}")
        page.wait_for_selector(f".view-{view.partition('&')[0]} .sheet")
        return page

    return show


def number(text: str) -> float:
    """The first number in it."""
    return float(re.search(r"\d+(\.\d+)?", text).group())


def legend(page, chart: str, series: str) -> str:
    """What a chart says of a series."""
    entry = page.locator(f".chart:has-text('{chart}') .chart-legend div", has_text=series)
    return entry.first.locator("dd").inner_text()


def expect_other(page, selector: str, text: str) -> None:
    """Wait until another text stands there."""
    import playwright.sync_api as playwright

    playwright.expect(page.locator(selector)).not_to_have_text(text, use_inner_text=True)


# Training.


def test_playing_lets_the_loss_fall(opened):
    page = opened("training")
    page.select_option("#knob-pace", "0")
    page.click("#training-step")
    page.wait_for_selector(".training-where:has-text('batch 1 ')")
    page.wait_for_selector(".chart-legend dd:not(:text('–'))")
    first = number(legend(page, "Loss", "training"))
    page.click("#play")
    page.wait_for_selector(".training-where:has-text('Epoch 4 · paused')")
    assert number(legend(page, "Loss", "training")) < first
    assert "images a second" in page.inner_text(".training-where")
    assert "30 test images are right after epoch 4" in page.inner_text(".training-matrix")
    assert page.locator(".training-matrix .cell").count() == 9


def test_space_plays_and_pauses(opened):
    page = opened("training")
    page.locator("#main").focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#play:text('Pause')")
    page.keyboard.press("Space")
    page.wait_for_selector("#play:text('Play')")


def test_the_address_carries_the_knobs(opened, lab):
    page = opened("training&lr=0.02&batch=16&engine=textbook")
    page.wait_for_selector("input[value=textbook]:checked")
    assert page.get_by_label("Learning rate, exact").input_value() == "0.02"
    assert page.get_by_label("Batch size, exact").input_value() == "16"
    field = page.get_by_label("Learning rate, exact")
    field.fill("0.05")
    field.press("Enter")
    page.wait_for_url(re.compile("lr=0.05"))
    page.reload()
    page.wait_for_selector("input[value=textbook]:checked")
    assert page.get_by_label("Learning rate, exact").input_value() == "0.05"
    page.evaluate("location.hash = 'view=training&lr=0.04&engine=python'")  # a link is followed
    page.wait_for_selector("input[value=python]:checked")
    assert page.get_by_label("Learning rate, exact").input_value() == "0.04"
    taken = "() => fetch('/api/training').then(a => a.json()).then(a => a.settings.learning_rate)"
    assert becomes(page, lambda: page.evaluate(taken) == 0.04)


def test_arrow_keys_turn_a_knob(opened):
    page = opened("training")
    knob = page.get_by_role("slider", name="Learning rate")
    knob.focus()
    page.keyboard.press("ArrowRight")
    assert knob.get_attribute("aria-valuetext") == "0.11"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert knob.get_attribute("aria-valuetext") == "0.091"
    filters = page.get_by_role("slider", name="Filters")
    filters.focus()
    page.keyboard.press("ArrowRight")
    assert filters.get_attribute("aria-valuetext") == "3"


def test_other_filters_are_seen_and_the_view_stays(opened):
    page = opened("training")
    field = page.get_by_label("Filters, exact")
    field.fill("6")
    field.press("Enter")
    page.click("#training-epoch")
    page.wait_for_selector(".training-where:has-text('Epoch 1 · paused')")
    assert page.get_by_label("Filters, exact").input_value() == "6"


# Experiments.


def test_a_knob_repeats_the_experiment_and_leaves_the_one_before_as_a_ghost(opened):
    page = opened("experiments")
    page.wait_for_selector(".experiment-about:has-text('5 seeds')")
    knob = page.get_by_role("slider", name="Learning rate")
    knob.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_selector(".experiment-before:has-text('learning rate 0.1')")
    page.locator(".seeds .now circle").nth(4).wait_for()  # the last of five seeds
    page.wait_for_selector(".experiment-about:has-text(', 5 seeds')")
    assert number(page.inner_text(".headline")) > 30
    assert page.locator(".seeds .now circle").count() == 5
    assert page.locator(".seeds .before circle").count() == 5
    assert "lr=0.15" in page.url
    cells = page.locator(".experiment-matrix .cell").all_inner_texts()
    assert sum(map(int, cells)) == 150


def test_a_sweep_fills_its_map_and_a_cell_becomes_the_experiment(opened):
    page = opened("experiments&x=learning_rate:0.01:0.1:2&y=batch_size:8:16:2&seeds=2")
    page.fill("#sweep-seeds", "1")
    page.click("#sweep-start")
    page.wait_for_selector(".sweep-controls:has-text('4 of 4 trainings')")
    cells = page.locator(".heat-cell")
    assert all(0 <= float(text) <= 100 for text in cells.all_inner_texts())
    cells.nth(2).focus()  # bottom left
    assert page.inner_text(".heat-readout").startswith("learning rate 0.01, batch size 8: ")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".heat-readout").startswith("learning rate 0.1, batch size 8: ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("batch=16"))
    assert page.get_by_label("Batch size, exact").input_value() == "16"


def test_a_chart_can_be_read_as_a_table(opened):
    page = opened("experiments&seeds=2")
    page.wait_for_selector(".experiment-about:has-text('2 seeds')")
    chart = page.locator(".chart:has-text('Training loss')")
    chart.locator("summary").click()
    chart.locator("tbody tr").nth(3).wait_for()
    rows = chart.locator("tbody tr").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
    chart.locator(".chart-canvas").focus()
    page.keyboard.press("ArrowRight")
    assert chart.locator("[role=status]").inner_text().startswith("epoch 1: mean of the seeds")


# Time.


def test_the_slider_moves_through_the_epochs(opened):
    page = opened("training")
    page.select_option("#knob-pace", "0")
    page.click("#play")
    page.wait_for_selector(".training-where:has-text('Epoch 4 · paused')")
    page.click("[data-view=time]")
    page.wait_for_selector(".time-number:has-text('Epoch 4')")
    page.wait_for_selector(".time-chances .bar-row")
    last = page.inner_text(".time-chances")
    page.locator("#time-slider").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".time-number:has-text('before training')")
    page.wait_for_selector(".films [aria-label^='conv1']")
    expect_other(page, ".time-chances", last)
    assert "epoch=0" in page.url
    page.click("#time-play")
    page.wait_for_selector(".time-number:has-text('Epoch 4')")
    assert page.inner_text(".time-chances") == last


def test_an_epoch_becomes_the_model_of_all_views(opened, lab):
    page = opened("training")
    page.click("#training-epoch")
    page.wait_for_selector(".training-where:has-text('Epoch 1 · paused')")
    page.click("[data-view=time]")
    page.wait_for_selector(".time-number:has-text('Epoch 1')")
    page.locator("#time-slider").press("Home")
    page.wait_for_selector(".time-number:has-text('Epoch 0')")
    page.click("#time-select")
    page.wait_for_selector("#status:has-text('epoch 0')")
    first = lab.session.began.parameters["fc1.weight"]
    assert lab.session.parameters["fc1.weight"] == first
    assert lab.session.held.origin == "live training, epoch 0"
