"""Runs side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports import HOSTILE, Page, trained
from verypoorcnn.errors import UserError
from verypoorcnn.report.comparison import comparison, runs_in
from verypoorcnn.report.comparison_page import comparison_page


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2, 10):
        trained(folder / f"seed-{seed}", "--seed", str(seed), "--no-report")
    trained(folder / "slow", "--set=training.learning_rate=0.001", "--no-report")
    return folder


@pytest.fixture(scope="module")
def found(runs: Path) -> dict:
    return comparison(runs_in(runs))


def scores(run: Path) -> dict:
    return json.loads((run / "result.json").read_text())["test"]


def test_a_folder_of_runs_stands_for_its_runs(runs):
    names = ["seed-1", "seed-2", "seed-10", "slow"]
    assert [run.name for run in runs_in(runs)] == names
    assert runs_in(runs / "slow") == [runs / "slow"]


def test_a_folder_without_runs(tmp_path):
    with pytest.raises(UserError, match="no run here, and no folder of runs"):
        runs_in(tmp_path)


def test_seeds_are_one_group(runs, found):
    seeds, slow = found["groups"]
    assert seeds["name"] == "seed-1 … seed-10 (3 runs)"
    assert slow["name"] == "slow"
    accuracies = [scores(runs / f"seed-{seed}")["accuracy"] for seed in (1, 2, 10)]
    mean = sum(accuracies) / 3
    assert seeds["mean"]["accuracy"] == pytest.approx(mean)
    variance = sum((one - mean) ** 2 for one in accuracies) / 2
    assert seeds["deviation"]["accuracy"] == pytest.approx(variance**0.5)
    assert slow["deviation"]["accuracy"] is None
    assert [run["group"] for run in found["runs"]] == [0, 0, 0, 1]


def test_only_what_differs_is_listed(found):
    assert found["differences"] == [{"setting": "training.learning_rate", "values": [0.008, 0.001]}]


def test_the_best_is_the_highest_or_the_lowest(found):
    seeds, slow = (group["mean"] for group in found["groups"])
    assert found["best"]["loss"] == [int(slow["loss"] < seeds["loss"])]
    better = [k for k, g in enumerate((seeds, slow)) if g["f1"] == max(seeds["f1"], slow["f1"])]
    assert found["best"]["f1"] == better


def test_the_best_is_so_among_those_tested_on_the_same_images(runs, tmp_path):
    others = [
        trained(tmp_path / f"other-{k}", "--limit-test", "40", "--no-report", rate)
        for k, rate in enumerate(("--epochs=1", "--epochs=2"))
    ]
    alone = trained(tmp_path / "alone", "--limit-test", "30", "--no-report")
    found = comparison([runs / "seed-1", others[0], runs / "slow", alone, others[1]])
    assert [group["images"] for group in found["groups"]] == [0, 1, 0, 3, 1]
    for best in found["best"].values():
        assert set(best) & {0, 2}  # the runs that all tests here share
        assert set(best) & {1, 4}
        assert 3 not in best  # there is nothing to compare it with


def test_f1_of_every_class(runs, found):
    per_class = [scores(runs / f"seed-{seed}")["per_class"] for seed in (1, 2, 10)]
    assert found["f1"][0] == pytest.approx(
        [sum(one["f1"] for one in column) / 3 for column in zip(*per_class, strict=True)]
    )


def test_the_page(found):
    text = comparison_page(found)
    read_page = Page(text)
    assert "4 runs compared" in read_page.text
    assert "training.learning_rate" in read_page.text
    assert "★" in read_page.text
    assert len(read_page.all("table")) == len(read_page.all("caption")) == 4
    assert read_page.content == found
    assert len(text.encode()) < 2_000_000


def test_runs_with_other_classes_have_no_common_table(runs, tmp_path):
    names = json.dumps([HOSTILE, *"abcdefghi"])
    other = trained(tmp_path / "<b>", f"--set=data.class_names={names}", "--no-report")
    found = comparison([runs / "slow", other])
    assert found["classes"] is found["f1"] is None
    read_page = Page(comparison_page(found))
    assert "do not tell the same classes apart" in read_page.text
    assert HOSTILE in read_page.text
    assert not read_page.all("b")[1:]  # only those that the page itself has
