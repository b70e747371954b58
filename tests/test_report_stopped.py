"""The report of a run that is not over: interrupted, diverged, killed."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import run
from tests.reports import SMALL, Killed, Page, resumed, stopped, trained
from verypoorcnn.cli import main
from verypoorcnn.errors import UserError
from verypoorcnn.files.safetensors import read
from verypoorcnn.report.comparison import comparison
from verypoorcnn.report.content import content
from verypoorcnn.report.folder import of_run
from verypoorcnn.report.page import TESTED, page
from verypoorcnn.training import experiment
from verypoorcnn.training import run as runs
from verypoorcnn.training.loop import Interrupted

DIVERGING = "--set=training.learning_rate=1e30"


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was interrupted after two of its three epochs; whoever writes takes a copy."""
    return stopped(tmp_path_factory.mktemp("runs") / "run", Interrupted(), 2)


@pytest.fixture
def diverged(capsys, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    assert run(capsys, "train", *SMALL, DIVERGING, "--out", folder).status == 2
    return folder


def test_interrupted(interrupted):
    found = content(of_run(interrupted))
    said = found["stopped"]
    assert (said["how"], said["epochs"], said["of"], said["saved"]) == ("interrupted", 2, 3, (2, 0))
    assert said["said"].startswith("This run is not over: it was interrupted after 2 of 3 epochs.")
    assert "its last checkpoint, after epoch 2" in said["said"]
    assert [record["epoch"] for record in found["training"]["history"]] == [1, 2]
    (layer,) = found["filters"]
    learned = read(interrupted / "checkpoint.safetensors")[0]["conv1.weight"].values
    assert layer["after"] == [round(value, 5) for value in learned]
    assert found["maps"]
    assert found["test"] is None
    assert found["tests"] == found["mistakes"] == found["confusions"] == []
    assert found["repeat"]["seconds"] == {}


def test_the_feature_maps_are_those_of_the_checkpoint(interrupted, tmp_path):
    """What a run of two epochs learned is what stands in the checkpoint of one stopped there."""
    found = content(of_run(interrupted))
    over = content(of_run(trained(tmp_path / "over", "--epochs", "2")))
    for one, other in zip(found["maps"], over["maps"], strict=True):
        assert one["layers"] == other["layers"]
        assert one["probabilities"] == other["probabilities"]


def test_the_command_goes_on_and_the_report_becomes_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = stopped(Path("my run"), Interrupted(), 1)
    words = shlex.split(content(of_run(folder))["stopped"]["go_on"])
    assert words == ["python3", "-m", "verypoorcnn", "train", "--resume", "my run"]
    assert main([*words[3:], "--json"]) == 0
    found = content(of_run(folder))
    assert found["stopped"] is None
    assert found["test"]["samples"] == 50
    assert Page((folder / "report.html").read_text("utf-8")).content["stopped"] is None


def test_the_page_says_it_first_and_leaves_out_what_is_not_there(interrupted, tmp_path, capsys):
    folder = shutil.copytree(interrupted, tmp_path / "run")
    capsys.readouterr()
    ran = run(capsys, "report", folder)
    assert (ran.status, ran.out) == (0, f"{folder / 'report.html'}\n")
    assert ran.err.startswith("This run is not over")
    assert ran.err.count("\n") == 1
    read_page = Page((folder / "report.html").read_text("utf-8"))
    assert not set(TESTED) & set(read_page.ids)
    links = {a["href"] for a in read_page.all("a")}
    assert links == {f"#{a['id']}" for a in read_page.all("section")}
    assert read_page.text.index("This run is not over") < read_page.text.index("The images")
    assert "The test images are for the end of a run" in read_page.text
    for figure in ("Fig. 1", "Fig. 2", "Fig. 5", "Fig. 6"):
        assert figure in read_page.text


def test_interrupted_while_it_was_tested(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "measure", interrupt)
    assert main(["train", *SMALL, "--out", str(tmp_path / "run")]) == 130
    monkeypatch.undo()
    said = content(of_run(tmp_path / "run"))["stopped"]["said"]
    assert "it was interrupted after its last epoch, before it was tested" in said


def test_an_error_is_told(tmp_path, monkeypatch):
    def fail(*_):
        raise UserError("no memory left")

    monkeypatch.setattr(experiment, "measure", fail)
    assert main(["train", *SMALL, "--out", str(tmp_path / "run")]) == 2
    monkeypatch.undo()
    said = content(of_run(tmp_path / "run"))["stopped"]
    assert (said["how"], said["why"]) == ("failed", "no memory left")
    assert "No memory left." in said["said"]


def test_killed_behind_its_checkpoint(tmp_path, monkeypatch):
    """Epochs after the last checkpoint are in the curve, and in nothing else."""
    folder = stopped(tmp_path / "run", Interrupted(), 1)
    stopped(folder, Killed(), 2)
    found = content(of_run(folder))
    assert (found["stopped"]["how"], found["stopped"]["saved"]) == ("killed", (1, 0))
    assert "it was killed, or still goes on, after 2 of 3 epochs" in found["stopped"]["said"]
    assert [record["epoch"] for record in found["training"]["history"]] == [1, 2]
    assert found["training"]["start"]


def test_killed_in_the_middle_of_an_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "WITHIN_EPOCH", 0.0)
    monkeypatch.setattr(runs.Recorder, "epoch_done", lambda *_: None)
    saved = runs.Recorder.save

    def save_and_die(self, trainer):
        saved(self, trainer)
        if trainer.position.batch == 1:
            raise Killed

    monkeypatch.setattr(runs.Recorder, "save", save_and_die)
    with pytest.raises(Killed):
        main(["train", *SMALL, "--out", str(tmp_path / "run")])
    monkeypatch.undo()
    found = content(of_run(tmp_path / "run"))
    assert found["stopped"]["saved"] == (0, 1)
    assert "its last checkpoint, in epoch 1, after 1 batch." in found["stopped"]["said"]
    assert found["training"]["history"] == []
    assert "No epoch is over, so there is no curve." in Page(page(found)).text


def test_killed_before_any_checkpoint(tmp_path):
    folder = stopped(tmp_path / "run", Killed(), 2)
    assert not (folder / "checkpoint.safetensors").exists()
    found = content(of_run(folder))
    assert found["stopped"]["saved"] is None
    assert "begin again" in found["stopped"]["said"]
    assert len(found["training"]["history"]) == 2
    assert found["training"]["start"] is None
    assert found["filters"] == found["maps"] == []
    text = Page(page(found)).text
    assert text.count("what the network learned is not known") == 3  # filters, maps, the list
    assert "no convolution" not in text
    assert "before the first step were not measured" not in text  # they were, and are lost


def test_killed_before_anything_was_saved(tmp_path, capsys):
    folder = stopped(tmp_path / "run", Killed(), 1)
    (folder / "metrics.jsonl").write_text("")
    capsys.readouterr()
    ran = run(capsys, "report", folder)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "nothing was saved yet" in ran.err
    assert f"train --resume {folder}" in ran.err
    (folder / "stretches.jsonl").unlink()  # not even begun
    assert "this run is not over; go on with train --resume" in run(capsys, "report", folder).err


def test_a_diverged_run_writes_its_report(capsys, diverged):
    found = Page((diverged / "report.html").read_text("utf-8")).content
    assert found["stopped"]["how"] == "diverged"
    assert "the loss is" in found["stopped"]["why"]
    assert found["training"]["history"] == []
    (layer,) = found["filters"]
    assert layer["before"] == layer["after"]
    words = shlex.split(found["stopped"]["go_on"])
    assert words[-1] == "--set=training.learning_rate=1e+29"


def test_it_is_told_where_the_report_of_a_diverged_run_is(capsys, tmp_path):
    ran = run(capsys, "train", *SMALL, DIVERGING, "--out", tmp_path / "one")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].endswith(f"a report of it in {tmp_path / 'one/report.html'}")
    ran = run(capsys, "train", *SMALL, DIVERGING, "--out", tmp_path / "two", "--no-report")
    assert ran.err.splitlines()[-1].endswith(f"the last good state is in {tmp_path / 'two'}")
    assert not (tmp_path / "two/report.html").exists()


def test_a_finished_run_that_diverged_when_it_went_on_is_not_over(capsys, tmp_path):
    folder = trained(tmp_path / "run")
    capsys.readouterr()
    assert run(capsys, "train", "--resume", folder, "--epochs", 5, DIVERGING).status == 2
    found = content(of_run(folder))
    assert (found["stopped"]["how"], found["stopped"]["epochs"]) == ("diverged", 3)
    assert found["test"] is None
    resumed(folder, "--set=training.learning_rate=0.001")
    found = content(of_run(folder))
    assert found["stopped"] is None
    assert [one["how"] for one in found["repeat"]["stretches"]] == [
        "finished",
        "diverged",
        "finished",
    ]


def test_early_stopping_has_kept_nothing_yet(tmp_path):
    words = ["--set=data.validation_samples=20", "--set=training.patience=2"]
    assert content(of_run(trained(tmp_path / "over", *words)))["training"]["best_epoch"]
    folder = stopped(tmp_path / "run", Interrupted(), 2, *words)
    assert content(of_run(folder))["training"]["best_epoch"] is None


def test_without_its_images(interrupted, tmp_path):
    folder = shutil.copytree(interrupted, tmp_path / "run")
    config = json.loads((folder / "config.json").read_text())
    config["data"]["source"] = str(tmp_path / "gone.csv")
    (folder / "config.json").write_text(json.dumps(config))
    line = (folder / "stretches.jsonl").read_text().replace("built-in sketches", "gone.csv")
    (folder / "stretches.jsonl").write_text(line)
    found = content(of_run(folder))
    assert found["images"] is None
    assert found["filters"]
    assert "The images are not in this report" in found["without"]["maps"]
    Page(page(found))


def test_runs_that_are_not_over_are_not_compared(interrupted, tmp_path):
    other = shutil.copytree(interrupted, tmp_path / "other")
    with pytest.raises(UserError, match="this run is not over; go on with train --resume"):
        comparison([interrupted, other])


def test_figures_are_those_that_there_are(interrupted, tmp_path, capsys):
    pytest.importorskip("matplotlib", reason="draws the figures")
    folder = shutil.copytree(interrupted, tmp_path / "run")
    capsys.readouterr()
    ran = run(capsys, "report", folder, "--figures", tmp_path / "figures", "--format", "svg")
    names = [Path(line).stem for line in ran.out.splitlines()]
    assert names == ["samples", "loss", "accuracy", "filters-conv1", "maps"]
