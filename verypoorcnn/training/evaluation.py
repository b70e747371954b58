"""Runs an engine over a whole data set and measures what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine

if TYPE_CHECKING:
    from verypoorcnn.training.metrics import Metrics

BATCH = 64  # images at a time: small enough that progress moves, large enough for any engine

Advance = Callable[[int], object]  # told how many images were done


def probabilities(
    engine: Engine, dataset: Dataset, advance: Advance = int
) -> Iterator[list[float]]:
    """The probability of every class, image after image, as many at a time as `BATCH`."""
    for start in range(0, len(dataset), BATCH):
        indices = range(start, min(start + BATCH, len(dataset)))
        yield from engine.probabilities(dataset, indices)
        advance(len(indices))


def evaluate(engine: Engine, dataset: Dataset, advance: Advance = int) -> Metrics:
    """Loss, accuracy and everything else that `Metrics` holds, of the parameters as they are."""
    from verypoorcnn.training.metrics import measure  # who only asks needs none

    rows = list(probabilities(engine, dataset, advance))
    return measure(dataset.labels, rows, dataset.class_names)
