"""Fewer images than there are: a selection that keeps the classes' proportions, and cutting in two.

The share of each class is its size times the wanted fraction.  Shares are whole numbers, so each
is first rounded down and the images still missing go to the classes with the largest remainders
(Hamilton's method, as in seats of a parliament).  Which images of a class are taken is drawn from
the seed; they stay in the order in which they stood, since training shuffles anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.errors import UserError, nearest

SELECTIONS = ("first", "stratified")


def select(dataset: Dataset, count: int | None, selection: str, seed: int) -> Dataset:
    """At most `count` images, the "first" or "stratified"; all if `count` is None or no fewer.

    Raises:
        UserError: `count` is less than 1, an unknown selection.
    """
    require_selection(selection)
    if count is None or count >= len(dataset):
        return dataset
    if selection == "stratified" or count < 1:
        return stratified(dataset, count, seed)
    return dataset.first(count)


def stratified(dataset: Dataset, count: int, seed: int) -> Dataset:
    """`count` images in which every class has its proportion, in their original order.

    The same seed always gives the same images.

    Raises:
        UserError: `count` is not from 1 to the number of images.
    """
    _check_count(dataset, count, len(dataset))
    members = _members(dataset)
    shares = largest_remainder([len(indices) for indices in members], count)
    return dataset.take(_draw(members, shares, seed))


def split(
    dataset: Dataset, part: int | float, selection: str = "stratified", seed: int = 0
) -> tuple[Dataset, Dataset]:
    """Cut a test or validation part off: what is left, and the part.

    `part` is a number of images (int) or a fraction between 0 and 1 (float).  "first" leaves the
    first images and cuts off the last; "stratified" keeps the proportions of the classes on both
    sides and, wherever the numbers allow, at least one image of each class that has two or more.

    Raises:
        UserError: a side would be empty, there is one class only, an unknown selection.
    """
    count = _part_size(dataset, part)
    require_classes(dataset)
    require_selection(selection)
    if selection == "first":
        kept = len(dataset) - count
        return dataset.first(kept), dataset.take(range(kept, len(dataset)))
    members = _members(dataset)
    chosen = _draw(members, _both_sides([len(indices) for indices in members], count), seed)
    return dataset.without(chosen), dataset.take(chosen)


def require_classes(dataset: Dataset) -> None:
    """Refuse a set whose images are all of one class: there is nothing to tell apart."""
    if len(set(dataset.labels)) < 2:
        name = dataset.class_names[dataset.labels[0]]
        raise UserError(
            f"{dataset.source}: all {len(dataset):,} images are of one class, {name!r}; "
            f"give images of at least two"
        )


def require_selection(selection: str) -> None:
    """Refuse a way of selecting images that does not exist."""
    if selection not in SELECTIONS:
        raise UserError(f"selection {selection!r} is unknown; {nearest(selection, [*SELECTIONS])}")


def largest_remainder(sizes: Sequence[int], count: int) -> list[int]:
    """Share out `count` in proportion to `sizes`; equal remainders favour the earlier one."""
    total = sum(sizes)
    shares = [size * count // total for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda c: -(sizes[c] * count % total))
    for c in by_remainder[: count - sum(shares)]:
        shares[c] += 1
    return shares


def _both_sides(sizes: Sequence[int], count: int) -> list[int]:
    """Shares that give every class of two or more an image on both sides, where possible."""
    shares = _without_zeros(sizes, largest_remainder(sizes, count))
    rest = [size - share for size, share in zip(sizes, shares, strict=True)]
    return [size - left for size, left in zip(sizes, _without_zeros(sizes, rest), strict=True)]


def _without_zeros(sizes: Sequence[int], shares: list[int]) -> list[int]:
    """Let classes with the largest shares give one each to those of two or more that have none."""
    shares = list(shares)
    for c in range(len(sizes)):
        giver = max(range(len(shares)), key=shares.__getitem__)
        if sizes[c] >= 2 and shares[c] == 0 and shares[giver] >= 2:
            shares[c] += 1
            shares[giver] -= 1
    return shares


def _members(dataset: Dataset) -> list[list[int]]:
    """The indices of each class's images."""
    members: list[list[int]] = [[] for _ in dataset.class_names]
    for index, label in enumerate(dataset.labels):
        members[label].append(index)
    return members


def _draw(members: Sequence[Sequence[int]], shares: Sequence[int], seed: int) -> list[int]:
    """So many indices of each class, by lot, then sorted."""
    from random import Random

    lot = Random(seed)
    drawn = (lot.sample(indices, share) for indices, share in zip(members, shares, strict=True))
    return sorted(index for indices in drawn for index in indices)


def _part_size(dataset: Dataset, part: int | float) -> int:
    """How many images the part has: at least one, and one is left."""
    if len(dataset) < 2:
        raise UserError(f"{dataset.source}: one image cannot be split; give at least two")
    if isinstance(part, int):
        _check_count(dataset, part, len(dataset) - 1)
        return part
    if not 0 < part < 1:
        raise UserError(f"{dataset.source}: the part {part} is not a fraction between 0 and 1")
    return min(max(round(part * len(dataset)), 1), len(dataset) - 1)


def _check_count(dataset: Dataset, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise UserError(
            f"{dataset.source}: {count:,} images asked for, but there are {len(dataset):,}; "
            f"ask for 1 to {most:,}"
        )
