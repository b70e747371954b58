"""`train`: what it prints, what it leaves behind, and what its options do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import SKETCHES, TINY, drawings, run, write_csv
from tests.reports import Page
from tests.sources import forget_data
from verypoorcnn.engines import choose_engine
from verypoorcnn.training import experiment, loop

pytestmark = pytest.mark.usefixtures("_in_an_empty_folder")


@pytest.fixture
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_json_is_all_there_is_on_stdout(capsys, tmp_path):
    ran = run(capsys, "train", *SKETCHES, "--seed", 3, "--out", "here", "--json")
    assert ran.out.count("\n") == 1
    result = ran.json
    assert result.keys() == {
        *("engine", "data", "seed", "parameters", "train_samples", "test_samples", "start"),
        *("history", "test", "seconds", "peak_rss_bytes", "made_with", "run"),
    }
    assert result["engine"] == choose_engine().name
    assert result["data"] == "built-in sketches"
    assert result["seed"] == 3
    assert result["parameters"] == 5070
    assert (result["train_samples"], result["test_samples"]) == (40, 20)
    (epoch,) = result["history"]
    assert epoch.keys() >= {"epoch", "loss", "accuracy", "seconds"}
    assert epoch["epoch"] == 1
    test = result["test"]
    assert test.keys() >= {"loss", "accuracy", "precision", "recall", "f1", "confusion"}
    assert sum(map(sum, test["confusion"])) == test["samples"] == 20
    assert test["accuracy"] == sum(test["confusion"][k][k] for k in range(10)) / 20
    parts = ("start", "data", "compile", "train", "evaluate", "total")
    assert result["seconds"].keys() == {*parts}
    assert all(result["seconds"][part] >= 0 for part in parts)
    assert result["peak_rss_bytes"] is None or result["peak_rss_bytes"] > 1_000_000
    assert result["run"] == "here"
    assert json.loads((tmp_path / "here" / "result.json").read_text()).keys() == result.keys()


def test_for_people(capsys):
    ran = run(capsys, "train", *SKETCHES, "--out", "here")
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0] == "built-in sketches: 40 images to learn from, 20 to test with"
    assert lines[2].startswith("accuracy ")
    assert "precision" in lines[2]
    matrix = next(i for i, line in enumerate(lines) if line.startswith("true \\ predicted"))
    assert [line.split()[0] for line in lines[matrix + 1 : matrix + 3]] == [
        "T-shirt/top",
        "Trouser",
    ]
    assert any(line.startswith("most confused: ") for line in lines)
    costs = f"5,070 parameters, {choose_engine().name} engine, seed 0"
    assert any(line.startswith("training took ") for line in lines)
    assert any(line.startswith(costs) for line in lines)
    assert lines[-2].startswith("model: here")
    assert lines[-1].startswith("report: here")
    assert max(map(len, lines)) <= 80
    assert "epoch 1/1" in ran.err
    assert "epoch 1/1" not in ran.out
    assert "precision" not in ran.err


def test_a_run_gets_a_folder_of_its_own(capsys, tmp_path):
    result = run(capsys, "train", *SKETCHES, "--json").json
    (folder,) = (tmp_path / "runs").iterdir()
    assert result["run"] == str(folder.relative_to(tmp_path))
    assert folder.name.endswith("-sketches-seed0")


def test_an_engine_by_name(capsys):
    result = run(capsys, "train", *SKETCHES, "--engine", "textbook", "--json").json
    assert result["engine"] == "textbook"


def test_the_same_seed_gives_the_same_and_another_another(capsys):
    first, again, other = (
        run(capsys, "train", *SKETCHES, "--seed", seed, "--json").json for seed in (1, 1, 2)
    )
    assert first["test"] == again["test"]
    assert first["test"] != other["test"]


def test_options_a_file_and_set(capsys, tmp_path):
    (tmp_path / "own.toml").write_text(
        '[data]\nsource = "sketches"\ntrain_samples = 30\n'
        "[training]\nepochs = 4\nbatch_size = 8\nseed = 5\n"
    )
    changes = ["--limit-test", 10, "--epochs", 3, "--set", "training.epochs=2"]
    result = run(capsys, "train", "own.toml", *changes, "--out", "here", "--json").json
    assert (result["train_samples"], result["test_samples"], result["seed"]) == (30, 10, 5)
    assert len(result["history"]) == 2  # --set has the last word
    kept = json.loads((tmp_path / "here" / "config.json").read_text())
    assert kept["training"]["batch_size"] == 8
    assert kept["training"]["epochs"] == 2


def test_all_images_and_the_overlap_dropped(capsys):
    images = drawings(60)
    write_csv(Path("data/train.csv"), images.take(range(40)))
    write_csv(Path("data/test.csv"), images.take([1, 5, *range(40, 60)]))
    own = ("train", "--data", "data", "--epochs", 1, "--json")
    ran = run(capsys, *own)
    assert ran.json["test_samples"] == 22
    assert "2 of 22 images also stand among the training images (index 0, 1)" in ran.err
    result = run(capsys, *own, "--drop-overlap", "--limit-train", 30, "--limit-test", "all").json
    assert (result["train_samples"], result["test_samples"]) == (30, 20)


def test_resumed_with_more_epochs(capsys):
    run(capsys, "train", *SKETCHES, "--out", "here")
    result = run(capsys, "train", "--resume", "here", "--epochs", 2, "--json").json
    assert [record["epoch"] for record in result["history"]] == [1, 2]


def test_a_run_on_a_relative_path_goes_on_from_any_folder(capsys, tmp_path, monkeypatch):
    write_csv(tmp_path / "own.csv", drawings(60))
    kept = run(capsys, "train", "--data", "own.csv", *TINY, "--out", "here", "--json").json
    assert kept["data"] == str(tmp_path / "own.csv")
    whole = run(capsys, "train", "--data", "own.csv", *TINY, "--epochs", 2, "--json").json
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    folder = tmp_path / "here"
    assert (
        run(capsys, "train", "--resume", folder, "--epochs", 2, "--json").json["test"]
        == (whole["test"])
    )
    ran = run(capsys, "report", folder)
    assert (ran.status, ran.err) == (0, "")
    content = Page((folder / "report.html").read_text("utf-8")).content
    assert content["images"]
    assert f'data.source="{tmp_path / "own.csv"}"' in content["repeat"]["command"]


def test_a_finished_run_is_left_as_it_is(capsys, tmp_path):
    result = run(capsys, "train", *SKETCHES, "--out", "here", "--json").json
    before = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    ran = run(capsys, "train", "--resume", "here")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == (
        "here: nothing to do, it is finished after epoch 1; "
        "to train on, give it more epochs: --epochs 2\n"
    )
    assert run(capsys, "train", "--resume", "here", "--no-report", "--json").json == result
    assert {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()} == before


def test_a_run_that_stopped_early_needs_more_patience(capsys):
    words = ["--set=data.validation_samples=10", "--set=training.learning_rate=1e-9"]
    words += ["--epochs", 50, "--set=training.patience=1"]
    stopped = run(capsys, "train", *SKETCHES, *words, "--out", "here", "--json").json
    if len(stopped["history"]) == 50:
        pytest.skip("it did not stop early")
    err = run(capsys, "train", "--resume", "here", "--epochs", 60).err
    assert "(training.patience = 1); to train on, give it a larger training.patience" in err


def test_a_report_of_what_the_run_was_before_does_not_stay(capsys, tmp_path):
    run(capsys, "train", *SKETCHES, "--out", "here")
    assert (tmp_path / "here/report.html").exists()
    run(capsys, "train", "--resume", "here", "--epochs", 2, "--no-report")
    assert not (tmp_path / "here/report.html").exists()


def test_real_images(capsys, fashion_mnist):
    ran = run(capsys, "train", "--data", fashion_mnist, *TINY, "--json")
    result = ran.json
    assert result["data"] == f"Fashion-MNIST from {fashion_mnist}"
    assert (result["train_samples"], result["test_samples"]) == (40, 20)
    assert "WARNING" not in ran.err


@pytest.fixture
def _offline(tmp_path, monkeypatch):
    """A machine without Fashion-MNIST and without a network."""
    forget_data(tmp_path / "home", monkeypatch)


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("source", [(), ("--data", "fashion-mnist")])
def test_sketches_never_pass_for_fashion_mnist(capsys, source):
    ran = run(capsys, "train", *source, *TINY, "--json")
    assert ran.json["data"] == "built-in sketches"
    loud = [line for line in ran.err.splitlines() if "WARNING" in line]
    assert len(loud) == 1
    assert "can neither be found nor downloaded" in loud[0]
    assert "SKETCHES" in loud[0]
    ran = run(capsys, "train", *source, *TINY)
    assert ran.out.startswith("built-in sketches: ")


# What stops a training.


def test_a_loss_that_is_not_finite(capsys):
    ran = run(capsys, "train", *SKETCHES, "--set", "training.learning_rate=1e300", "--out", "here")
    assert ran.status == 2
    assert ran.out == ""
    last = ran.err.splitlines()[-1]
    assert last.startswith("verypoorcnn: epoch 1, batch ")
    assert "try a learning rate below 1e+300" in last
    assert "the last good state is in here, " in last


def test_ctrl_c_before_the_run_has_begun(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(experiment, "load_parts", interrupt)
    ran = run(capsys, "train", *SKETCHES)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.endswith("verypoorcnn: interrupted\n")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("module", "name"), [(experiment, "probabilities"), (loop, "evaluate")], ids=["test", "start"]
)
def test_ctrl_c_while_measuring_keeps_the_run(capsys, monkeypatch, module, name):
    whole = run(capsys, "train", *SKETCHES, "--json").json
    with monkeypatch.context() as patch:
        patch.setattr(module, name, interrupt)
        ran = run(capsys, "train", *SKETCHES, "--out", "here", "--json")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.splitlines()[-1].endswith("go on with: train --resume here")
    assert run(capsys, "train", "--resume", "here", "--json").json["test"] == whole["test"]


def interrupt(*_arguments, **_options):
    raise KeyboardInterrupt
