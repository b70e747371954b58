"""Fashion-MNIST and the sketches, asked for by name; and that one never passes for the other.

Small files stand in for Fashion-MNIST; nothing reaches a network.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.sources import failure, forget_data, read, silent
from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.data.sources import load, load_evaluation


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it and no network; its current folder."""
    forget_data(tmp_path / "home", monkeypatch)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def write_idx(folder: Path) -> Path:
    """Thirty training images and twelve test images of three classes, no two the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count, first in (("train", 30, 0), ("t10k", 12, 100)):
        pixels = bytes(first + i for i in range(count) for _ in range(2))
        images = struct.pack(">4I", 0x803, count, 1, 2) + pixels
        labels = struct.pack(">2I", 0x801, count) + bytes(i % 3 for i in range(count))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    return folder


def test_sketches() -> None:
    parts = read("sketches", shape=(1, 28, 28), train_samples=20, test_samples=10)
    assert parts.origin == "built-in sketches"
    assert (len(parts.train), len(parts.test)) == (20, 10)
    assert parts.train.class_names == fm.CLASS_NAMES
    assert "sketches" in parts.train.source
    assert "sketches" in parts.test.source
    assert parts.notes == ()
    other_seed = read("Sketches", shape=(1, 28, 28), train_samples=20, test_samples=10, seed=1)
    assert other_seed.train == parts.train


def test_sketches_come_in_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verypoorcnn.data.opening.SKETCHES", (30, 20))
    parts = read("sketches", shape=(1, 28, 28))
    assert (len(parts.train), len(parts.test)) == (30, 20)
    parts = read("sketches", shape=(1, 28, 28), train_samples=40, validation_samples=10)
    assert parts.validation is not None
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (40, 10, 20)
    names = [name.upper() for name in fm.CLASS_NAMES]
    assert read("sketches", shape=(1, 28, 28), class_names=names).test.class_names == tuple(names)


def test_names_come_before_paths(machine: Path) -> None:
    write_idx(machine / "sketches")
    named = read("sketches", shape=(1, 28, 28), train_samples=10, test_samples=10)
    assert named.origin == "built-in sketches"
    assert len(read("./sketches").train) == 30


# Fashion-MNIST by name.


@pytest.mark.parametrize("source", [None, "fashion-mnist", "Fashion-MNIST"])
def test_fashion_mnist_found(
    machine: Path, monkeypatch: pytest.MonkeyPatch, source: str | None
) -> None:
    monkeypatch.setattr(fm, "recognise", lambda _: True)
    write_idx(machine / "data")
    parts = read(source)
    assert parts.origin == "Fashion-MNIST from data"
    assert parts.train.class_names == fm.CLASS_NAMES
    assert parts.train.source == "Fashion-MNIST from data, training part"
    assert parts.notes == ()


def test_fashion_mnist_under_other_names(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fm, "recognise", lambda _: True)
    write_idx(machine / "data")
    parts = read(None, class_names=("Hemd", "Hose", "Hut"))
    assert parts.train.class_names == parts.test.class_names == ("Hemd", "Hose", "Hut")


@pytest.mark.parametrize("source", [None, "fashion-mnist"])
def test_sketches_take_fashion_mnists_place_loudly(source: str | None) -> None:
    lines: list[str] = []
    parts = read(source, shape=(1, 28, 28), train_samples=20, test_samples=10, say=lines.append)
    loud = [line for line in lines if "SKETCHES" in line]
    assert len(loud) == 1
    assert "Fashion-MNIST can neither be found nor downloaded (http://127.0.0.1:0/" in loud[0]
    assert loud[0].endswith("results are not Fashion-MNIST's")
    assert "\n" not in loud[0]
    assert parts.notes == (loud[0],)
    assert parts.origin == "built-in sketches"
    assert "sketches" in parts.train.source


def test_evaluation_on_sketches_is_as_loud() -> None:
    lines: list[str] = []
    dataset = load_evaluation(
        None, shape=(1, 28, 28), class_names=None, samples=10, say=lines.append
    )
    assert sum("SKETCHES" in line for line in lines) == 1
    assert "sketches" in dataset.source


def test_sketches_never_take_the_place_of_what_was_named(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERYPOORCNN_DATA", "missing")
    assert failure(lambda: read(None)).startswith("VERYPOORCNN_DATA: 'missing' is not a folder")
    monkeypatch.delenv("VERYPOORCNN_DATA")
    (machine / "empty").mkdir()
    assert failure(lambda: read("empty")).startswith("data source 'empty' holds no data")
    assert failure(lambda: read("fashion")).startswith("data source 'fashion' is unknown")


def test_fashion_mnist_downloaded(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fm, "recognise", lambda _: True)
    monkeypatch.setattr(fm, "download", lambda folder, _progress: write_idx(folder))
    lines: list[str] = []
    parts = read(None, say=lines.append)
    cache = machine.parent / "home/.cache/verypoorcnn/fashion-mnist"
    assert parts.origin == f"Fashion-MNIST from {cache}"
    assert lines[0] == f"Fashion-MNIST is not on this machine: downloading it (31 MB) to {cache}"


def test_fashion_mnist_itself(fashion_mnist: Path) -> None:
    lines: list[str] = []
    parts = load(str(fashion_mnist), train_samples=1500, test_samples=600, say=lines.append)
    assert parts.train.class_names == fm.CLASS_NAMES
    assert parts.train.counts()["Sneaker"] == 165
    assert (len(parts.train), len(parts.test)) == (1500, 600)
    assert parts.notes == ()
    assert lines[0] == (
        f"data: Fashion-MNIST from {fashion_mnist}: 1,500 images for training, of 60,000; "
        f"600 for test, of 10,000; 1×28×28 pixels"
    )
    assert lines[1].startswith("training images per class: T-shirt/top 146, Trouser 151, ")
    test = load_evaluation(str(fashion_mnist), shape=(1, 28, 28), class_names=None, say=silent)
    assert (len(test), test.pixels[: len(parts.test.pixels)]) == (10_000, parts.test.pixels)


def test_fashion_mnist_inside_of_the_folder_given(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fm, "recognise", lambda _: True)
    raw = write_idx(machine / "data/FashionMNIST/raw")
    assert read("data").origin == f"Fashion-MNIST from {raw.relative_to(machine)}"
    (machine / "data/train.csv").write_text("0,1,1\n1,2,2\n" * 10)
    assert read("data").origin == "data"  # what lies in the folder itself comes first
