"""How the parts of a source are cut, what is checked about them and what is said.

Images are of 1×2 pixels, numbered so that one can follow each: a CSV row is a label and twice the
number.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.sources import SHAPE, TEST, TRAIN, Rows, failure, numbers, read, silent
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.sources import load_evaluation


def csv(rows: Rows, pixels: int = 2) -> str:
    return "".join(f"{label}" + f",{number}" * pixels + "\n" for number, label in rows)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a training and a test part."""
    (tmp_path / "train.csv").write_text(csv(TRAIN))
    (tmp_path / "test.csv").write_text(csv(TEST))
    return tmp_path


# How many, and which.


def test_first_images_of_both_parts(own: Path) -> None:
    parts = read(own, train_samples=7, test_samples=4)
    assert numbers(parts.train.pixels) == list(range(7))
    assert numbers(parts.test.pixels) == [100, 101, 102, 103]
    assert parts.validation is None
    assert parts.notes == ()


def test_validation_comes_behind_the_training_images(own: Path) -> None:
    parts = read(own, train_samples=7, validation_samples=5)
    assert parts.validation is not None
    assert numbers(parts.train.pixels) == list(range(7))
    assert numbers(parts.validation.pixels) == list(range(7, 12))
    parts = read(own, validation_samples=5)
    assert parts.validation is not None
    assert numbers(parts.train.pixels) == list(range(25))
    assert numbers(parts.validation.pixels) == list(range(25, 30))


def test_validation_leaves_images_to_train_on(own: Path) -> None:
    said: list[str] = []
    message = failure(lambda: read(own, train_samples=7, validation_samples=30, say=said.append))
    assert message.endswith(
        ": data.validation_samples = 30 leaves nothing to train on, there are 30 images; "
        "set it to 29 or less"
    )
    assert said == []
    parts = read(own, train_samples=7, validation_samples=28)
    assert (len(parts.train), len(parts.validation or ())) == (2, 28)


def test_stratified_parts(own: Path) -> None:
    options = {"train_samples": 6, "validation_samples": 3, "test_samples": 9, "seed": 4}
    parts = read(own, selection="stratified", **options)
    assert parts.validation is not None
    assert set(parts.train.counts().values()) == {2}
    assert set(parts.validation.counts().values()) == {1}
    assert set(parts.test.counts().values()) == {3}
    assert not set(numbers(parts.train.pixels)) & set(numbers(parts.validation.pixels))
    assert parts == read(own, selection="stratified", **options)
    assert parts != read(own, selection="stratified", **(options | {"seed": 5}))


def test_fewer_images_than_asked_for_are_all_taken_with_a_note(own: Path) -> None:
    parts = read(own, train_samples=1500, test_samples=600)
    assert (len(parts.train), len(parts.test)) == (30, 12)
    assert parts.notes == (
        f"{own / 'train.csv'}: 1,500 images asked for; all there are, 30, taken",
        f"{own / 'test.csv'}: 600 images asked for; all there are, 12, taken",
    )


@pytest.mark.parametrize("option", ["train_samples", "test_samples", "validation_samples"])
def test_a_part_without_images(own: Path, option: str) -> None:
    counts = [-1] if option == "validation_samples" else [-1, 0]
    for count in counts:
        expected = f"{count} images asked for; ask for at least 1, or for no number"
        assert failure(lambda count=count: read(own, **{option: count})) == expected  # type: ignore[misc]


def test_an_unknown_selection(own: Path) -> None:
    assert failure(lambda: read(own, selection="frist")) == (
        "selection 'frist' is unknown; did you mean 'first'?"
    )


# Classes.


def test_the_training_parts_names_govern(own: Path) -> None:
    names = ("hat", "sock", "glove", "scarf")
    parts = read(own, class_names=names)
    assert parts.train.class_names == parts.test.class_names == names
    (own / "test.csv").write_text(csv([(100, 0), (101, 1)]))
    assert read(own).test.class_names == ("0", "1", "2")


def test_a_label_that_only_the_test_part_has(own: Path) -> None:
    (own / "test.csv").write_text(csv([*TEST, (120, 3)]))
    message = failure(lambda: read(own))
    assert message.startswith(f"{own / 'test.csv'}, row 13")
    assert "label 3" in message


def test_training_images_of_one_class(own: Path) -> None:
    (own / "train.csv").write_text(csv([(i, int(i >= 10)) for i in range(30)]))
    (own / "test.csv").write_text(csv([(100, 0)]))
    assert len(read(own, train_samples=11, class_names=("A", "B")).train) == 11
    assert failure(lambda: read(own, train_samples=10, class_names=("A", "B"))) == (
        f"{own / 'train.csv'}: all 10 images are of one class, 'A'; give images of at least two"
    )


def test_test_images_of_one_class_will_do(own: Path) -> None:
    (own / "test.csv").write_text(csv([(100, 2)]))
    assert read(own).test.counts() == {"0": 0, "1": 0, "2": 1}


def test_classes_that_the_selection_misses(own: Path) -> None:
    (own / "train.csv").write_text(csv([(i, i // 10) for i in range(30)]))
    assert read(own, train_samples=15).notes == (
        f"{own / 'train.csv'}: the 15 images taken have none of 2; take more, or a stratified "
        f"selection",
    )
    assert read(own, train_samples=15, selection="stratified").notes == ()


# Shapes.


def write_idx(folder: Path, train_columns: int, test_columns: int) -> Path:
    for part, rows, columns in (("train", TRAIN, train_columns), ("t10k", TEST, test_columns)):
        images = struct.pack(">4I", 0x803, len(rows), 1, columns) + bytes(len(rows) * columns)
        labels = struct.pack(">2I", 0x801, len(rows)) + bytes(label for _, label in rows)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    return folder


def test_parts_of_unequal_shapes(tmp_path: Path) -> None:
    folder = write_idx(tmp_path, 2, 3)
    assert failure(lambda: read(folder)) == (
        f"{folder}, test part: the images are 1×1×3, but those of {folder}, training part 1×1×2; "
        f"give images of one shape"
    )


@pytest.mark.parametrize("single", [False, True])
def test_images_that_do_not_fit_the_network(tmp_path: Path, single: bool) -> None:
    folder = write_idx(tmp_path, 3, 3)
    source = folder / "train-images-idx3-ubyte" if single else folder
    part = "" if single else ", training part"
    fault = (
        "the images are 1×1×3, but the network takes 1×1×2; give other images or another network"
    )
    assert failure(lambda: read(source)) == f"{source}{part}: {fault}"
    part = "" if single else ", test part"
    assert failure(lambda: evaluation(source)) == f"{source}{part}: {fault}"


def test_images_that_do_not_fit_in_a_csv(own: Path) -> None:
    assert failure(lambda: read(own, shape=(1, 2, 2))).startswith(f"{own / 'train.csv'}, row 1")


def test_sketches_that_do_not_fit_the_network() -> None:
    assert failure(lambda: read(Path("sketches"), train_samples=10, test_samples=10)) == (
        "built-in sketches, training part: the images are 1×28×28, but the network takes 1×1×2; "
        "give other images or another network"
    )


# What is said.


def test_what_is_said_of_a_run(own: Path) -> None:
    lines: list[str] = []
    read(own, train_samples=8, validation_samples=4, test_samples=500, say=lines.append)
    assert lines == [
        f"{own / 'test.csv'}: 500 images asked for; all there are, 12, taken",
        f"data: {own}: 8 images for training, 4 for validation, of 30; 12 for test, of 12; "
        f"1×1×2 pixels",
        "training images per class: 0 3, 1 3, 2 2",
    ]


def test_every_note_is_said(own: Path) -> None:
    lines: list[str] = []
    parts = read(own, train_samples=500, test_samples=500, say=lines.append)
    assert len(parts.notes) == 2
    assert set(parts.notes) < set(lines)


# Data to evaluate on.


def evaluation(source: Path, **options: Any) -> Dataset:
    usual: dict[str, Any] = {"shape": SHAPE, "class_names": None, "say": silent}
    return load_evaluation(str(source), **(usual | options))


def test_evaluation_takes_the_test_part(own: Path) -> None:
    lines: list[str] = []
    dataset = evaluation(own, class_names=("A", "B", "C", "D"), samples=5, say=lines.append)
    assert numbers(dataset.pixels) == [100, 101, 102, 103, 104]
    assert dataset.class_names == ("A", "B", "C", "D")
    assert lines == [f"data: {own}: 5 images, of 12"]
    assert len(evaluation(own)) == 12


def test_evaluation_reads_nothing_but_the_test_part(own: Path) -> None:
    (own / "train.csv").write_text("no data at all")
    assert len(evaluation(own)) == 12


def test_evaluation_of_a_single_set_takes_all_and_says_so(own: Path) -> None:
    lines: list[str] = []
    dataset = evaluation(own / "train.csv", say=lines.append)
    assert numbers(dataset.pixels) == list(range(30))
    assert "no test part, so all is taken, with what may have been trained on" in lines[0]


def test_evaluation_on_one_class(own: Path) -> None:
    (own / "test.csv").write_text(csv([(100, 1), (101, 1)]))
    assert len(evaluation(own, class_names=("A", "B"))) == 2


def test_evaluation_of_a_label_that_the_model_does_not_know(own: Path) -> None:
    assert "label 2" in failure(lambda: evaluation(own, class_names=("A", "B")))


def test_evaluation_without_images(own: Path) -> None:
    assert failure(lambda: evaluation(own, samples=0)).startswith("0 images asked for")
