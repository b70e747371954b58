"""The examples do what they say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.commands import ROOT, drawings, run, write_csv
from verypoorcnn import Model
from verypoorcnn.files import safetensors

EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("[!_]*.py"))


def example(name, *arguments, folder):
    """What `python3 -m examples.NAME` prints; what it saves comes into the folder."""
    ran = subprocess.run(
        [sys.executable, "-m", f"examples.{name}", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 0, ran.stderr
    assert "epoch 1/1" in ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_and_says_how_to_run_it(name):
    text = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    assert f"    python3 -m examples.{name}" in text
    assert len(text.splitlines()) <= 30


def test_paper_is_what_the_command_does(tmp_path, capsys):
    lines = example("paper", "sketches", 1, 60, folder=tmp_path)
    assert lines[-2].startswith("total")
    assert lines[-1].startswith("built-in sketches: accuracy ")
    own = ("--data", "sketches", "--limit-train", 60, "--epochs", 1)
    result = run(capsys, "train", *own, "--out", tmp_path / "run", "--json").json
    saved, trained = (
        safetensors.read(tmp_path / path)[0]
        for path in ("paper.safetensors", "run/model.safetensors")
    )
    assert saved == trained
    assert f"accuracy {result['test']['accuracy']:.1%}, F1 {result['test']['f1']:.1%}" in lines[-1]


def test_own_csv(tmp_path):
    path = write_csv(tmp_path / "own.csv", drawings(40))
    lines = example("own_csv", path, 1, folder=tmp_path)
    assert lines[0].endswith(" on 8 images never seen")
    guesses = Model.load(tmp_path / "own.safetensors").predict(drawings(5))
    assert lines[1:] == [
        f"row {row}: class {guess.name}, {guess.probability:.1%}; it is {drawings(5).labels[row]}"
        for row, guess in enumerate(guesses)
    ]


@pytest.mark.parametrize("name", ["own_csv", "own_images"])
def test_an_example_without_data_says_how_to_run_it(name):
    command = [sys.executable, "-m", f"examples.{name}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert f"    python3 -m examples.{name} " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_own_images(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow reads and writes image files")
    for name, colour in (("red", (200, 0, 0)), ("blue", (0, 0, 200))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(6):
            image.new("RGB", (40 + i, 30), colour).save(tmp_path / "photos" / name / f"{i}.png")
    lines = example("own_images", tmp_path / "photos", 1, folder=tmp_path)
    assert lines[0].endswith(" on 2 images never seen")
    assert Model.load(tmp_path / "photos.safetensors").class_names == ("blue", "red")
