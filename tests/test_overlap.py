"""Test images that also stand in the training set: found, reported, dropped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from verypoorcnn.data import fashion_mnist as fm
from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.idx import read_idx
from verypoorcnn.data.overlap import overlap
from verypoorcnn.data.sources import Parts, load
from verypoorcnn.errors import UserError


def dataset(images: list[bytes]) -> Dataset:
    return Dataset(b"".join(images), bytes(len(images)), (1, 1, 2), ("only",), "pairs")


def test_overlap_by_hand() -> None:
    train = dataset([b"ab", b"cd", b"ef", b"cd"])
    test = dataset([b"xy", b"cd", b"bc", b"ab", b"cd"])  # "bc" only across two images
    assert overlap(train, test) == [1, 3, 4]
    assert overlap(train, dataset([b"zz"])) == []
    assert overlap(train, train) == [0, 1, 2, 3]


@pytest.fixture(scope="module")
def parts(fashion_mnist: Path) -> tuple[Dataset, Dataset]:
    """All of Fashion-MNIST."""
    files = fm.idx_files(fashion_mnist)
    train = read_idx(files[fm.TRAIN_IMAGES], files[fm.TRAIN_LABELS], fm.CLASS_NAMES)
    return train, read_idx(files[fm.TEST_IMAGES], files[fm.TEST_LABELS], fm.CLASS_NAMES)


def test_the_ten_of_fashion_mnist(parts: tuple[Dataset, Dataset]) -> None:
    train, test = parts
    twins = {4998: 13360, 9867: 58762, 2605: 11932, 6210: 19456, 2115: 18494}
    twins |= {4926: 18494, 2770: 29438, 7799: 14928, 7465: 29645, 2436: 48447}
    assert overlap(train, test) == sorted(twins)
    for there, here in twins.items():
        pairs = zip(test.image(there), train.image(here), strict=True)
        assert 0 < sum((a - b) ** 2 for a, b in pairs) / 784 < 7.2**2
        assert test.labels[there] == train.labels[here]


def test_a_twin_counts_only_where_the_other_is_trained_on(parts: tuple[Dataset, Dataset]) -> None:
    train, test = parts
    assert overlap(train.first(13_360), test) == [2605]
    assert overlap(train.first(13_361), test.take([4998, 0])) == [0]


def test_equal_images_planted_in_fashion_mnist(parts: tuple[Dataset, Dataset]) -> None:
    train, test = parts
    assert overlap(train, train.take([59_999, 0, 30_000])) == [0, 1, 2]
    planted = test.take([5, 9_999, 77])
    pixels, labels = train.pixels + planted.pixels, train.labels + planted.labels
    both = Dataset(pixels, labels, train.shape, fm.CLASS_NAMES, "planted")
    assert overlap(both, test.first(80)) == [5, 77]


# In the data of a run.


def csv(numbers: Iterable[int]) -> str:
    """Images of two equal pixels that are their number, with the labels 0, 1, 2, 0, 1, …"""
    return "".join(f"{i % 3},{number},{number}\n" for i, number in enumerate(numbers))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Training images 0 to 29; test images 0, 2, 3 and 5 are among them."""
    (tmp_path / "train.csv").write_text(csv(range(30)))
    (tmp_path / "test.csv").write_text(csv([4, 101, 20, 9, 104, 4, 106]))
    return tmp_path


def read(source: Path, **options: Any) -> Parts:
    everything: dict[str, Any] = {"train_samples": None, "test_samples": None}
    return load(str(source), shape=(1, 1, 2), say=lambda _: None, **(everything | options))


def test_overlap_is_reported(own: Path) -> None:
    assert read(own).notes == (
        f"{own / 'test.csv'}: 4 of 7 images also stand among the training images "
        f"(index 0, 2, 3, 5); train --drop-overlap leaves them out",
    )


def test_only_overlap_among_the_parts_in_use_is_reported(own: Path) -> None:
    (note,) = read(own, train_samples=10, test_samples=3).notes
    assert "1 of 3 images" in note
    assert "(index 0)" in note
    assert read(own, train_samples=4).notes == ()


def test_long_overlap_is_reported_in_short(own: Path) -> None:
    (own / "test.csv").write_text(csv(range(30)))
    (note,) = read(own).notes
    assert "30 of 30 images" in note
    assert "(index 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …)" in note


def test_overlap_is_dropped_before_the_first_are_taken(own: Path) -> None:
    parts = read(own, train_samples=4, test_samples=2, drop_overlap=True)
    assert list(parts.test.pixels) == [101, 101, 104, 104]
    assert list(parts.test.labels) == [1, 1]
    assert parts.notes == (
        f"{own / 'test.csv'}: 4 of 7 images also stand in the training part and are left out",
    )


def test_no_overlap_to_drop(own: Path) -> None:
    (own / "test.csv").write_text(csv([100, 101]))
    parts = read(own, drop_overlap=True)
    assert parts.test == read(own).test
    (note,) = parts.notes
    assert "0 of 2 images" in note


def test_nothing_but_overlap(own: Path) -> None:
    (own / "test.csv").write_text(csv(range(5)))
    with pytest.raises(UserError) as error:
        read(own, drop_overlap=True)
    assert str(error.value) == (
        f"{own / 'test.csv'}: all 5 images also stand in the training part; give others to test on"
    )
