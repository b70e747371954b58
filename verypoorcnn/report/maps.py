"""Feature maps: what every layer makes of a few test images.

The textbook computes them; where a network is too large for that, the engine of the run does.  The
engine may have to compile for it, which is nothing for the end of a training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import prod
from typing import Any

from verypoorcnn.data.dataset import Dataset
from verypoorcnn.engines import Engine
from verypoorcnn.engines.textbook import TextbookEngine
from verypoorcnn.network.network import Stage
from verypoorcnn.report.album import Album
from verypoorcnn.report.evidence import Evidence

MOST_IMAGES = 10
MOST_NUMBERS = 60_000  # in all maps of all images
MOST_OF_A_LAYER = 8_000  # of one image, fewer where layers are many; of larger ones the first maps
SLOW = 500_000  # multiply-adds of an image: a tenth of a second in the textbook


def feature_maps(evidence: Evidence, album: Album, work: int | None) -> list[dict[str, Any]]:
    """Of the first test image of each class, or of some classes, the output of every layer.

    `work` is about how many multiply-adds may be spent on them, None being any number; where it
    is bounded, large networks have no maps, and others those of one image at least.
    """
    assert evidence.parts is not None
    test, network = evidence.parts.test, evidence.network
    if not evidence.engine:  # nothing is known of what the network learned
        return []
    if work is not None and network.multiply_adds > SLOW:
        return []
    most = min(MOST_OF_A_LAYER, MOST_NUMBERS // len(network.stages))
    numbers = sum(min(prod(s.output_shape), most) for s in network.stages)
    count = min(MOST_NUMBERS // numbers, MOST_IMAGES)
    if work is not None:
        count = min(count, work // max(1, network.multiply_adds))
    indices = _one_of_a_class(test, max(1, count))
    outputs = _engine(evidence, evidence.engine).activations(test, indices)
    shares = evidence.predicted or dict(
        zip(indices, evidence.engine.probabilities(test, indices), strict=True)
    )
    return [
        {
            "index": index,
            "tile": album.add(test, index),
            "true": test.labels[index],
            "probabilities": [round(p, 4) for p in shares[index]],
            "layers": [_layer(stage, outputs[stage.name][k], most) for stage in network.stages],
        }
        for k, index in enumerate(indices)
    ]


def _one_of_a_class(test: Dataset, count: int) -> list[int]:
    """The first images of so many classes, taken at equal distances among all classes."""
    first = [test.labels.find(label) for label in range(len(test.class_names))]
    there = [index for index in first if index >= 0]
    count = min(count, len(there))
    return [there[k * len(there) // count] for k in range(count)]


def _engine(evidence: Evidence, own: Engine) -> Engine:
    if isinstance(own, TextbookEngine) or evidence.network.multiply_adds > SLOW:
        return own
    return TextbookEngine(evidence.network, evidence.parameters)


def _layer(stage: Stage, output: Any, most: int) -> dict[str, Any]:
    """The numbers of one layer, map by map and row by row."""
    size = prod(stage.output_shape[1:])  # of one map; 1 in a vector
    count = min(stage.output_shape[0], max(1, most // size))
    numbers = [round(value, 4) for value in _flat(output[:count], len(stage.output_shape))]
    return {
        "name": stage.name,
        "type": type(stage.layer).__name__,
        "shape": list(stage.output_shape),
        "shown": count,
        "values": numbers,
    }


def _flat(lists: Sequence[Any], depth: int) -> Iterator[float]:
    numbers: Any = lists
    for _ in range(depth - 1):
        numbers = chain.from_iterable(numbers)
    return iter(numbers)
