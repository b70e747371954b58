"""The receptive field: which pixels can change a number.

From layer to layer backwards, it is asked which of the layer's inputs the traced arithmetic names.
Of maps it is enough to ask for the first and the last corner of what has been found so far, since
windows move with their outputs; of vectors every element is asked, until nothing more can come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from verypoorcnn.network.layer import Shape

Index = tuple[int, ...]
Box = tuple[tuple[int, int], ...]  # of each index the first and the last
Inputs = Callable[[Index], Iterator[Index]]  # of a layer: which inputs an output is made of


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels that can change a number: first and last channel, row and column."""

    channels: tuple[int, int]
    rows: tuple[int, int]
    columns: tuple[int, int]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def receptive_field(index: Index, layers: Sequence[tuple[Inputs, Shape]]) -> ReceptiveField | None:
    """The field of one output.

    Args:
        index: which output of the first of `layers`.
        layers: from the number's own layer back to the image: its inputs, and their shape.

    Returns:
        None where no pixel can change it, as in a window of nothing but border.
    """
    box = _point(index)
    for inputs, shape in layers:
        found = _inputs_of(box, inputs, shape)
        if found is None:
            return None
        box = found
    channels, rows, columns = box
    return ReceptiveField(channels, rows, columns)


def _inputs_of(box: Box, inputs: Inputs, shape: Shape) -> Box | None:
    whole = tuple((0, size - 1) for size in shape)
    found: Box | None = None
    for output in _probes(box):
        for index in inputs(output):
            found = _point(index) if found is None else _hull(found, _point(index))
        if found == whole:
            break
    return found


def _probes(box: Box) -> Iterator[Index]:
    if len(box) == 1:
        yield from ((position,) for position in range(box[0][0], box[0][1] + 1))
    else:
        yield from dict.fromkeys(zip(*box, strict=True))


def _point(index: Index) -> Box:
    return tuple((position, position) for position in index)


def _hull(a: Box, b: Box) -> Box:
    return tuple((min(p, r), max(q, s)) for (p, q), (r, s) in zip(a, b, strict=True))
