"""Arrays of numbers as files hold them: a shape, and all values in one row.

The textbook thinks in nested lists, a file in one long row of numbers.  A `Tensor` is the row
together with its shape; `nested` and `from_nested` go from one to the other.  The order is
row-major: the last index runs fastest, so a 2×3 matrix is its first row and then its second.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any, Literal, NamedTuple, TypeAlias

Typecode = Literal["f", "d"]  # float32, float64
Nested: TypeAlias = "float | Sequence[Nested]"


class Tensor(NamedTuple):
    """Numbers in row-major order, and the shape they have.

    `values` has typecode "f" (float32) or "d" (float64) and as many items as the product of the
    shape; a single number has the shape () and one value.
    """

    shape: tuple[int, ...]
    values: array[float]


def zeros(shape: Sequence[int], typecode: Typecode = "d") -> Tensor:
    """A tensor of zeros."""
    return Tensor(tuple(shape), array(typecode, [0.0]) * prod(shape))


def nested(tensor: Tensor) -> Any:
    """The values as nested lists of floats, as deep as the shape is long; one float for ()."""
    return folded(tensor.values.tolist(), tensor.shape)


def folded(row: Sequence[Any], shape: Sequence[int]) -> Any:
    """A row of items as nested lists, as deep as the shape is long; one item for ()."""
    items: Any = row
    for axis in range(len(shape) - 1, 0, -1):
        size = shape[axis]
        rows = prod(shape[:axis])
        items = [items[at * size : (at + 1) * size] for at in range(rows)]
    return items if shape else items[0]


def from_nested(lists: Nested, typecode: Typecode = "d") -> Tensor:
    """The tensor of a number, or of nested lists whose rows are equally long.

    Raises:
        ValueError: rows of different lengths, or a number where the others have a row.
    """
    shape: tuple[int, ...] = ()
    items: list[Any] = [lists]
    while items and (length := _common_length(items)) is not None:
        shape = (*shape, length)
        items = list(chain.from_iterable(items))
    return Tensor(shape, array(typecode, items))


def _common_length(items: list[Any]) -> int | None:
    """How long all the rows are; None if all items are numbers."""
    lengths = {len(item) if isinstance(item, Sequence) else None for item in items}
    if len(lengths) > 1:
        raise ValueError("rows of different lengths stand side by side; give rows of equal length")
    return lengths.pop()
