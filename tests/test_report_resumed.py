"""The report of a run that was resumed: what changed on the way, and how to repeat it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.reports import Page, resumed, stopped, trained
from verypoorcnn.cli import main
from verypoorcnn.files.safetensors import read
from verypoorcnn.report import repeat
from verypoorcnn.report.content import content
from verypoorcnn.report.folder import of_run
from verypoorcnn.report.page import page
from verypoorcnn.training.loop import Interrupted

RATE = "--set=training.learning_rate=0.004"
PATIENT = ("--set=data.validation_samples=20", "--set=training.patience=2")


def repeated(found: dict, folder: Path, monkeypatch) -> dict:
    """What comes of the commands that repeat a run."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    commands = found["repeat"]["command"].split("\n")
    for line in commands:
        words = shlex.split(line)
        assert words[:4] == ["python3", "-m", "verypoorcnn", "train"]
        place = [] if len(commands) > 1 else ["--out", repeat.AGAIN]
        assert main([*words[3:], *place, "--json", "--no-report"]) == 0
    return read(Path(repeat.AGAIN, "model.safetensors"))[0]


def learned(run: Path) -> dict:
    return read(run / "model.safetensors")[0]


def test_a_run_in_one_stretch_needs_no_table(tmp_path):
    found = content(of_run(trained(tmp_path / "run")))
    (stretch,) = found["repeat"]["stretches"]
    assert (stretch["from"], stretch["to"], stretch["how"]) == ((0, 0), (3, 0), "finished")
    assert stretch["changed"] == {}
    assert found["repeat"]["note"] == repeat.ONE
    assert "How the run came about" not in Page(page(found)).text


def test_every_stretch_is_told(tmp_path):
    run = stopped(tmp_path / "run", Interrupted(), 1)
    resumed(run, RATE, "--epochs", "4")
    found = content(of_run(run))
    one, two = found["repeat"]["stretches"]
    assert (one["from"], one["to"], one["how"]) == ((0, 0), (1, 0), "interrupted")
    assert (two["from"], two["to"], two["how"]) == ((1, 0), (4, 0), "finished")
    assert two["changed"] == {"training.epochs": 4, "training.learning_rate": 0.004}
    assert two["engine"] == found["repeat"]["engine"]
    text = Page(page(found)).text
    assert "How the run came about" in text
    assert "training.epochs=4, training.learning_rate=0.004" in text
    assert "Time and memory, the last time it was resumed" in text


def test_train_writes_the_same_as_report(tmp_path, capsys):
    run = stopped(tmp_path / "run", Interrupted(), 1)
    assert main(["train", "--resume", str(run)]) == 0
    shown = Page((run / "report.html").read_text("utf-8")).content
    assert json.loads(json.dumps(content(of_run(run))["repeat"])) == shown["repeat"]
    assert len(shown["repeat"]["stretches"]) == 2


def test_a_run_that_was_only_interrupted_is_repeated_by_one_command(tmp_path, monkeypatch):
    run = resumed(stopped(tmp_path / "run", Interrupted(), 2))
    found = content(of_run(run))
    assert found["repeat"]["note"] == repeat.ONE
    assert repeated(found, tmp_path / "again", monkeypatch) == learned(run)


def test_settings_that_changed_are_repeated_where_they_changed(tmp_path, monkeypatch):
    run = stopped(tmp_path / "run", Interrupted(), 1)
    stopped(run, Interrupted(), 2, RATE, "--epochs", "9")
    resumed(run, "--epochs", "4")  # nothing that decides: one piece with the stretch before
    found = content(of_run(run))
    assert found["repeat"]["note"] == repeat.SEVERAL
    first, second = found["repeat"]["command"].split("\n")
    assert "--set=training.epochs=1 " in first
    assert second.split()[4:] == [
        *("--resume", repeat.AGAIN),
        *("--set=training.epochs=4", RATE),
    ]
    assert repeated(found, tmp_path / "again", monkeypatch) == learned(run)


def test_what_diverged_at_once_need_not_be_repeated(tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    trained(run, "--epochs", "2")
    words = ["train", "--resume", str(run), "--epochs", "4", "--no-report"]
    assert main([*words, "--set=training.learning_rate=1e30"]) == 2
    resumed(run, "--set=training.learning_rate=0.008")
    found = content(of_run(run))
    assert [one["how"] for one in found["repeat"]["stretches"]] == [
        "finished",
        "diverged",
        "finished",
    ]
    assert found["repeat"]["command"].count("\n") == 0
    assert repeated(found, tmp_path / "again", monkeypatch) == learned(run)


def test_early_stopping_that_went_on_is_repeated_in_pieces(tmp_path, monkeypatch):
    """When it finishes, its parameters become those of the best epoch."""
    run = trained(tmp_path / "run", *PATIENT, "--set=training.learning_rate=0.05")
    resumed(run, "--epochs", "6", "--set=training.patience=4")
    found = content(of_run(run))
    assert found["repeat"]["command"].count("\n") == 1
    assert repeated(found, tmp_path / "again", monkeypatch) == learned(run)


STRETCH = {
    "epoch": 0,
    "batch": 0,
    "settings": {"training.epochs": 9, "training.learning_rate": 0.1, "training.patience": 0},
}


def stretch(epoch: int, batch: int = 0, how: str = "interrupted", **settings: float) -> dict:
    given = {f"training.{key}": value for key, value in settings.items()}
    where = {"epoch": epoch, "batch": batch, "ended": {"how": how}}
    return {**STRETCH, **where, "settings": {**STRETCH["settings"], **given}}


@pytest.mark.parametrize(
    ("stretches", "expected"),
    [
        ([], []),
        ([stretch(0), stretch(2, 7), stretch(5)], [[0, 2, 5]]),
        ([stretch(0), stretch(2, learning_rate=0.2)], [[0], [2]]),
        ([stretch(0), stretch(0, learning_rate=0.2)], [[0]]),  # the first has left nothing
        ([stretch(0), stretch(2, learning_rate=0.2), stretch(2)], [[0, 2]]),
        ([stretch(0, epochs=2, how="finished"), stretch(2)], [[0, 2]]),
        ([stretch(0, patience=1, how="finished"), stretch(2, patience=1)], [[0], [2]]),
        ([stretch(0, patience=1), stretch(2, patience=1)], [[0, 2]]),
    ],
)
def test_pieces_by_hand(stretches, expected):
    found = [[one["epoch"] for one in piece] for piece in repeat._pieces(stretches)]
    assert found == expected


@pytest.mark.parametrize(
    ("before", "after", "possible"),
    [
        (stretch(0), stretch(2), True),
        (stretch(0), stretch(2, 7), False),  # in the middle of an epoch
        (stretch(0, patience=3), stretch(2), False),  # it would go back to the best epoch
        (stretch(0, patience=3, how="finished"), stretch(2), True),
    ],
)
def test_where_a_training_can_stop_again(before, after, possible):
    assert repeat._can_stop_at(before, after) is possible


def test_what_cannot_be_repeated_is_not_promised(tmp_path):
    run = stopped(tmp_path / "run", Interrupted(), 2, *PATIENT)
    resumed(run, RATE)
    found = content(of_run(run))["repeat"]
    assert found["note"] == repeat.NONE
    assert "\n" not in found["command"]


def test_another_machine_is_told(tmp_path):
    run = resumed(trained(tmp_path / "run"), "--epochs", "4")
    one, two = (run / "stretches.jsonl").read_text().splitlines()
    other = json.loads(one) | {"processor": "<b>abacus</b>", "verypoorcnn": "0.0.9"}
    (run / "stretches.jsonl").write_text(f"{json.dumps(other)}\n{two}\n")
    found = content(of_run(run))
    assert found["repeat"]["note"] == f"{repeat.ONE} {repeat.MACHINES}"
    assert found["repeat"]["stretches"][0]["processor"] == "<b>abacus</b>"
    read_page = Page(page(found))
    assert "<b>abacus</b>" in read_page.text
    assert "0.0.9" in read_page.text


def test_a_run_from_before_stretches_were_kept(tmp_path):
    run = trained(tmp_path / "run")
    (run / "stretches.jsonl").unlink()
    found = content(of_run(run))
    assert found["stopped"] is None
    assert found["repeat"]["stretches"] == []
    assert found["repeat"]["note"] == repeat.ONE
    Page(page(found))
