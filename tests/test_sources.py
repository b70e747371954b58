"""Every kind of file and folder that is a source, and what is none.

Images are of 1×2 pixels, numbered so that one can follow each.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from tests.sources import SHAPE, TEST, TRAIN, Rows, failure, numbers, read, silent
from verypoorcnn.data.opening import SOURCES
from verypoorcnn.data.sources import Parts, load_evaluation


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


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


def test_a_plain_file_comes_before_a_packed_one(machine: Path) -> None:
    write_csv(machine)
    write(machine / "train.csv.gz", csv(TEST))
    write(machine / "test.csv.gz", csv(TRAIN))
    assert_whole(read(machine))


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
