"""Reports of many classes, many layers, large images: nothing is cut off, and pages stay small."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.reports import CLASS_NAMES, CLASSES, Page, noise, trained_on_noise
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.report import maps
from verypoorcnn.report.content import content
from verypoorcnn.report.evidence import Evidence
from verypoorcnn.report.filters import MOST, filters
from verypoorcnn.report.folder import of_run
from verypoorcnn.report.page import page
from verypoorcnn.report.setup import _per_class

SMALL = 2_000_000  # bytes


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return of_run(trained_on_noise(tmp_path_factory.mktemp("many"), train=500, test=1000))


@pytest.fixture(scope="module")
def found(evidence: Evidence) -> dict:
    return content(evidence)


def spread(evidence: Evidence, test: Dataset) -> Evidence:
    """The same, had it taken these test images for all classes alike."""
    from verypoorcnn.training.metrics import measure

    chance = Random(2)
    rows = []
    for _ in range(len(test)):
        row = [0.001] * CLASSES
        row[chance.randrange(CLASSES)] = chance.uniform(0.5, 0.9)
        rows.append(row)
    measured = measure(test.labels, rows, test.class_names).as_dict()
    parts = replace(evidence.parts, test=test)
    result = {**evidence.result, "test": measured}
    return replace(evidence, parts=parts, predicted=rows, result=result)


def test_every_class_is_there(found):
    assert len(found["samples"]) == CLASSES
    assert all(found["samples"])
    read_page = Page(page(found))
    assert all(read_page.text.count(name) > 3 for name in CLASS_NAMES)
    assert "the first training images of each class" in read_page.text.lower()
    (matrix,) = read_page.all("table", id="matrix")
    assert (matrix["class"], matrix["style"]) == ("matrix many", f"--classes:{CLASSES}")


def test_a_page_of_noise_stays_small(evidence):
    """As many cells as there can be, and images that cannot be packed."""
    found = content(spread(evidence, noise(20_000)))
    filled = sum(1 for row in found["test"]["confusion"] for count in row if count)
    assert filled > 8000
    assert found["tests"]
    assert len(page(found).encode()) < SMALL


def test_the_surest_mistakes_are_shown_whatever_the_room(evidence):
    test = noise(20_000)
    wide = spread(evidence, test)
    found = content(wide)
    wrong = [
        (max(row), index)
        for index, row in enumerate(wide.predicted)
        if row.index(max(row)) != test.labels[index]
    ]
    expected = [index for _, index in sorted(wrong, key=lambda one: -one[0])[:24]]
    shown = [found["tests"][k]["index"] for k in found["mistakes"]]
    assert shown == expected


def test_the_most_frequent_confusions_have_images(evidence):
    found = content(spread(evidence, noise(20_000)))
    for one in found["confusions"]:
        cell = [
            test
            for test in found["tests"]
            if (test["true"], test["predicted"]) == (one["true"], one["predicted"])
        ]
        assert len(cell) >= min(6, one["count"])


def test_of_large_images_fewer_are_shown(evidence, monkeypatch):
    from verypoorcnn.network.network import Network
    from verypoorcnn.network.presets import paper

    network: Network = paper((3, 64, 64), CLASSES)
    parts = replace(evidence.parts, train=noise(500, (3, 64, 64)), test=evidence.parts.test)
    wide = replace(
        evidence,
        network=network,
        parts=parts,
        parameters=network.initial_parameters(0),
    )
    wide = spread(wide, noise(1000, (3, 64, 64)))
    monkeypatch.setattr("verypoorcnn.report.content.feature_maps", lambda *_: [])
    found = content(wide)
    assert 0 < len(found["samples"]) < CLASSES
    text = page(found)
    assert len(text.encode()) < SMALL
    assert f"of the first {len(found['samples'])} of {CLASSES} classes" in Page(text).text


def test_many_convolutions_share_the_room(evidence):
    from verypoorcnn.files.tensors import Tensor

    class Deep:
        """A network of thirty convolutions."""

        def initial_parameters(self, seed: int) -> dict[str, Tensor]:
            values = [0.5] * (64 * 8 * 9)
            return {f"conv{k}.weight": Tensor((64, 8, 3, 3), values) for k in range(30)}

    deep = Deep()
    shown = filters(replace(evidence, network=deep, parameters=deep.initial_parameters(0)))
    assert len(shown) == 30
    assert all(0 < layer["shown"] < 64 for layer in shown)
    assert sum(len(layer["after"]) for layer in shown) <= MOST


def test_many_layers_share_the_room(found, evidence, monkeypatch):
    monkeypatch.setattr(maps, "MOST_NUMBERS", 700)
    (one,) = content(evidence)["maps"]
    assert [layer["shown"] for layer in one["layers"][:2]] == [1, 1]  # of four maps of 64
    assert sum(len(layer["values"]) for layer in one["layers"]) <= 700


def test_images_of_each_class_by_hand():
    assert _per_class(["a", "b"], [3, 1200]) == "a 3, b 1,200"
    names = [f"n{k}" for k in range(40)]
    assert _per_class(names, [20] * 40) == "20"
    assert _per_class(names, [20] * 38 + [5, 70]) == "from 5 (n38) to 70 (n39)"


def test_figures_of_many_classes_fit_a_page(found, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow measures the figures")
    pytest.importorskip("matplotlib", reason="draws the figures")
    from verypoorcnn.report.figures import DOTS, write_figures

    for path in write_figures(found, tmp_path, "png"):
        with image.open(path) as picture:
            width, height = (side / DOTS for side in picture.size)
        assert width < 7.2, path.name  # inches: two columns
        assert height < 9.5, path.name
