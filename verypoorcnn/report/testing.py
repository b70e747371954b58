"""Which test images a report shows: of every cell of the confusion matrix some, of mistakes more.

A page must stay small, so there is a bound for the pixels of all; how many images of a cell can be
shown follows from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.report.album import Album

ROOM = 900_000  # bytes of pixels: at worst, noise in base64, 1.2 MB
LIMITS = (40, 30, 20, 15, 10, 7, 5, 3, 2, 1)  # mistakes of a cell
HITS = 12  # right ones of a class; they are all alike
TOP = 3  # most probable classes of an image

Cell = tuple[int, int]  # true class, predicted class


def shown_tests(
    test: Dataset,
    predicted: Sequence[Sequence[float]],
    album: Album,
    twins: Collection[int],
) -> tuple[list[dict[str, Any]], int]:
    """The test images to show, and how many mistakes of a cell they are at most.

    They stand cell by cell: mistakes with the most confident first, right ones with the least
    confident first.  `twins` are those that also stand in the training set.
    """
    cells = _cells(test, predicted)
    limit = _limit([len(found) for found in cells.values()], album.tile_bytes)
    chosen = [
        index
        for (true, taken_for), indices in sorted(cells.items())
        for index in _first(indices, predicted, limit, is_right=true == taken_for)
    ]
    most = ROOM // album.tile_bytes or 1
    shown = [_one(test, index, predicted[index], album, twins) for index in chosen[:most]]
    return shown, limit


def _cells(test: Dataset, predicted: Sequence[Sequence[float]]) -> dict[Cell, list[int]]:
    """The indices of every cell's images."""
    cells: dict[Cell, list[int]] = defaultdict(list)
    for index, (label, row) in enumerate(zip(test.labels, predicted, strict=True)):
        cells[label, row.index(max(row))].append(index)
    return cells


def _limit(sizes: Sequence[int], tile_bytes: int) -> int:
    """The largest limit with which all fit."""
    fitting = (k for k in LIMITS if sum(min(k, size) for size in sizes) * tile_bytes <= ROOM)
    return next(fitting, LIMITS[-1])


def _first(
    indices: Sequence[int], predicted: Sequence[Sequence[float]], limit: int, is_right: bool
) -> list[int]:
    ordered = sorted(indices, key=lambda index: max(predicted[index]), reverse=not is_right)
    return ordered[: min(limit, HITS) if is_right else limit]


def _one(
    test: Dataset, index: int, row: Sequence[float], album: Album, twins: Collection[int]
) -> dict[str, Any]:
    true = test.labels[index]
    top = sorted(range(len(row)), key=lambda k: -row[k])[:TOP]
    named = top if true in top else [*top, true]
    return {
        "index": index,
        "tile": album.add(test, index),
        "true": true,
        "predicted": top[0],
        "top": [[k, round(row[k], 4)] for k in named],  # the true class is always among them
        "twin": index in twins,
    }
