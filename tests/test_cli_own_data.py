"""`evaluate` and `explain` of a run, which look at the run's own test images."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.commands import TINY, drawings, run, small_run, write_csv
from verypoorcnn import Model
from verypoorcnn.errors import UserError

CONFIGURATION = """
[data]
source = {source}
class_names = ["dark", "bright"]

[network]
input_shape = [1, 2, 3]
layers = [{{type = "Flatten"}}, {{type = "Dense", units = 2}}]
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, with a run on a CSV file of two classes, 1×2×3, without a test part."""
    rows = [
        f"{i % 2}," + ",".join(str(120 * (i % 2) + 2 * i + j) for j in range(6)) for i in range(50)
    ]
    (tmp_path / "own.csv").write_text("\n".join(rows))
    (tmp_path / "own.toml").write_text(
        CONFIGURATION.format(source=json.dumps(str(tmp_path / "own.csv")))
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(here, capsys):
    """What `train --json` says of it."""
    return run(capsys, "train", "own.toml", "--epochs", 2, "--out", "run", "--json").json


def test_a_run_is_evaluated_on_the_images_that_it_was_tested_on(capsys, here, trained):
    ran = run(capsys, "evaluate", "run", "--json")
    assert ran.json["data"] == f"{here / 'own.csv'}, test part"
    assert {key: ran.json[key] for key in trained["test"]} == trained["test"]
    assert ran.json["samples"] == 10


def test_a_run_is_evaluated_on_all_its_test_images_or_as_many_as_asked_for(capsys, here):
    words = ("--data", write_csv(here / "rows.csv", drawings(100)), *TINY)
    assert run(capsys, "train", *words, "--limit-test", 5, "--out", "run").status == 0
    assert run(capsys, "evaluate", "run", "--json").json["samples"] == 20
    assert run(capsys, "evaluate", "run", "--limit-test", 7, "--json").json["samples"] == 7


@pytest.mark.usefixtures("trained")
def test_an_image_of_the_runs_own_data_is_explained(capsys, here):
    own = here / "own.csv"
    assert f"{own}, test part, image 9: " in run(capsys, "explain", "run", "--index", 9).out
    ran = run(capsys, "explain", "run", "--index", 10)
    assert ran.status == 2
    assert f"--index 10: {own}, test part has 10 images" in ran.err


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("command", ["evaluate", "explain"])
def test_data_that_have_moved(capsys, here, command):
    own = here / "own.csv"
    own.rename("moved.csv")
    ran = run(capsys, command, "run")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"verypoorcnn: data source {str(own)!r} is unknown; give fashion-mn")
    assert ran.err.endswith("; these are the data that run was trained on, --data gives others\n")
    assert run(capsys, command, "run", "--data", "moved.csv").status == 0


def test_sketches_in_the_place_of_fashion_mnist_are_the_runs_own(capsys, tmp_path):
    folder = small_run(tmp_path / "run")
    capsys.readouterr()
    rewrite(folder, source="fashion-mnist")  # which could not be had when it was trained
    result = run(capsys, "evaluate", folder, "--limit-test", 5, "--json").json
    assert result["data"] == "built-in sketches, test part"


def test_sketches_do_not_take_the_place_of_a_runs_own_data(capsys, tmp_path, monkeypatch):
    def fails(folder, say):
        raise UserError("no network")

    folder = small_run(tmp_path / "run")
    rewrite(folder, source="fashion-mnist")
    model = Model.load(folder / "model.safetensors")
    model.details["data"] = "Fashion-MNIST from somewhere"
    model.save(folder / "model.safetensors")
    capsys.readouterr()
    monkeypatch.setattr("verypoorcnn.data.fashion_mnist.find", lambda: None)
    monkeypatch.setattr("verypoorcnn.data.fashion_mnist.download", fails)
    ran = run(capsys, "evaluate", folder)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == (
        f"verypoorcnn: no network; these are the data that {folder} was trained on, "
        "--data gives others"
    )
    assert "SKETCHES" not in ran.err


def rewrite(folder, **data):
    """Change what the configuration of a run says of its data."""
    tables = json.loads((folder / "config.json").read_text())
    tables["data"] |= data
    (folder / "config.json").write_text(json.dumps(tables))


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize("command", ["evaluate", "explain"])
def test_a_file_does_not_say_what_data_it_is_for(capsys, here, command, fashion_mnist, monkeypatch):
    monkeypatch.setenv("VERYPOORCNN_DATA", str(fashion_mnist))
    shutil.move("run/model.safetensors", "lone.safetensors")
    ran = run(capsys, command, "lone.safetensors")
    assert ran.status == 2
    assert "label 9 is out of range: there are 2 classes" in ran.err
    assert ran.err.endswith("; a model file does not say what data it is for, --data does\n")
