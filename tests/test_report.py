"""The report: what it says, and the page that says it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import drawings, write_csv
from tests.reports import HOSTILE, Page, trained
from verypoorcnn.cli import main
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.files.safetensors import read
from verypoorcnn.report import maps
from verypoorcnn.report.album import COLUMNS, Album
from verypoorcnn.report.content import confusions, content
from verypoorcnn.report.curves import Curve, chart, marks
from verypoorcnn.report.folder import of_finished_run, of_run
from verypoorcnn.report.markup import Markup, element, script_data
from verypoorcnn.report.page import SECTIONS, page
from verypoorcnn.report.repeat import command
from verypoorcnn.report.testing import HITS, MISTAKES, SURE, WORDS, shown_tests
from verypoorcnn.training.configuration import load_configuration

NAMES = json.dumps([HOSTILE, '" onload="alert(1)', "a & b", "'", "{{data}}", "é", *"uvwx"])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="module")
def found(run: Path) -> dict:
    return content(of_run(run))


# Markup.


def test_elements_escape_what_is_not_markup():
    assert element("td", "a<b", class_="n", data_row=1) == '<td class="n" data-row="1">a&lt;b</td>'
    assert element("p", Markup("<br>"), 'x"') == "<p><br>x&quot;</p>"
    assert element("i", title='"><script>') == '<i title="&quot;&gt;&lt;script&gt;"></i>'
    assert element("input", checked=True, disabled=False, value=None) == "<input checked>"


def test_data_in_a_script_cannot_end_it():
    text = script_data({HOSTILE: "\u2028"})
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text) == {HOSTILE: "\u2028"}


# Curves.


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (2.74, [0, 1, 2, 3]),
        (0.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (25, [0, 5, 10, 15, 20, 25]),
    ],
)
def test_marks_of_an_axis_by_hand(highest, expected):
    assert marks(highest) == pytest.approx(expected)


@pytest.mark.parametrize("highest", [1e-7, 0.013, 0.999, 1.0001, 7, 36.04, 12345.6])
def test_marks_reach_the_highest_value(highest):
    found = marks(highest)
    assert found[0] == 0
    assert found[-2] < highest <= found[-1] * (1 + 1e-9)
    assert len(found) <= 7


def test_a_curve_goes_from_corner_to_corner():
    drawn = chart([Curve("training", [(0, 1.0), (2, 0.0)])], "loss", str, str)
    assert 'd="M46.0 12.0L546.0 262.0"' in drawn
    assert "<title>epoch 2, training: 0.0</title>" in drawn
    assert 'aria-valuemax="2"' in drawn


# Images.


def test_tiles_stand_side_by_side():
    one, two = bytes([1, 2, 3, 4]), bytes([5, 6, 7, 8])
    album = Album((1, 2, 2))
    data = Dataset(one + two + one, bytes(3), (1, 2, 2), ("a",), "here")
    assert [album.add(data, index) for index in range(3)] == [0, 1, 0]
    assert album._pixels(2) == bytes([1, 2, 5, 6, 3, 4, 7, 8])
    assert album.as_dict().keys() >= {"png", "tile", "across"}


def test_an_album_fills_up_its_last_row():
    data = Dataset(bytes(range(40)), bytes(40), (1, 1, 1), ("a",), "here")
    album = Album((1, 1, 1))
    for index in range(len(data)):
        album.add(data, index)
    found = album.as_dict()
    assert (found["width"], found["height"], found["tiles"]) == (COLUMNS, 2, 40)


def test_colours_are_interleaved_and_large_images_thinned():
    red_green_blue = Dataset(bytes([1, 2, 3]), bytes(1), (3, 1, 1), ("a",), "here")
    album = Album((3, 1, 1))
    album.add(red_green_blue, 0)
    assert album._pixels(1) == bytes([1, 2, 3])
    large = Album((1, 128, 65))
    assert (large.step, large.rows, large.columns) == (2, 64, 33)
    large.add(Dataset(bytes(128 * 65), bytes(1), (1, 128, 65), ("a",), "here"), 0)
    assert large.as_dict()["every"] == 2


def test_which_images_of_a_cell_are_shown():
    test = Dataset(bytes(range(6)), bytes([0, 0, 0, 0, 1, 1]), (1, 1, 1), ("a", "b"), "here")
    rows = [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9], [0.2, 0.8], [0.55, 0.45]]
    shown = shown_tests(test, rows, Album((1, 1, 1)), {3}, room=10_000)
    assert [(one["true"], one["predicted"], one["index"]) for one in shown] == [
        (0, 0, 1),  # recognised: the least confident first
        (0, 0, 0),
        (0, 1, 3),  # mistaken: the most confident first
        (0, 1, 2),
        (1, 0, 5),
        (1, 1, 4),
    ]
    assert [one["index"] for one in shown if one["twin"]] == [3]
    assert shown[2]["top"] == [[1, 0.9], [0, 0.1]]


def test_of_large_tests_so_many_of_a_cell():
    count = 2000
    labels = bytes(k % 2 for k in range(count))
    test = Dataset(bytes(3 * 32 * 32 * count), labels, (3, 32, 32), ("a", "b"), "here")
    shown = shown_tests(test, [[0.7, 0.3]] * count, Album((3, 32, 32)), (), room=1e9)
    assert len(shown) == MISTAKES + HITS


def test_where_room_is_scarce_the_surest_mistakes_come_first():
    classes = 30
    rows = [[0.0] * classes for _ in range(classes)]
    for index, row in enumerate(rows):  # all but the first are mistakes, the later the surer
        row[0], row[1] = 0.5 + index / 100, 0.5 - index / 100
    labels = bytes(range(classes))
    test = Dataset(bytes(classes), labels, (1, 1, 1), (*map(str, labels),), "here")
    for most in (1, 5, SURE):
        room = most * (Album((1, 1, 1)).page_bytes(1) + WORDS)
        shown = shown_tests(test, rows, Album((1, 1, 1)), (), room)
        assert [one["index"] for one in shown] == [*range(classes - most, classes)]


def test_every_cell_has_an_image_before_any_has_many():
    labels = bytes([0] * 50 + [1] * 50 + [2])
    rows = [[0.1, 0.9, 0.0]] * 50 + [[0.9, 0.1, 0.0]] * 50 + [[0.0, 0.0, 1.0]]
    test = Dataset(bytes(101), labels, (1, 1, 1), ("a", "b", "c"), "here")
    room = (SURE + 15) * (Album((1, 1, 1)).page_bytes(1) + WORDS)
    shown = shown_tests(test, rows, Album((1, 1, 1)), (), room)
    assert {(one["true"], one["predicted"]) for one in shown} == {(0, 1), (1, 0), (2, 2)}
    assert len(shown) == SURE + 15


def test_confusions_by_hand():
    found = confusions({"confusion": [[5, 2, 0], [3, 1, 0], [0, 0, 4]]})
    assert found == [
        {"true": 1, "predicted": 0, "count": 3, "of": 4},
        {"true": 0, "predicted": 1, "count": 2, "of": 7},
    ]


# Content.


def test_what_a_report_says_agrees_with_the_run(run, found):
    result = json.loads((run / "result.json").read_text())
    assert found["test"] == result["test"]
    assert found["training"]["history"] == result["history"]
    assert found["training"]["start"] == result["start"]
    confusion = result["test"]["confusion"]
    for test in found["tests"]:
        assert confusion[test["true"]][test["predicted"]] > 0
    counted = {(t["true"], t["predicted"]) for t in found["tests"]}
    cells = {(t, p) for t, row in enumerate(confusion) for p, n in enumerate(row) if n}
    assert counted == cells
    assert found["images"]["tiles"] > max(max(row) for row in found["samples"] if row)


def test_mistakes_are_mistakes_and_the_surest_come_first(found):
    tests = [found["tests"][k] for k in found["mistakes"]]
    assert tests
    assert all(test["true"] != test["predicted"] for test in tests)
    sure = [test["top"][0][1] for test in tests]
    assert sure == sorted(sure, reverse=True)


def test_filters_before_and_after(run, found):
    (layer,) = found["filters"]
    evidence = of_finished_run(run)
    before = evidence.network.initial_parameters(0)["conv1.weight"].values
    after = read(run / "model.safetensors")[0]["conv1.weight"].values
    assert layer["shape"] == [4, 1, 5, 5]
    assert layer["before"] == [round(value, 5) for value in before]
    assert layer["after"] == [round(value, 5) for value in after]
    assert layer["largest"] == max(map(abs, (*before, *after)))


def test_feature_maps_are_those_of_the_textbook(run, found):
    chosen = found["maps"][0]
    sizes = {layer["name"]: len(layer["values"]) for layer in chosen["layers"]}
    assert [*sizes] == ["conv1", "relu1", "pool1", "flatten1", "fc1", "relu2", "fc2"]
    assert [*sizes.values()] == [256, 256, 144, 144, 32, 32, 10]
    conv, relu = chosen["layers"][0]["values"], chosen["layers"][1]["values"]
    assert relu == [max(0.0, value) for value in conv]
    assert (
        max(chosen["probabilities"])
        == chosen["probabilities"][max(range(10), key=chosen["layers"][-1]["values"].__getitem__)]
    )


def test_little_work_shows_few_maps(run):
    assert len(content(of_run(run), work=1)["maps"]) == 1
    assert len(content(of_run(run), work=3 * 11_328)["maps"]) == 3


def test_a_large_network_has_maps_in_the_report_only(run, monkeypatch):
    monkeypatch.setattr(maps, "SLOW", 11_000)
    quick = content(of_run(run), work=10**9)
    assert quick["maps"] == []
    assert "the command report draws them" in quick["missing"][0]
    assert "the command report draws them" in Page(page(quick)).text
    slow = content(of_run(run))
    monkeypatch.undo()
    exact = content(of_run(run))["maps"]
    assert len(slow["maps"]) == len(exact) > 1  # those of the run's own engine, in float32
    for one, other in zip(slow["maps"], exact, strict=True):
        for layer, same in zip(one["layers"], other["layers"], strict=True):
            assert layer["values"] == pytest.approx(same["values"], abs=2e-4)


def test_the_command_repeats_the_run(run, found, tmp_path, monkeypatch):
    import shlex

    monkeypatch.chdir(tmp_path)
    words = shlex.split(found["repeat"]["command"])
    assert words[:4] == ["python3", "-m", "verypoorcnn", "train"]
    assert main([*words[3:], "--out", "again", "--json", "--no-report"]) == 0
    again, first = (read(at / "model.safetensors")[0] for at in (Path("again"), run))
    assert again == first


def test_the_command_of_layers_can_be_read_again():
    lenet = Path(__file__).parent.parent / "examples/lenet.toml"
    wanted = load_configuration(lenet, ["training.engine=native"])
    words = command(wanted, "native")
    import shlex

    overrides = [word.removeprefix("--set=") for word in shlex.split(words)[4:]]
    assert load_configuration(None, overrides) == wanted


def test_what_was_not_measured_is_said(found, tmp_path):
    said = " ".join(found["missing"])
    assert "No validation images" in said
    assert "before the first step were not measured" not in said
    words = ["--set=data.validation_samples=20", "--set=training.measure_start=false"]
    other = content(of_run(trained(tmp_path / "other", *words)))
    said = " ".join(other["missing"])
    assert "No validation images" not in said
    assert "before the first step were not measured" in said
    text = Page(page(other)).text
    assert "validation: measured after the epoch" in text
    assert "start: the training images" not in text


# The page.


def test_train_leaves_the_page(run, found):
    read_page = Page((run / "report.html").read_text("utf-8"))
    assert set(SECTIONS) <= set(read_page.ids)
    assert len(set(read_page.ids)) == len(read_page.ids)
    for said in ("Fig. 1", "Fig. 2", "Fig. 3", "Fig. 4", "Fig. 5", "Fig. 6", "built-in sketches"):
        assert said in read_page.text
    assert read_page.content["test"] == found["test"]


def test_the_page_is_self_contained_and_small(found):
    text = page(found)
    assert len(text.encode()) < 2_000_000
    read_page = Page(text)
    for tag, attributes in read_page.elements:
        assert tag not in ("iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "action", "srcset"):
            address = attributes.get(name) or ""
            assert address.startswith(("#", "data:")) or not address
    assert "url(" not in text
    assert "@import" not in text
    (policy,) = read_page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    (script,) = read_page.all("script", type="module")
    assert f"'nonce-{script['nonce']}'" in str(policy["content"])
    assert "default-src 'none'" in str(policy["content"])
    assert page(found) != text  # the nonce is another every time


def test_the_page_can_be_read_without_seeing_it(found):
    read_page = Page(page(found))
    headings = [tag for tag, _ in read_page.elements if tag in ("h1", "h2", "h3")]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    tables = len(read_page.all("table"))
    assert tables == len(read_page.all("caption")) > 4
    assert all(a.get("scope") for a in read_page.all("th"))
    coloured = [a for a in read_page.all("td") if "--part" in str(a.get("style"))]
    cells = [n for row in found["test"]["confusion"] for n in row if n]
    assert len(coloured) == len(cells)
    for tag, attributes in read_page.elements:
        if attributes.get("role") == "img":
            assert "aria-label" in attributes, tag


def test_hostile_names_stay_names(tmp_path):
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    source = write_csv(tmp_path / '"><script>alert(1)<!--.csv', drawings(60))
    words = [f"--set=data.class_names={NAMES}", "--data", str(source)]
    text = (trained(folder, *words) / "report.html").read_text("utf-8")
    read_page = Page(text)
    assert not read_page.all("img")
    assert len(read_page.all("script")) == 2
    assert not [name for _, a in read_page.elements for name in a if name.startswith("on")]
    assert HOSTILE in read_page.text
    assert "{{data}}" in read_page.text
    assert read_page.content["classes"] == json.loads(NAMES)
    assert read_page.content["name"] == folder.name


def test_a_run_whose_images_are_gone(tmp_path, capsys):
    source = write_csv(tmp_path / "own.csv", drawings(60))
    run = trained(tmp_path / "run", "--data", str(source), "--no-report")
    assert not (run / "report.html").exists()
    source.unlink()
    capsys.readouterr()
    assert main(["report", str(run)]) == 0
    assert "own.csv" in capsys.readouterr().err
    read_page = Page((run / "report.html").read_text("utf-8"))
    assert "The images are not in this report" in read_page.text
    assert read_page.content["images"] is None
    assert read_page.content["tests"] == []
    assert read_page.content["filters"]
    assert set(SECTIONS) <= set(read_page.ids)


def test_a_run_whose_images_have_changed(tmp_path):
    source = write_csv(tmp_path / "own.csv", drawings(60))
    run = trained(tmp_path / "run", "--data", str(source))
    lines = source.read_text().splitlines()
    source.write_text("\n".join([*lines[5:], *lines[:5]]) + "\n")
    (line,) = of_run(run).missing
    assert "has changed since the run" in line


def test_a_run_whose_test_images_have_changed(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run, other)
    result = json.loads((other / "result.json").read_text())
    result["test"]["confusion"].reverse()
    (other / "result.json").write_text(json.dumps(result))
    (line,) = of_run(other).missing
    assert "figures are the run's" in line
    assert of_run(run).missing == ()


def test_a_run_from_before_reports_were_written(run, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(run, old)
    result = json.loads((old / "result.json").read_text())
    for key in ("made_with", "peak_rss_bytes"):
        del result[key]
    (old / "result.json").write_text(json.dumps(result))
    assert "does not say what it was made with" in Page(page(content(of_run(old)))).text
