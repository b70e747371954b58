"""Runs and checkpoints: resumed runs end in the same bits; damaged ones are told."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.engines import NETWORKS, random_images
from verypoorcnn.cli import main
from verypoorcnn.engines import ENGINES
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.training import experiment
from verypoorcnn.training.checkpoint import load_checkpoint, save_checkpoint
from verypoorcnn.training.configuration import load_configuration
from verypoorcnn.training.loop import Position, Trainer
from verypoorcnn.training.run import Run
from verypoorcnn.training.settings import TrainingSettings

ROOT = Path(__file__).parent.parent
EPOCHS = {"textbook": 4, "native": 300}  # long enough to be interrupted
DATA = ["--data", "sketches", "--limit-train", "120", "--limit-test", "20"]


@pytest.fixture(scope="module", params=EPOCHS)
def small(request):
    """The arguments of a small run with each of these engines."""
    if obstacle := ENGINES[request.param].obstacle():
        pytest.skip(f"no {request.param} engine here: {obstacle}")
    return [*DATA, "--engine", request.param, "--epochs", str(EPOCHS[request.param])]


# The command line, but with a checkpoint after every batch, so that kills meet all of them.
OFTEN = """
import sys
from verypoorcnn.cli import main
from verypoorcnn.training import run
run.BETWEEN_EPOCHS = run.WITHIN_EPOCH = 0.0
sys.exit(main())
"""


def train(*arguments, often=False):
    program = ["-c", OFTEN] if often else ["-m", "verypoorcnn"]
    command = [sys.executable, *program, "train", "--json", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def without_times(result):
    """What must be equal between two runs of the same experiment."""
    history = [{k: v for k, v in record.items() if k != "seconds"} for record in result["history"]]
    return {"history": history, "test": result["test"], "start": result["start"]}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, small):
    folder = tmp_path_factory.mktemp("whole") / "run"
    return finished(train(*small, "--out", folder)), folder


def same_bits(folder, other):
    files = [(each / "model.safetensors") for each in (folder, other)]
    tensors = [safetensors.read(file)[0] for file in files]
    return tensors[0] == tensors[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_at_random_times_and_resumed_it_ends_in_the_same_bits(
    uninterrupted, small, tmp_path
):
    result, whole = uninterrupted
    folder = tmp_path / "run"
    how_long = result["seconds"]["total"]
    chance = random.Random()
    kills = []
    process = train(*small, "--out", folder, often=True)
    while len(kills) < 6:
        kills.append(chance.uniform(0.2, 0.8) * how_long)
        time.sleep(kills[-1])
        process.kill()
        process.communicate()
        begun = (folder / "config.json").exists()
        again = ("--resume", folder) if begun else (*small, "--out", folder)
        process = train(*again, often=True)
    resumed = finished(process)
    assert without_times(resumed) == without_times(result), f"killed after {kills} seconds"
    assert same_bits(folder, whole)
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [*range(1, int(small[-1]) + 1)]


def test_ctrl_c_saves_exits_130_and_resumes(uninterrupted, small, tmp_path):
    result, whole = uninterrupted
    folder = tmp_path / "run"
    process = train(*small, "--out", folder)
    while not (folder / "metrics.jsonl").exists() or not (folder / "metrics.jsonl").read_text():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert f"--resume {folder}" in err.splitlines()[-1]
    assert (folder / "model.safetensors").exists()
    resumed = finished(train("--resume", folder))
    assert without_times(resumed) == without_times(result)
    assert same_bits(folder, whole)


def test_ctrl_c_while_testing_keeps_what_was_learned(monkeypatch, capsys, tmp_path):
    words = ["train", *DATA, "--epochs", "2", "--no-report", "--json"]
    assert main([*words, "--out", str(tmp_path / "whole")]) == 0

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "measure", interrupt)
    folder = tmp_path / "run"
    assert main([*words, "--out", str(folder)]) == 130
    assert same_bits(folder, tmp_path / "whole")
    assert not (folder / "result.json").exists()
    monkeypatch.undo()
    assert main(["train", "--resume", str(folder), "--no-report", "--json"]) == 0
    results = [
        json.loads((one / "result.json").read_text()) for one in (folder, tmp_path / "whole")
    ]
    assert without_times(results[0]) == without_times(results[1])


def test_a_finished_run_can_be_given_more_epochs(uninterrupted, small, tmp_path):
    _, whole = uninterrupted
    fewer = tmp_path / "run"
    finished(train(*small[:-1], "2", "--out", fewer))
    more = finished(train("--resume", fewer, "--epochs", small[-1]))
    assert len(more["history"]) == int(small[-1])
    assert same_bits(fewer, whole)
    assert json.loads((fewer / "config.json").read_text())["training"]["epochs"] == int(small[-1])


def test_a_run_holds_what_it_promises(uninterrupted):
    result, folder = uninterrupted
    assert {path.name for path in folder.iterdir()} == {
        "config.json",
        "metrics.jsonl",
        "checkpoint.safetensors",
        "model.safetensors",
        "result.json",
        "report.html",
    }
    kept = json.loads((folder / "result.json").read_text())
    assert without_times(kept) == without_times(result)
    assert result["run"] == str(folder)


# Checkpoints, within the process.

NETWORK = NETWORKS["one dense layer"]


def some_trainer():
    images = random_images(NETWORK, 10)
    engine = ENGINES["textbook"](NETWORK, NETWORK.initial_parameters(0))
    settings = TrainingSettings(epochs=2, batch_size=4)
    return Trainer(engine, images, settings)


def test_a_checkpoint_gives_everything_back(tmp_path):
    one = some_trainer()
    one.run()
    one.best = one.engine.parameters()
    one.position.loss = 0.1 + 0.2  # 0.30000000000000004
    save_checkpoint(tmp_path / "c", one)
    parameters, position, best = load_checkpoint(tmp_path / "c", NETWORK, "textbook", one.train)
    assert parameters == best == one.engine.parameters()
    assert position == one.position


def test_other_images_are_noticed(tmp_path):
    one = some_trainer()
    save_checkpoint(tmp_path / "c", one)
    others = random_images(NETWORK, 10, seed=1)
    with pytest.raises(UserError, match=r"c: the run began with train '10 images.*same"):
        load_checkpoint(tmp_path / "c", NETWORK, "textbook", others)
    with pytest.raises(UserError, match=r"began with engine 'textbook', but now it is 'other'"):
        load_checkpoint(tmp_path / "c", NETWORK, "other", one.train)


@pytest.mark.parametrize(
    "damage",
    [
        {"epoch": "x"},
        {"epoch": True},
        {"epoch": 3},
        {"batch": -1},
        {"loss": None},
        {"history": {}},
        {"surplus": 1},
        {"start": 3},
    ],
)
def test_a_damaged_position_is_told(tmp_path, damage):
    one = some_trainer()
    save_checkpoint(tmp_path / "c", one)
    tensors, metadata = safetensors.read(tmp_path / "c")
    metadata["position"] = json.dumps(asdict(Position()) | damage)
    safetensors.write(tmp_path / "c", tensors, metadata)
    with pytest.raises(UserError, match="checkpoint is damaged"):
        load_checkpoint(tmp_path / "c", NETWORK, "textbook", one.train)


def test_runs_get_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configuration = load_configuration()
    folders = {Run.create(None, configuration, "Fashion-MNIST from data").folder for _ in range(3)}
    assert len(folders) == 3
    assert all(folder.parent.name == "runs" for folder in folders)
    assert all("-fashion-mnist-seed0" in folder.name for folder in folders)
    assert Run.open(folders.pop()).configuration() == configuration


def test_no_run_is_written_over(tmp_path):
    Run.create(tmp_path / "a", load_configuration(), "own.csv")
    with pytest.raises(UserError, match=r"there is a run in this folder already.*--resume"):
        Run.create(tmp_path / "a", load_configuration(), "own.csv")
    with pytest.raises(UserError, match="no run here"):
        Run.open(tmp_path)


def test_only_what_may_change_on_the_way_does(tmp_path):
    run = Run.create(tmp_path / "a", load_configuration(), "own.csv")
    assert run.changed_configuration(["training.epochs=50"]).training.epochs == 50
    with pytest.raises(UserError, match=r"training\.seed cannot change on the way"):
        run.changed_configuration(["training.seed=5"])
    with pytest.raises(UserError, match=r"network\.(preset|layers) cannot change"):
        run.changed_configuration(["network.preset=lenet5"])
