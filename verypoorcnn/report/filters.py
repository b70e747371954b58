"""The filters of a network, as they were before training and as it learned them.

What they were is not kept anywhere: the seed draws the very same numbers again.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from verypoorcnn.files.tensors import Tensor
from verypoorcnn.report.evidence import Evidence

MOST = 40_000  # numbers of all layers, and
MOST_OF_A_LAYER = 6_000  # of one; of larger ones the first filters are shown


def filters(evidence: Evidence) -> list[dict[str, Any]]:
    """Of every convolution its kernels [filter][channel], each row by row, on one scale."""
    learned = evidence.parameters
    names = [name for name, tensor in learned.items() if len(tensor.shape) == 4]
    if not names:
        return []
    initial = evidence.network.initial_parameters(evidence.configuration.training.seed)
    most = min(MOST_OF_A_LAYER, MOST // len(names))
    return [_layer(name, initial, learned, most) for name in names]


def _layer(
    name: str, initial: Mapping[str, Tensor], learned: Mapping[str, Tensor], most: int
) -> dict[str, Any]:
    filters, channels, rows, columns = learned[name].shape
    size = prod((channels, rows, columns))
    count = min(filters, max(1, most // size))
    before, after = (tensors[name].values[: count * size] for tensors in (initial, learned))
    return {
        "layer": name.rpartition(".")[0],
        "shape": [filters, channels, rows, columns],
        "shown": count,
        "largest": max(map(abs, (*before, *after)), default=0.0),
        "before": [round(value, 5) for value in before],
        "after": [round(value, 5) for value in after],
    }
