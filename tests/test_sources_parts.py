"""How the parts of a source are cut, what is checked about them and what is said.

Images are of 1×2 pixels, numbered so that one can follow each: a CSV row is a label and twice the
number.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from verypoorcnn.data.sources import Parts, load, load_evaluation
from verypoorcnn.errors import UserError

SHAPE = (1, 1, 2)
TRAIN = [(i, i % 3) for i in range(30)]  # (number of the image, label)
TEST = [(100 + i, i % 3) for i in range(12)]
Rows = list[tuple[int, int]]


def csv(rows: Rows, pixels: int = 2) -> str:
    return "".join(f"{label}" + f",{number}" * pixels + "\n" for number, label in rows)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a training and a test part."""
    (tmp_path / "train.csv").write_text(csv(TRAIN))
    (tmp_path / "test.csv").write_text(csv(TEST))
    return tmp_path


def silent(_line: str) -> None:
    pass


def read(source: Path, **options: Any) -> Parts:
    """`load` with everything taken as it is, unless an option says otherwise."""
    usual: dict[str, Any] = {"shape": SHAPE, "train_samples": None, "test_samples": None}
    return load(str(source), **(usual | {"say": silent} | options))


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(UserError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


def numbers(pixels: bytes) -> list[int]:
    return list(pixels[::2])


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


def test_validation_larger_than_the_set(own: Path) -> None:
    assert failure(lambda: read(own, validation_samples=30)) == (
        f"{own / 'train.csv'}: 30 images asked for, but there are 30; ask for 1 to 29"
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


def test_parts_of_unequal_shapes(own: Path, tmp_path: Path) -> None:
    from tests_idx import write_idx  # placeholder
