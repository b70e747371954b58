"""The report in a browser: what the pointer and the keyboard do, in both themes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.browser import accessibility_faults
from tests.reports import HOSTILE, resumed, stopped, trained, trained_on_noise
from verypoorcnn.report.comparison import comparison
from verypoorcnn.report.comparison_page import comparison_page
from verypoorcnn.report.content import content
from verypoorcnn.report.folder import of_run
from verypoorcnn.report.page import page as drawn
from verypoorcnn.training.loop import Interrupted


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = ["--set=data.validation_samples=20", "--limit-test", "200"]
    return trained(tmp_path_factory.mktemp("runs") / "small", *words)


@pytest.fixture
def report(page, run):
    page.goto((run / "report.html").as_uri())
    return page


def test_nothing_is_asked_of_any_network(report, watch):
    report.mouse.wheel(0, 20_000)
    report.wait_for_timeout(100)
    assert [address.partition(":")[0] for address in watch.requests] == ["file"]


def test_the_curve_tells_its_values(report):
    chart = report.locator(".chart").first
    chart.scroll_into_view_if_needed()
    box = chart.locator("svg").bounding_box()
    report.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    assert chart.locator("output").inner_text().startswith("epoch 0: start ")
    report.mouse.move(box["x"] + box["width"] - 5, box["y"] + 20)
    told = chart.locator("output").inner_text()
    assert told.startswith("epoch 3: training ")
    assert "validation" in told


def test_the_curve_answers_the_keyboard(report):
    svg = report.get_by_role("slider").first
    svg.focus()
    report.keyboard.press("Home")
    assert svg.get_attribute("aria-valuenow") == "0"
    report.keyboard.press("ArrowRight")
    assert svg.get_attribute("aria-valuetext").startswith("epoch 1: training ")
    report.keyboard.press("End")
    assert svg.get_attribute("aria-valuenow") == "3"


def test_a_click_on_a_cell_shows_its_images(report):
    cell = report.locator(".matrix td:not(.right) button").last
    count = int(cell.locator(".count").inner_text())
    cell.click()
    assert cell.get_attribute("aria-pressed") == "true"
    cards = report.locator("#cell .card")
    assert cards.count() == min(count, 40)
    assert report.locator("#cell .odds .true").count() == cards.count()
    assert f": {count} image" in report.locator("#cell h3").inner_text()


def test_the_matrix_answers_the_keyboard(report):
    buttons = report.locator(".matrix button")
    assert report.locator('.matrix button[tabindex="0"]').count() == 1
    buttons.first.focus()
    report.keyboard.press("ArrowDown")
    report.keyboard.press("Enter")
    pressed = report.locator('.matrix button[aria-pressed="true"]')
    assert pressed.count() == 1
    row, column = map(int, pressed.get_attribute("data-cell").split(","))
    first = buttons.first.get_attribute("data-cell").split(",")
    assert (row > int(first[0]), column) == (True, int(first[1]))


def test_counts_become_shares(report):
    cell = report.locator(".matrix .right button").first
    assert "%" not in cell.inner_text()
    report.get_by_text("share of the true class").first.click()
    assert cell.inner_text().endswith("%")


def test_a_named_confusion_opens_its_cell(report):
    line = report.locator("[data-open]").nth(1)
    line.click()
    pressed = report.locator('.matrix button[aria-pressed="true"]')
    assert pressed.get_attribute("data-cell") == line.get_attribute("data-open")


def test_the_theme_is_switched_and_kept(report):
    def ground():
        return report.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    report.locator("#theme").click()
    dark = ground()
    assert dark != light
    assert report.locator("#theme").inner_text() == "Light theme"
    report.reload()
    assert ground() == dark


def test_the_system_decides_at_first(page, run):
    page.emulate_media(color_scheme="dark")
    page.goto((run / "report.html").as_uri())
    assert page.locator("#theme").inner_text() == "Light theme"


def test_maps_of_another_image(report):
    before = report.locator("#map-strips .what").first.inner_text()
    report.locator(".chooser label").nth(1).click()
    assert report.locator("#map-strips .what").first.inner_text() != before
    assert report.locator("#map-strips .strip").count() == 7


def test_every_number_of_a_filter_can_be_read(report):
    strip = report.locator("#filter-strips .strip").first
    readout = report.locator("#filter-readout")
    strip.focus()
    told = []
    for _ in range(6):
        told.append(readout.inner_text())
        report.keyboard.press("ArrowRight")
    assert told[0].startswith("conv1, filter 0, row 0, column 0: ")
    assert told[5].startswith("conv1, filter 1, row 0, column 0: ")
    layer = report.evaluate("JSON.parse(document.getElementById('content').textContent).filters[0]")
    assert [float(text.rpartition(" ")[2]) for text in told[:5]] == layer["before"][:5]


def test_zero_is_white_in_every_theme(report):
    for scheme in ("light", "dark"):
        report.emulate_media(color_scheme=scheme)
        zero = "getComputedStyle(document.documentElement).getPropertyValue('--zero')"
        assert report.evaluate(zero).strip() == "#ffffff"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(report, scheme):
    report.emulate_media(color_scheme=scheme)
    assert accessibility_faults(report) == []


@pytest.mark.parametrize("size", [(1280, 800), (820, 1180), (390, 844)])
def test_it_is_never_wider_than_the_window(report, size):
    report.set_viewport_size({"width": size[0], "height": size[1]})
    assert report.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_no_text_of_a_user_becomes_a_script(page, tmp_path):
    names = json.dumps([HOSTILE, "<svg onload=alert(2)>", *"abcdefgh"])
    run = trained(tmp_path / "<img src=x onerror=alert(3)>", f"--set=data.class_names={names}")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.goto((run / "report.html").as_uri())
    for button in page.locator(".matrix button").all():
        button.click()
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("#images").inner_text()
    assert asked == []


def test_a_comparison(page, run, tmp_path):
    other = trained(tmp_path / "other", "--seed", "1", "--no-report")
    (tmp_path / "comparison.html").write_text(comparison_page(comparison([run, other])), "utf-8")
    page.goto((tmp_path / "comparison.html").as_uri())
    assert accessibility_faults(page) == []
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowLeft")
    told = page.locator(".chart output").first.inner_text()
    assert told.startswith("epoch 2: ")
    assert "small" in told
    assert "other" in told


def test_a_run_that_is_not_over(page, tmp_path):
    run = resumed(stopped(tmp_path / "run", Interrupted(), 1), "--epochs", "2")
    stopped(run, Interrupted(), 3, "--epochs", "4", "--set=training.learning_rate=0.004")
    (run / "report.html").write_text(drawn(content(of_run(run))), "utf-8")
    page.goto((run / "report.html").as_uri())
    assert "it was interrupted after 3 of 4 epochs" in page.get_by_role("note").inner_text()
    assert page.locator("#filter-strips canvas").count() == 8
    assert page.locator("#map-strips canvas").count() > 8
    rows = page.get_by_role("table", name="How the run came about").locator("tbody tr")
    assert [row.locator("td").nth(1).inner_text() for row in rows.all()] == [
        "0 – 1",
        "1 – 2",
        "2 – 3",
    ]
    assert accessibility_faults(page) == []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_on_noise(tmp_path_factory.mktemp("many"), train=300, test=400)


def test_a_hundred_classes(page, many):
    page.goto((many / "report.html").as_uri())
    beyond = page.locator("#matrix").evaluate("m => m.scrollWidth - m.parentElement.clientWidth")
    assert beyond <= 0  # all of it can be seen at once
    heights = "heads => heads.map(head => head.getBoundingClientRect().height)"
    heads = page.locator("#matrix tbody th").evaluate_all(heights)
    assert len(heads) == 100
    assert max(heads) < 12
    cell = page.locator("#matrix button").first
    cell.focus()
    assert " of 2 images of class number 0 taken for " in page.locator("#cell-readout").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("#cell .card").count() > 0
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert accessibility_faults(page) == []


def test_a_hundred_classes_on_paper_and_on_a_telephone(page, many):
    page.goto((many / "report.html").as_uri())
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins
    page.emulate_media(media="print")
    assert page.locator("#matrix").bounding_box()["width"] <= 688
    assert page.evaluate("document.documentElement.scrollWidth") <= 688


def test_all_columns_of_a_comparison_can_be_scrolled_to_and_are_on_paper(page, tmp_path):
    runs = [
        trained(tmp_path / f"run-with-a-long-name-{k}", f"--set=training.batch_size={k}")
        for k in range(8, 14)
    ]
    (tmp_path / "comparison.html").write_text(comparison_page(comparison(runs)), "utf-8")
    page.goto((tmp_path / "comparison.html").as_uri())
    for width, media in ((688, "print"), (390, "screen")):
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(media=media)
        for table in page.locator(".scroll").all():
            beyond = table.evaluate("t => t.scrollWidth - t.clientWidth")
            assert beyond <= 0 or table.evaluate("t => getComputedStyle(t).overflowX") == "auto"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
