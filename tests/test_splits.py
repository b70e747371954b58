"""Selections and splits, on sets small enough to count by hand."""

from __future__ import annotations

import pytest

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.splits import (
    largest_remainder,
    require_classes,
    select,
    split,
    stratified,
)
from verypoorcnn.errors import UserError


def numbered(labels: str) -> Dataset:
    """One-pixel images that are numbered: image i is the byte i, its label the i-th digit."""
    classes = tuple("ABCDEFGHIJ")
    digits = bytes(int(digit) for digit in labels)
    return Dataset(bytes(range(len(labels))), digits, (1, 1, 1), classes, "letters")


def counts(dataset: Dataset) -> str:
    return " ".join(f"{name}{count}" for name, count in dataset.counts().items() if count)


def test_remainders_by_hand() -> None:
    # 10 of 17: quotas 5.88, 2.94, 1.18 are rounded down to 5, 2, 1; the first two get one more.
    assert largest_remainder([10, 5, 2], 10) == [6, 3, 1]
    assert largest_remainder([1, 1, 1, 1], 2) == [1, 1, 0, 0]
    assert largest_remainder([4, 0, 4], 8) == [4, 0, 4]


def test_stratified_keeps_proportions_and_order() -> None:
    dataset = numbered("0" * 6 + "1" * 3 + "01" * 6)  # twelve of A, nine of B
    chosen = stratified(dataset, 7, seed=1)
    assert counts(chosen) == "A4 B3"
    assert list(chosen.pixels) == sorted(chosen.pixels)
    assert all(chosen.labels[i] == dataset.labels[chosen.pixels[i]] for i in range(7))


def test_stratified_depends_on_the_seed_alone() -> None:
    dataset = numbered("01" * 50)
    assert stratified(dataset, 20, 1) == stratified(dataset, 20, 1)
    assert stratified(dataset, 20, 1) != stratified(dataset, 20, 2)


def test_all_of_a_set_is_the_set() -> None:
    dataset = numbered("0120")
    assert stratified(dataset, 4, seed=3) == dataset
    assert select(dataset, None, "stratified", 1) is dataset
    assert select(dataset, 5, "first", 1) is dataset


def test_select_first() -> None:
    assert select(numbered("0123"), 3, "first", 1).labels == bytes([0, 1, 2])


def test_select_stratified() -> None:
    assert counts(select(numbered("0011"), 2, "stratified", 1)) == "A1 B1"


def test_split_first_cuts_off_the_last() -> None:
    rest, part = split(numbered("01210"), 2, "first", seed=0)
    assert (rest.pixels, part.pixels) == (b"\0\1\2", b"\3\4")


def test_split_stratified_by_hand() -> None:
    rest, part = split(numbered("0" * 10 + "1" * 5), 0.2, "stratified", seed=0)
    assert counts(part) == "A2 B1"
    assert counts(rest) == "A8 B4"
    assert sorted(rest.pixels + part.pixels) == list(range(15))


def test_split_leaves_small_classes_on_both_sides() -> None:
    rest, part = split(numbered("0" * 20 + "11223"), 4, "stratified", seed=5)
    assert counts(part) == "A2 B1 C1"  # quotas 3.2, 0.32, 0.32, 0.16 alone would give A4
    assert counts(rest) == "A18 B1 C1 D1"


def test_split_of_too_few_for_every_class_keeps_the_largest_remainders() -> None:
    rest, part = split(numbered("0011"), 1, "stratified", seed=0)
    assert (counts(rest), counts(part)) == ("A1 B2", "A1")


def test_split_that_leaves_little_keeps_small_classes_in_the_rest() -> None:
    rest, part = split(numbered("0" * 20 + "1122"), 21, "stratified", seed=5)
    assert counts(rest) == "A1 B1 C1"
    assert counts(part) == "A19 B1 C1"


def test_a_fraction_leaves_an_image_on_each_side() -> None:
    for fraction in (0.001, 0.999):
        rest, part = split(numbered("01"), fraction, "stratified", seed=0)
        assert (len(rest), len(part)) == (1, 1)


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (5, "letters: 5 images asked for, but there are 4; ask for 1 to 4"),
        (0, "letters: 0 images asked for, but there are 4; ask for 1 to 4"),
        (-1, "letters: -1 images asked for, but there are 4; ask for 1 to 4"),
    ],
)
def test_stratified_of_more_or_fewer_than_there_are(count: int, message: str) -> None:
    with pytest.raises(UserError) as error:
        stratified(numbered("0101"), count, seed=0)
    assert str(error.value) == message


@pytest.mark.parametrize("selection", ["first", "stratified"])
@pytest.mark.parametrize(
    ("part", "message"),
    [
        (9, "letters: 9 images asked for, but there are 4; ask for 1 to 3"),
        (4, "letters: 4 images asked for, but there are 4; ask for 1 to 3"),
        (0, "letters: 0 images asked for, but there are 4; ask for 1 to 3"),
        (1.0, "letters: the part 1.0 is not a fraction between 0 and 1"),
        (0.0, "letters: the part 0.0 is not a fraction between 0 and 1"),
        (float("nan"), "letters: the part nan is not a fraction between 0 and 1"),
    ],
)
def test_a_side_must_not_be_empty(part: float, message: str, selection: str) -> None:
    with pytest.raises(UserError) as error:
        split(numbered("0101"), part, selection, seed=0)
    assert str(error.value) == message


def test_one_image_cannot_be_split() -> None:
    with pytest.raises(UserError, match=r"letters: one image cannot be split; give at least two"):
        split(numbered("0"), 0.5, "first", seed=0)


@pytest.mark.parametrize("selection", ["first", "stratified"])
def test_one_class_cannot_be_split(selection: str) -> None:
    with pytest.raises(UserError) as error:
        split(numbered("1111"), 2, selection, seed=0)
    assert str(error.value) == (
        "letters: all 4 images are of one class, 'B'; give images of at least two"
    )


def test_two_classes_are_enough() -> None:
    require_classes(numbered("1110"))


def test_an_unknown_selection_names_the_nearest() -> None:
    for call in (split, select):
        with pytest.raises(UserError) as error:
            call(numbered("0101"), 2, "stratifed", seed=0)
        assert str(error.value) == ("selection 'stratifed' is unknown; did you mean 'stratified'?")
