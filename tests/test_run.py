"""Runs and checkpoints: resumed runs end in the same bits; damaged ones are told."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.commands import drawings, write_csv
from tests.engines import NETWORKS, random_images
from verypoorcnn.cli import main
from verypoorcnn.engines import ENGINES
from verypoorcnn.errors import UserError
from verypoorcnn.files import safetensors
from verypoorcnn.training import experiment
from verypoorcnn.training.checkpoint import load_checkpoint, save_checkpoint
from verypoorcnn.training.configuration import load_configuration
from verypoorcnn.training.loading import located, located_origin
from verypoorcnn.training.loop import Position, Trainer
from verypoorcnn.training.run import Recorder, Run
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
run.FIRST = run.BETWEEN_EPOCHS = run.WITHIN_EPOCH = 0.0
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
    *killed, last = Run(folder).read_stretches()
    assert last["ended"]["epoch"] == int(small[-1])
    places = [(stretch["epoch"], stretch["batch"]) for stretch in (*killed, last)]
    assert places == sorted(places)


def test_a_stretch_is_kept_for_each_time_a_run_goes_on(tmp_path, capsys):
    folder = tmp_path / "run"
    words = ["train", *DATA, "--epochs", "2", "--no-report", "--json"]
    assert main([*words, "--out", str(folder)]) == 0
    given = ["--epochs", "5", "--set=training.learning_rate=0.004", "--threads", "2"]
    assert main(["train", "--resume", str(folder), "--no-report", "--json", *given]) == 0
    one, two = Run(folder).read_stretches()
    assert [(s["epoch"], s["batch"]) for s in (one, two)] == [(0, 0), (2, 0)]
    assert [s["ended"]["how"] for s in (one, two)] == ["finished", "finished"]
    assert [s["ended"]["epoch"] for s in (one, two)] == [2, 5]
    result = json.loads((folder / "result.json").read_text())
    assert result["engine"] == one["engine"] == two["engine"]
    assert {**result["made_with"], "time": one["time"]}.items() <= one.items()
    changed = {k: v for k, v in two["settings"].items() if v != one["settings"][k]}
    assert changed == {
        "training.epochs": 5,
        "training.learning_rate": 0.004,
        "training.threads": 2,
    }


def test_a_refused_resumption_leaves_the_run_as_it_was(tmp_path, capsys):
    folder = tmp_path / "run"
    assert main(["train", *DATA, "--epochs", "1", "--json", "--out", str(folder)]) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    source = write_csv(tmp_path / "other.csv", drawings(200))
    assert main(["train", "--resume", str(folder), "--data", str(source)]) == 2
    assert "the run began with train" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1: not JSON"),
        ("{}", "line 1: 'epoch' is missing or wrong"),
        ('{"epoch": "x"}', "line 1: 'epoch' is missing or wrong"),
    ],
)
def test_damaged_stretches_are_told(tmp_path, line, said):
    run = Run(tmp_path)
    run.stretches.write_text(f"{line}\n")
    with pytest.raises(UserError, match=f"stretches.jsonl, {said}"):
        run.read_stretches()


def test_a_line_that_is_just_being_written_does_not_count(tmp_path):
    run = Run(tmp_path)
    record = {"epoch": 1, "loss": 2.5, "accuracy": 0.1, "seconds": 0.25}
    run.metrics.write_text(f"{json.dumps(record)}\n{json.dumps(record)[:20]}")
    assert run.read_history() == [record]
    assert run.read_stretches() == []


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
        ".lock",
        "config.json",
        "metrics.jsonl",
        "stretches.jsonl",
        "checkpoint.safetensors",
        "model.safetensors",
        "result.json",
        "report.html",
    }
    kept = json.loads((folder / "result.json").read_text())
    assert without_times(kept) == without_times(result)
    assert result["run"] == str(folder)


# What stops a training from outside.


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_signals_save_everything_and_are_the_status(monkeypatch, capsys, tmp_path, name):
    if not hasattr(signal, name):
        pytest.skip(f"no {name} here")
    number, done = getattr(signal, name), Recorder.epoch_done

    def signalled(self, trainer, record):
        done(self, trainer, record)
        if record["epoch"] == 2:
            signal.raise_signal(number)

    words = ["train", *DATA, "--epochs", "4", "--no-report", "--json"]
    assert main([*words, "--out", str(tmp_path / "whole")]) == 0
    monkeypatch.setattr(Recorder, "epoch_done", signalled)
    assert main([*words, "--out", str(tmp_path / "run")]) == 128 + number
    monkeypatch.undo()
    said = capsys.readouterr().err.splitlines()
    assert "finishing the batch; Ctrl-C again stops at once" in said
    assert said[-1].endswith(f"go on with: train --resume {tmp_path / 'run'}")
    (stretch,) = Run(tmp_path / "run").read_stretches()
    assert stretch["ended"]["how"] == "interrupted"
    assert main(["train", "--resume", str(tmp_path / "run"), "--json"]) == 0
    assert same_bits(tmp_path / "run", tmp_path / "whole")


def test_ctrl_c_while_testing_is_heeded_between_two_batches(monkeypatch, capsys, tmp_path):
    def pressed(engine, images, advance):
        signal.raise_signal(signal.SIGINT)
        advance(1)
        raise AssertionError("it went on")

    monkeypatch.setattr(experiment, "probabilities", pressed)
    assert main(["train", *DATA, "--epochs", "2", "--out", str(tmp_path / "run")]) == 130
    monkeypatch.undo()
    assert main(["train", "--resume", str(tmp_path / "run"), "--json"]) == 0


HOLDS_THE_LOCK = """
import pathlib, sys
from verypoorcnn.training.run import Run
Run(pathlib.Path(sys.argv[1])).lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(folder):
    """Another process has the run's lock, and is killed in the end."""
    command = [sys.executable, "-c", HOLDS_THE_LOCK, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        try:
            assert process.stdout.readline() == "taken\n"
            yield process
        finally:
            process.kill()


def test_a_run_that_another_process_trains_is_refused(tmp_path, capsys):
    folder = tmp_path / "run"
    assert main(["train", *DATA, "--epochs", "1", "--out", str(folder)]) == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    capsys.readouterr()
    with locked(folder) as other:
        assert main(["train", "--resume", str(folder), "--epochs", "2"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"verypoorcnn: {folder}: process {other.pid} is training this run; ")
    before[".lock"] = f"{other.pid}\n".encode()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert main(["train", "--resume", str(folder), "--epochs", "2", "--json"]) == 0


def test_a_new_run_in_a_folder_that_is_just_being_used_is_refused(tmp_path, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    with locked(folder):
        assert main(["train", *DATA, "--epochs", "1", "--out", str(folder)]) == 2
    assert "is training this run" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_the_lock_of_a_killed_process_stands_in_nobodys_way(tmp_path):
    with locked(tmp_path) as other, pytest.raises(UserError, match=f"process {other.pid} is"):
        Run(tmp_path).lock.take()
    with Run(tmp_path).lock:
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


# A disk on which files grow only so far: the system's own limit, in a process that sets it.
LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}))
"""


@pytest.mark.parametrize(
    ("limit", "program", "name"),
    [(30_000, OFTEN, "checkpoint.safetensors"), (3_000, "", "metrics.jsonl")],
)
def test_a_full_disk_is_told_in_one_line_and_keeps_what_was_saved(
    tmp_path, capsys, limit, program, name
):
    pytest.importorskip("resource", reason="sets the limit")
    folder = tmp_path / "run"
    words = ["train", *DATA, "--epochs", "150", "--no-report", "--json"]
    program = LIMITED.format(bytes=limit) + (program or OFTEN.replace("= 0.0", "= 1e9"))
    process = subprocess.run(
        [sys.executable, "-c", program, *words, "--out", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (process.returncode, process.stdout) == (2, "")
    said = [line for line in process.stderr.splitlines() if line.startswith("verypoorcnn: ")]
    assert len(said) == 1
    assert said[0].startswith(f"verypoorcnn: {folder / name}: cannot be written (")
    assert said[0].endswith("; choose another place")
    assert not [*folder.glob(".*.tmp")]
    kept = [(folder / each).exists() for each in ("checkpoint.safetensors", "model.safetensors")]
    assert kept == [limit == 30_000] * 2  # of so few bytes there is room for neither
    (stretch,) = Run(folder).read_stretches()
    assert stretch["ended"]["how"] == "failed"
    assert main(["train", "--resume", str(folder), "--no-report", "--json"]) == 0
    assert main([*words, "--out", str(tmp_path / "whole")]) == 0
    assert same_bits(folder, tmp_path / "whole")


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


def test_the_data_of_a_run_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").touch()
    kept = {
        source: located(load_configuration(overrides=[f"data.source={source}"])).data.source
        for source in ("own.csv", "./own.csv", "sketches", "Fashion-MNIST", "gone.csv")
    }
    assert kept == {
        "own.csv": str(tmp_path / "own.csv"),
        "./own.csv": str(tmp_path / "own.csv"),
        "sketches": "sketches",
        "Fashion-MNIST": "Fashion-MNIST",
        "gone.csv": "gone.csv",
    }


def test_what_a_run_keeps_calls_its_data_by_their_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = {
        ("own.csv", "own.csv"): str(tmp_path / "own.csv"),
        (".", "Fashion-MNIST from raw"): f"Fashion-MNIST from {tmp_path / 'raw'}",
        ("fashion-mnist", "Fashion-MNIST from data"): "Fashion-MNIST from data",
        ("Fashion-MNIST", "built-in sketches"): "built-in sketches",
    }
    for (source, origin), expected in named.items():
        configuration = load_configuration(overrides=[f"data.source={source}"])
        assert located_origin(origin, configuration) == expected


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
