"""A report's figures against scikit-learn, its pictures against Pillow."""

from __future__ import annotations

import io
from binascii import a2b_base64
from pathlib import Path

import pytest

from tests.reports import trained
from verypoorcnn.report.content import content
from verypoorcnn.report.evidence import Evidence
from verypoorcnn.report.folder import of_finished_run, of_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="module")
def evidence(run: Path) -> Evidence:
    return of_run(run)


@pytest.fixture(scope="module")
def found(evidence: Evidence) -> dict:
    return content(evidence)


def test_figures_are_those_of_scikit_learn(evidence, found):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the judge here")
    true = list(evidence.parts.test.labels)
    predicted = [row.index(max(row)) for row in evidence.predicted]
    labels = range(len(found["classes"]))
    matrix = metrics.confusion_matrix(true, predicted, labels=labels).tolist()
    assert found["test"]["confusion"] == matrix
    assert found["test"]["accuracy"] == pytest.approx(metrics.accuracy_score(true, predicted))
    columns = metrics.precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0
    )
    for one, (precision, recall, f1, support) in zip(
        found["test"]["per_class"], zip(*columns, strict=True), strict=True
    ):
        assert (one["precision"], one["recall"], one["f1"]) == pytest.approx(
            (precision, recall, f1)
        )
        assert one["support"] == support
    worst = found["confusions"][0]
    off_diagonal = [n for t, row in enumerate(matrix) for p, n in enumerate(row) if t != p]
    assert worst["count"] == max(off_diagonal) == matrix[worst["true"]][worst["predicted"]]
    assert worst["of"] == sum(matrix[worst["true"]])


def test_the_tiles_are_the_images(evidence, found):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the sprite")
    images = found["images"]
    sprite = image.open(io.BytesIO(a2b_base64(images["png"])))
    assert sprite.size == (images["width"], images["height"])
    columns, rows = images["tile"]
    test = evidence.parts.test
    for one in found["tests"]:
        y, x = divmod(one["tile"], images["across"])
        box = (x * columns, y * rows, (x + 1) * columns, (y + 1) * rows)
        assert sprite.crop(box).tobytes() == test.image(one["index"])
        assert one["true"] == test.labels[one["index"]]
        probabilities = evidence.predicted[one["index"]]
        assert all(share == round(probabilities[k], 4) for k, share in one["top"])


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_figures_for_a_paper(found, tmp_path, kind):
    pytest.importorskip("matplotlib", reason="draws the figures")
    from verypoorcnn.report.figures import write_figures

    written = write_figures(found, tmp_path / "figures", kind)
    names = ["samples", "loss", "accuracy", "confusion", "filters-conv1", "maps"]
    assert [path.name for path in written] == [f"{name}.{kind}" for name in names]
    magic = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[kind]
    assert all(path.read_bytes().startswith(magic) for path in written)


def test_figures_without_images(run, tmp_path):
    pytest.importorskip("matplotlib", reason="draws the figures")
    from verypoorcnn.report.figures import write_figures

    bare = content(of_finished_run(run))
    names = [path.stem for path in write_figures(bare, tmp_path / "figures", "svg")]
    assert names == ["loss", "accuracy", "confusion", "filters-conv1"]


def test_known_twins_are_marked(fashion_mnist: Path, tmp_path):
    """Test image 2436 shows training image 48447 once more."""
    from verypoorcnn.data.sources import load
    from verypoorcnn.report.album import Album
    from verypoorcnn.report.testing import shown_tests

    parts = load(str(fashion_mnist), say=lambda line: None)
    from verypoorcnn.data.overlap import overlap

    train, test = parts.train.take([48447, 0]), parts.test.take([0, 2436])
    twins = overlap(train, test)
    rows = [[1.0, *[0.0] * 9]] * 2
    shown = shown_tests(test, rows, Album((1, 28, 28)), twins, room=10_000)
    assert {one["index"]: one["twin"] for one in shown} == {0: False, 1: True}
