"""Where every number lies in memory.

There are two regions.  The *workspace* holds the arrays that have an index for the sample, for one
group of sixteen samples, the sample innermost: a number of the textbook is 64 bytes, sixteen
floats, which is one AVX-512 register, two of AVX2 or four of NEON, and one cache line.  The
*parameters* hold all other arrays row by row, each row of the first index padded to whole lines.

    maps[s, f, i, j]    with shape (16, 4, 8, 8):    s + 16 · (j + 8 · i + 65 · f)
    weights[k, d]       with shape (10, 30):         d + 32 · k

Steps that are a multiple of 16 lines would put the rows of a tile into the same few sets of the
cache; such steps are made one line longer (64 → 65 above).

The numbers that are given when the code runs lie in a third place, the *call*: first a mask of
sixteen floats (all ones for the samples that exist), then their count, then the scalars.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from verypoorcnn.compiler.arguments import Array, Scalar
from verypoorcnn.errors import UserError

GROUP = 16  # samples in a group
LINE = 64  # bytes in a cache line, and in one number of a group
FLOATS = LINE // 4
REACH = 1 << 31  # bytes of a region: instructions have 32 bits for where something is
CROWDED = 16  # lines: multiples of this many fall on few sets of the cache

Region = Literal["workspace", "parameters", "call"]

MASK, COUNT, SCALARS = 0, LINE, 2 * LINE  # byte offsets in the call


@dataclass(slots=True, eq=False)
class Placement:
    """An array's region, byte offset, and bytes from one element to the next along each index."""

    region: Region
    offset: int
    steps: tuple[int, ...]
    size: int  # bytes, padding included

    def at(self, index: Sequence[int]) -> int:
        """The byte offset of an element in its region."""
        return self.offset + sum(i * step for i, step in zip(index, self.steps, strict=True))


@dataclass(slots=True)
class Layout:
    """The placements of arrays and scalars.  Arrays are placed as they are added."""

    arrays: dict[Array, Placement] = field(default_factory=dict)
    scalars: dict[str, int] = field(default_factory=dict)  # byte offsets in the call
    views: dict[Array, Array] = field(default_factory=dict)  # other shapes of the same memory
    sizes: dict[str, int] = field(default_factory=lambda: {"workspace": 0, "parameters": 0})

    @property
    def call_size(self) -> int:
        """Bytes of the call."""
        return SCALARS + padded(4 * len(self.scalars), LINE)

    def base(self, array: Array) -> Array:
        """The array whose memory a view shows; an array that is no view is its own."""
        return self.views.get(array, array)

    def add(self, arguments: Iterable[Array | Scalar]) -> None:
        """Give a place to every argument that has none yet."""
        for argument in arguments:
            if isinstance(argument, Scalar):
                self.scalars.setdefault(argument.name, SCALARS + 4 * len(self.scalars))
            elif argument not in self.arrays:
                self.place(argument)

    def place(self, array: Array) -> Placement:
        """Put an array behind the others of its region.  Raises UserError if it is too long."""
        region: Region = "workspace" if array.per_sample else "parameters"
        steps, size = _sample_minor(array) if array.per_sample else _row_major(array)
        placement = Placement(region, self.sizes[region], steps, size)
        self.sizes[region] += padded(size, LINE)
        if self.sizes[region] > REACH:
            raise UserError(
                f"{array} ends at byte {self.sizes[region]}, and machine code reaches {REACH}; "
                "take smaller shapes, or the python back end"
            )
        self.arrays[array] = placement
        return placement

    def scratch(self, name: str, shape: tuple[int, ...]) -> Array:
        """A place in the workspace for the compiler's own use: row by row, without samples."""
        array = Array(name, shape)
        steps, size = _row_major(array)
        self.arrays[array] = Placement("workspace", self.sizes["workspace"], steps, size)
        self.sizes["workspace"] += size
        return array


def padded(size: int, unit: int) -> int:
    """The next multiple of `unit`."""
    return -(-size // unit) * unit


def spread(lines: int) -> int:
    """A number of lines at least this large that does not crowd in the cache."""
    return lines + 1 if lines % CROWDED == 0 else lines


def _sample_minor(array: Array) -> tuple[tuple[int, ...], int]:
    """Steps and size in bytes: the sample innermost; maps, the first of three indices, spread.

    Bytes are not spread: they come from outside, pixel by pixel without a gap.
    """
    if array.shape[0] != GROUP:
        raise ValueError(f"{array}: {array.shape[0]} samples; code is made for groups of {GROUP}")
    width = 1 if array.kind == "byte" else 4
    inner = array.shape[1:]
    lines = [prod(inner[k + 1 :]) for k in range(len(inner))]
    if len(inner) >= 3 and array.kind != "byte":
        lines[0] = spread(lines[0])
    total = lines[0] * inner[0] if inner else 1
    return (width, *(GROUP * width * step for step in lines)), GROUP * width * total


def _row_major(array: Array) -> tuple[tuple[int, ...], int]:
    """Steps and size in bytes: rows of the first index, padded to whole lines."""
    if len(array.shape) <= 1:
        return (4,) * len(array.shape), padded(4 * prod(array.shape), LINE)
    row = spread(padded(4 * prod(array.shape[1:]), LINE) // LINE) * LINE
    inner = [4 * prod(array.shape[k + 1 :]) for k in range(1, len(array.shape))]
    return (row, *inner), row * array.shape[0]
