"""Every kind of source, the parts that come of it, and what is said about them.

Images are of 1×2 pixels, numbered so that one can follow each; nothing reaches a network.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.data.opening import SOURCES
from verypoorcnn.data.sources import Parts, load, load_evaluation
from verypoorcnn.errors import UserError

SHAPE = (1, 1, 2)
TRAIN = [(i, i % 3) for i in range(30)]  # (number of the image, label)
TEST = [(100 + i, i % 3) for i in range(12)]
Rows = list[tuple[int, int]]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it and no network; its current folder."""
    for name in ("VERYPOORCNN_DATA", "XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fm, "URL", "http://127.0.0.1:0/{name}.gz")  # port 0 answers nobody
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def idx(values: bytes, *sizes: int) -> bytes:
    return struct.pack(f">{1 + len(sizes)}I", 0x800 + len(sizes), *sizes) + values


def idx_images(rows: Rows, columns: int = 2) -> bytes:
    return idx(b"".join(bytes([n] * columns) for n, _ in rows), len(rows), 1, columns)


def idx_labels(rows: Rows) -> bytes:
    return idx(bytes(label for _, label in rows), len(rows))


def csv(rows: Rows) -> bytes:
    return "".join(f"{label},{number},{number}\n" for number, label in rows).encode()


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_idx(folder: Path, suffix: str = "", train: Rows = TRAIN, test: Rows = TEST) -> Path:
    write(folder / f"train-images-idx3-ubyte{suffix}", idx_images(train))
    write(folder / f"train-labels-idx1-ubyte{suffix}", idx_labels(train))
    write(folder / f"t10k-images-idx3-ubyte{suffix}", idx_images(test))
    write(folder / f"t10k-labels-idx1-ubyte{suffix}", idx_labels(test))
    return folder


def write_csv(folder: Path, train: Rows = TRAIN, test: Rows = TEST) -> Path:
    write(folder / "train.csv", csv(train))
    write(folder / "test.csv", csv(test))
    return folder


def silent(_line: str) -> None:
    pass


def read(source: str | Path | None, **options: Any) -> Parts:
    """`load` with everything taken as it is, unless an option says otherwise."""
    usual: dict[str, Any] = {"shape": SHAPE, "train_samples": None, "test_samples": None}
    return load(None if source is None else str(source), **(usual | {"say": silent} | options))


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(UserError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def numbers(pixels: bytes) -> list[int]:
    return list(pixels[::2])


def assert_whole(parts: Parts) -> None:
    assert numbers(parts.train.pixels) == [n for n, _ in TRAIN]
    assert list(parts.train.labels) == [label for _, label in TRAIN]
    assert numbers(parts.test.pixels) == [n for n, _ in TEST]
    assert list(parts.test.labels) == [label for _, label in TEST]
    assert parts.train.class_names == parts.test.class_names == ("0", "1", "2")
    assert parts.validation is None
    assert parts.notes == ()


# Sources with a training and a test part.


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_folder_of_idx_files(machine: Path, suffix: str) -> None:
    parts = read(write_idx(machine / "own", suffix))
    assert_whole(parts)
    assert parts.origin == str(machine / "own")
    assert parts.test.source == f"{machine / 'own'}, test part"


@pytest.mark.parametrize("prefix", ["", "fashion-mnist_", "mnist_", "my-"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_folder_of_csv_files(machine: Path, prefix: str, suffix: str) -> None:
    write(machine / f"{prefix}train{suffix}", csv(TRAIN))
    write(machine / f"{prefix}test{suffix}", csv(TEST))
    write(machine / "brain.csv", b"not meant")
    parts = read(machine, class_names=("0", "1", "2"))
    assert_whole(parts)
    assert parts.origin == str(machine)


def test_folders_of_images(machine: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads image files")
    for part, count in (("train", 4), ("test", 2)):
        for shade, name in ((40, "dark"), (200, "light")):
            (machine / part / name).mkdir(parents=True)
            for i in range(count):
                picture = image.new("L", (28, 28), shade + i)
                picture.save(machine / part / name / f"{i}.png")
    parts = read(machine, shape=(1, 28, 28), train_samples=4)
    assert parts.train.class_names == parts.test.class_names == ("dark", "light")
    assert parts.train.counts() == {"dark": 2, "light": 2}  # the first four are all dark
    assert parts.test.counts() == {"dark": 2, "light": 2}
    parts = read(machine / "train", shape=(1, 28, 28))
    assert (len(parts.train), len(parts.test)) == (6, 2)
    assert len(load_evaluation(str(machine), shape=(1, 28, 28), class_names=None, say=silent)) == 4


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
    write_csv(machine / "sketches")
    assert read("sketches", shape=(1, 28, 28), train_samples=10).origin == "built-in sketches"
    assert_whole(read("./sketches"))


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
    write_csv(machine / "data")  # what lies in the folder itself comes first
    assert read("data").origin == "data"


# Sources without a test part.


def assert_a_fifth_cut_off(parts: Parts, source: str) -> None:
    assert parts.train.counts() == {"0": 8, "1": 8, "2": 8}
    assert parts.test.counts() == {"0": 2, "1": 2, "2": 2}
    assert sorted(numbers(parts.train.pixels + parts.test.pixels)) == list(range(30))
    assert parts.notes == (
        f"{source}: no test part, so a stratified fifth, 6 of 30 images, is cut off to test on",
    )
    assert parts.train.source == f"{source}, training part"
    assert parts.test.source == f"{source}, test part"


@pytest.mark.parametrize("name", ["own.csv", "own.CSV", "own.csv.gz"])
def test_single_csv(machine: Path, name: str) -> None:
    path = write(machine / name, csv(TRAIN))
    assert_a_fifth_cut_off(read(path), str(path))
    assert read(path, seed=1) == read(path, seed=1) != read(path, seed=2)


def test_folder_with_training_csv_only(machine: Path) -> None:
    path = write(machine / "train.csv", csv(TRAIN))
    assert_a_fifth_cut_off(read(machine), str(path))


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("my-images-idx3-ubyte", "my-labels-idx1-ubyte"),
        ("my-images-idx3-ubyte.gz", "my-labels-idx1-ubyte.gz"),
        ("my-images-idx3-ubyte", "my-labels-idx1-ubyte.gz"),
        ("images.idx3-ubyte.gz", "labels.idx1-ubyte"),
    ],
)
def test_idx_images_beside_their_labels(machine: Path, images: str, labels: str) -> None:
    path = write(machine / images, idx_images(TRAIN))
    write(machine / labels, idx_labels(TRAIN))
    assert_a_fifth_cut_off(read(path), str(path))


def test_idx_images_without_their_labels(machine: Path) -> None:
    path = write(machine / "my-images-idx3-ubyte", idx_images(TRAIN))
    assert failure(lambda: read(path)).startswith(str(machine / "my-labels-idx1-ubyte"))


def test_idx_folder_with_a_file_missing(machine: Path) -> None:
    (write_idx(machine) / "t10k-labels-idx1-ubyte").unlink()
    assert failure(lambda: read(machine)) == (
        f"{machine}: t10k-labels-idx1-ubyte missing; all four IDX files are needed"
    )


def test_several_training_files(machine: Path) -> None:
    write(machine / "a_train.csv", csv(TRAIN))
    write(machine / "b_train.csv.gz", csv(TRAIN))
    assert failure(lambda: read(machine)) == (
        f"{machine}: there are several training files, a_train.csv, b_train.csv; keep or give one"
    )


# Sources that are none.


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("missing", "is unknown"),
        ("missing.csv", "is unknown"),
        ("missing/images-idx3-ubyte", "is unknown"),
        ("~nobody-of-that-name/data", "is unknown"),
        ("notes.txt", "is no data"),
        ("t10k-labels-idx1-ubyte", "is no data"),
        ("empty", "holds no data"),
    ],
)
def test_no_source(machine: Path, name: str, fault: str) -> None:
    for file in ("notes.txt", "t10k-labels-idx1-ubyte"):
        write(machine / file, b"")
    (machine / "empty").mkdir()
    expected = f"data source {name!r} {fault}; give {SOURCES}"
    assert failure(lambda: read(name)) == expected
    evaluation = failure(lambda: load_evaluation(name, shape=SHAPE, class_names=None, say=silent))
    assert evaluation == expected
