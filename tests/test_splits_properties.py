"""What must be true of every selection and every split."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

pytest.importorskip("hypothesis", reason="hypothesis draws the random sets")

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.data.splits import largest_remainder, split, stratified

CLASSES = 6

labels_of_sets = st.lists(st.integers(0, CLASSES - 1), min_size=2, max_size=120)
seeds = st.integers(0, 2**32)


def numbered(labels: list[int]) -> Dataset:
    """One-pixel images that are numbered: image i is the byte i."""
    names = tuple(f"class {label}" for label in range(CLASSES))
    return Dataset(bytes(range(len(labels))), bytes(labels), (1, 1, 1), names, "numbers")


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.data())
def test_shares_are_the_quotas_rounded_up_or_down(sizes: list[int], data: st.DataObject) -> None:
    assume(sum(sizes))
    count = data.draw(st.integers(0, sum(sizes)))
    shares = largest_remainder(sizes, count)
    assert sum(shares) == count
    for size, share in zip(sizes, shares, strict=True):
        assert abs(share - Fraction(size * count, sum(sizes))) < 1
        assert share <= size
    by_size = sorted(zip(sizes, shares, strict=True))
    for (small, few), (large, many) in pairwise(by_size):
        assert small == large or few <= many


@given(labels_of_sets, seeds, st.data())
@settings(deadline=None)
def test_stratified_is_a_sample_in_order(labels: list[int], seed: int, data: st.DataObject) -> None:
    dataset = numbered(labels)
    count = data.draw(st.integers(1, len(labels)))
    chosen = stratified(dataset, count, seed)
    assert len(chosen) == count
    assert list(chosen.pixels) == sorted(set(chosen.pixels))
    assert list(chosen.labels) == [labels[i] for i in chosen.pixels]
    assert chosen == stratified(dataset, count, seed)
    sizes = list(dataset.counts().values())
    assert list(chosen.counts().values()) == largest_remainder(sizes, count)


@given(labels_of_sets, seeds, st.sampled_from(["first", "stratified"]), st.data())
@settings(deadline=None)
def test_split_parts_make_the_whole(
    labels: list[int], seed: int, selection: str, data: st.DataObject
) -> None:
    assume(len(set(labels)) > 1)
    dataset = numbered(labels)
    count = data.draw(st.integers(1, len(labels) - 1))
    rest, part = split(dataset, count, selection, seed)
    assert len(part) == count
    assert sorted(rest.pixels + part.pixels) == list(dataset.pixels)
    for side in (rest, part):
        assert list(side.pixels) == sorted(side.pixels)
        assert list(side.labels) == [labels[i] for i in side.pixels]
    assert (rest, part) == split(dataset, count, selection, seed)


@given(labels_of_sets, seeds, st.data())
@settings(deadline=None)
def test_split_gives_each_side_of_every_class(
    labels: list[int], seed: int, data: st.DataObject
) -> None:
    assume(len(set(labels)) > 1)
    dataset = numbered(labels)
    count = data.draw(st.integers(1, len(labels) - 1))
    divisible = [name for name, size in dataset.counts().items() if size >= 2]
    for side in split(dataset, count, "stratified", seed):
        present = sum(side.counts()[name] > 0 for name in divisible)
        assert present == len(divisible) or max(side.counts().values()) == 1


@given(labels_of_sets, st.floats(0, 1, exclude_min=True, exclude_max=True))
@settings(deadline=None)
def test_a_fraction_is_that_share_of_the_images(labels: list[int], fraction: float) -> None:
    assume(len(set(labels)) > 1)
    rest, part = split(numbered(labels), fraction, "stratified", seed=0)
    assert min(len(rest), len(part)) >= 1
    assert abs(len(part) - fraction * len(labels)) <= 1
