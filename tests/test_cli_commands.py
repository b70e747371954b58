"""`data`, `gradcheck` and `reproduce`: what they print, for people and as JSON."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from tests.commands import ROOT, TINY, drawings, run, write_csv, write_idx
from verypoorcnn.network import ReLU
from verypoorcnn.network.layer import Layer

# data


@pytest.mark.parametrize("kind", ["idx", "csv", "sketches"])
def test_data(capsys, tmp_path, monkeypatch, kind):
    monkeypatch.setattr("verypoorcnn.data.opening.SKETCHES", (40, 40))
    write_idx(tmp_path / "idx", drawings(40))
    write_csv(tmp_path / "csv" / "train.csv", drawings(40))
    write_csv(tmp_path / "csv" / "test.csv", drawings(40))
    source = kind if kind == "sketches" else tmp_path / kind
    result = run(capsys, "data", source, "--json").json
    assert result.keys() == {"data", "shape", "train", "test"}
    assert result["shape"] == [1, 28, 28]
    assert [*result["train"].values()] == [*result["test"].values()] == [4] * 10
    ran = run(capsys, "data", source, "--images", 2)
    lines = ran.out.splitlines()
    assert lines[0] == result["data"]
    assert lines[2].split() == ["class", "training", "test"]
    assert lines[13].split() == ["all", "40", "40"]
    assert sum(line.startswith("image ") for line in lines) == 2
    assert max(map(len, lines)) <= 80


def test_data_of_another_size(capsys, tmp_path):
    rows = [f"{i % 2}," + ",".join(str(i * 9 + j) for j in range(9)) for i in range(10)]
    (tmp_path / "own.csv").write_text("\n".join(rows))
    ran = run(capsys, "data", tmp_path / "own.csv", "--json")
    assert ran.json["shape"] == [1, 3, 3]
    assert ran.json["train"] == {"0": 4, "1": 4}
    assert "image" not in run(capsys, "data", tmp_path / "own.csv", "--images", 0).out


def test_data_of_a_folder_of_images(capsys, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads and writes image files")
    for name, value in (("hat", 10), ("sock", 200)):
        (tmp_path / name).mkdir()
        for i in range(3):
            image.new("L", (40, 50), value + i).save(tmp_path / name / f"{i}.png")
    result = run(capsys, "data", tmp_path, "--json").json
    assert result["shape"] == [1, 28, 28]
    assert {k: result["train"][k] + result["test"][k] for k in ("hat", "sock")} == {
        "hat": 3,
        "sock": 3,
    }


def test_data_of_fashion_mnist(capsys, fashion_mnist, monkeypatch):
    monkeypatch.setenv("VERYPOORCNN_DATA", str(fashion_mnist))
    result = run(capsys, "data", "--json").json
    assert result["data"] == f"Fashion-MNIST from {fashion_mnist}"
    assert result["train"]["Ankle boot"] == 6000
    assert result["test"]["Ankle boot"] == 1000


# gradcheck

SMALL_NETWORK = """
[network]
input_shape = [1, 5, 5]

[[network.layers]]
type = "Conv2D"
filters = 2
kernel_size = 3

[[network.layers]]
type = "{}"

[[network.layers]]
type = "Flatten"

[[network.layers]]
type = "Dense"
units = 3
"""


@pytest.fixture
def _broken_relu():
    """A layer whose gradient is wrong, known to configurations while the test runs."""

    @dataclass(frozen=True)
    class Broken(ReLU):
        def input_gradient(self, at):
            (call,) = super().input_gradient(at)
            of, _, gradient = call.arguments
            return [type(call)(call.function, (of, of, gradient))]

    yield
    del Layer.kinds[Broken.__name__]


def test_gradcheck_proves(capsys, tmp_path):
    (tmp_path / "a.toml").write_text(SMALL_NETWORK.format("ReLU"))
    ran = run(capsys, "gradcheck", tmp_path / "a.toml")
    assert ran.status == 0
    assert ran.out.splitlines()[0].split()[0] == "layer"
    assert ran.out.splitlines()[-1].endswith("all of them are right")
    assert "WRONG" not in ran.out
    result = run(capsys, "gradcheck", tmp_path / "a.toml", "--seed", 3, "--json").json
    assert result["ok"] is True
    assert {check["layer"] for check in result["checks"]} >= {"conv1", "relu1", "fc1", "network"}


@pytest.mark.usefixtures("_broken_relu")
def test_gradcheck_refutes(capsys, tmp_path):
    (tmp_path / "a.toml").write_text(SMALL_NETWORK.format("Broken"))
    ran = run(capsys, "gradcheck", tmp_path / "a.toml")
    assert ran.status == 1
    wrong = [line.split()[0] for line in ran.out.splitlines() if line.endswith("WRONG")]
    assert wrong == ["relu1", "network"]
    assert ": 2 of " in ran.out.splitlines()[-1]
    assert run(capsys, "gradcheck", tmp_path / "a.toml", "--json").status == 1


# reproduce


def test_reproduce(capsys, tmp_path):
    (tmp_path / "own.toml").write_text("[training]\nmeasure_start = false\nseed = 7\n")
    own = ("reproduce", tmp_path / "own.toml", "--data", "sketches", *TINY, "--seeds", 2)
    result = run(capsys, *own, "--jobs", 1, "--out", tmp_path / "runs", "--json").json
    assert result["data"] == "built-in sketches"
    assert [one["seed"] for one in result["runs"]] == [1, 2]
    assert [one["train_samples"] for one in result["runs"]] == [40, 40]
    accuracy = result["figures"]["accuracy"]
    readings = [one["test"]["accuracy"] for one in result["runs"]]
    assert accuracy["mean"] == pytest.approx(sum(readings) / 2)
    assert accuracy["deviation"] == pytest.approx(abs(readings[0] - readings[1]) / 2**0.5)
    assert accuracy["paper"] is None  # it is about another experiment
    assert (tmp_path / "runs" / "seed-2" / "model.safetensors").exists()
    again = run(capsys, *own, "--out", tmp_path / "runs")
    assert again.status == 2
    assert "there is a run in this folder already" in again.err


def test_reproduce_for_people(capsys):
    ran = run(capsys, "reproduce", "--data", "sketches", *TINY, "--seeds", 1)
    lines = ran.out.splitlines()
    assert lines[0].startswith("built-in sketches: 40 training and 20 test images; epochs: 1,")
    assert lines[3].split() == ["here:", "mean", "±", "deviation"]
    assert re.fullmatch(r"accuracy +\d+\.\d % ± –", lines[4])  # one seed has no deviation
    assert lines[-1].startswith("training loss over the last epoch")
    assert max(map(len, lines)) <= 80


RESULT = {
    "data": "Fashion-MNIST from data",
    "train_samples": 1500,
    "test_samples": 600,
    "engine": "native",
    "start": {"loss": 2.5},
    "history": [{"loss": 0.7}] * 25,
    "test": dict.fromkeys(("accuracy", "precision", "recall", "f1"), 0.75),
}


@pytest.mark.parametrize(
    ("settings", "data", "is_paper"),
    [
        ([], "Fashion-MNIST from data", True),
        (["training.engine=python", "data.source=data"], "Fashion-MNIST from data", True),
        ([], "built-in sketches", False),
        (["training.epochs=24"], "Fashion-MNIST from data", False),
        (["data.train_samples=all"], "Fashion-MNIST from data", False),
        (["network.preset=lenet5"], "Fashion-MNIST from data", False),
    ],
)
def test_only_the_papers_experiment_stands_beside_its_figures(
    capsys, monkeypatch, settings, data, is_paper
):
    results = [{**RESULT, "data": data}] * 2
    monkeypatch.setattr("verypoorcnn.cli.reproduce.repeat", lambda *_: results)
    words = [f"--set={text}" for text in settings]
    lines = run(capsys, "reproduce", *words).out.splitlines()
    assert lines[4].split()[:5] == ["accuracy", "75.0", "%", "±", "0.0"]
    assert lines[4].endswith(" 73.2 %") is is_paper
    assert lines[3].endswith(" paper") is is_paper
    figures = run(capsys, "reproduce", *words, "--json").json["figures"]
    assert figures["f1"] == {"mean": 0.75, "deviation": 0, "paper": 0.725 if is_paper else None}


def test_reproduce_ends_with_the_first_failure(capsys):
    rate = ("--set", "training.learning_rate=1e300")
    ran = run(capsys, "reproduce", "--data", "sketches", *TINY, *rate, "--seeds", 1)
    assert (ran.status, ran.out) == (2, "")
    *_, last = ran.err.splitlines()  # before it, on a busy machine, progress
    assert last.startswith("verypoorcnn: seed 1: epoch 1, batch ")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send")
def test_ctrl_c_ends_the_seeds_too(tmp_path):
    folder = tmp_path / "runs"
    command = [sys.executable, "-m", "verypoorcnn", "reproduce", "--data", "sketches"]
    command += ["--engine", "textbook"]  # slow enough to be interrupted
    process = subprocess.Popen(
        [*command, "--seeds", "3", "--jobs", "1", "--out", str(folder)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (folder / "seed-1" / "config.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.endswith("verypoorcnn: interrupted\n")
    left = sorted(path.name for path in folder.rglob("*"))
    time.sleep(0.2)
    assert sorted(path.name for path in folder.rglob("*")) == left
    assert "result.json" not in left
    assert "seed-2" not in left
