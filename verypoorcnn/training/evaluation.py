"""Runs an engine over a whole data set and measures what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine

if TYPE_CHECKING:
    from verypoorcnn.training.metrics import Metrics

MOMENT = 0.1  # seconds, about, until progress moves, and until one is heard who asks to stop
LARGEST = 64  # images at a time: enough for any engine

Advance = Callable[[int], object]  # told how many images were done


def probabilities(
    engine: Engine, dataset: Dataset, advance: Advance = int
) -> Iterator[list[float]]:
    """The probability of every class, image after image, as many at a time as take a moment."""
    count = _at_a_time(engine)
    for start in range(0, len(dataset), count):
        indices = range(start, min(start + count, len(dataset)))
        yield from engine.probabilities(dataset, indices)
        advance(len(indices))


def _at_a_time(engine: Engine) -> int:
    """How many images: always as many, since an engine may have to compile for each number."""
    in_a_moment = MOMENT * engine.typical_speed / max(1, engine.network.multiply_adds)
    return min(LARGEST, max(1, int(in_a_moment)))


def evaluate(engine: Engine, dataset: Dataset, advance: Advance = int) -> Metrics:
    """Loss, accuracy and everything else that `Metrics` holds, of the parameters as they are."""
    from verypoorcnn.training.metrics import measure  # who only asks needs none

    rows = list(probabilities(engine, dataset, advance))
    return measure(dataset.labels, rows, dataset.class_names)
