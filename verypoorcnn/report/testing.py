"""Which test images a report shows: of every cell of the confusion matrix some, of mistakes more.

A page must stay small, so there may be room for a part of them only.  Those that are most asked for
come first: the most confident mistakes of all, some of the most frequent ones, then the first image
of every cell, then the second of every cell, and so on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.report.album import Album

SURE = 24  # of the most confident mistakes of all
FREQUENT = 8  # cells with the most mistakes, and
SOME = 6  # of their images
MISTAKES = 40  # of a cell
HITS = 12  # right ones of a class; they are all alike
TOP = 3  # most probable classes of an image
WORDS = 200  # bytes that say what is on an image, next to its pixels

Rows = Sequence[Sequence[float]]  # of every test image the probabilities of all classes
Cell = tuple[int, int]  # true class, predicted class


def shown_tests(
    test: Dataset, predicted: Rows, album: Album, twins: Collection[int], room: float
) -> list[dict[str, Any]]:
    """The test images to show, as many as fit into so many bytes of a page.

    They stand cell by cell: mistakes with the most confident first, right ones with the least
    confident first.  `twins` are those that also stand in the training set.
    """
    cells = _cells(test, predicted)
    most = max(1, int(room / (album.page_bytes(1) + WORDS)))
    chosen = {*islice(dict.fromkeys(_most_asked_for(cells, predicted)), most)}
    return [
        _one(test, index, predicted[index], album, twins)
        for _, indices in sorted(cells.items())
        for index in indices
        if index in chosen
    ]


def _cells(test: Dataset, predicted: Rows) -> dict[Cell, list[int]]:
    """The indices of every cell's images, in the order in which they are shown."""
    cells: dict[Cell, list[int]] = defaultdict(list)
    for index, (label, row) in enumerate(zip(test.labels, predicted, strict=True)):
        cells[label, row.index(max(row))].append(index)
    for (true, taken_for), indices in cells.items():
        indices.sort(key=lambda index: max(predicted[index]), reverse=true != taken_for)
    return cells


def _most_asked_for(cells: dict[Cell, list[int]], predicted: Rows) -> Iterator[int]:
    """Indices of images, some more than once."""
    largest_first = sorted(cells.items(), key=lambda item: (-len(item[1]), item[0]))
    wrong = [indices for (true, taken), indices in largest_first if true != taken]
    yield from sorted(chain(*wrong), key=lambda index: -max(predicted[index]))[:SURE]
    for indices in wrong[:FREQUENT]:
        yield from indices[:SOME]
    for place in range(max(MISTAKES, HITS)):
        for (true, taken), indices in largest_first:
            if place < min(len(indices), HITS if true == taken else MISTAKES):
                yield indices[place]


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
