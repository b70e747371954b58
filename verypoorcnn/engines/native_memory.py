"""The numbers of the native engine: where the buffers of a program lie, and how they are filled.

The compiler's layout has three regions.  The workspace holds the buffers with samples for one group
of sixteen, the sample innermost; the parameters hold all others, row by row; the call holds what
is given anew with every run.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from verypoorcnn.compiler import loops
from verypoorcnn.compiler.native.memory import Arena
from verypoorcnn.compiler.vector.layout import (
    COUNT,
    GROUP,
    LINE,
    MASK,
    Layout,
    Placement,
    padded,
)
from verypoorcnn.engines.engine import Samples
from verypoorcnn.files.tensors import Tensor
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Program, Scalar

MASKS = [array("i", [-1] * count + [0] * (GROUP - count)).tobytes() for count in range(GROUP + 1)]


class Memory:
    """All buffers of a program."""

    def __init__(self, program: Program) -> None:
        self.layout = Layout()
        self.arrays = {buffer: _array(buffer) for buffer in program.buffers}
        self.names = {buffer.name: buffer for buffer in program.buffers}
        scalars = [loops.Scalar(scalar.name) for scalar in (RATE, SAMPLES)]
        self.layout.add([*self.arrays.values(), *scalars])
        self.workspace = Arena(0)
        self.parameters = Arena(self.layout.sizes["parameters"])
        self.call = Arena(self.layout.call_size)

    @property
    def regions(self) -> tuple[int, int, int]:
        """The addresses that a kernel is called with."""
        return self.workspace.address, self.parameters.address, self.call.address

    def make_room(self) -> bool:
        """Let the workspace grow with the layout; whether it moved.  What it held is lost."""
        needed = self.layout.sizes["workspace"]
        if needed <= self.workspace.size:
            return False
        self.workspace = Arena(needed, huge_pages=True)
        return True

    def address(self, name: str) -> int:
        """Where a buffer with samples begins."""
        return self.workspace.address + self._placement(self.names[name]).offset

    # Buffers without samples.

    def write(self, buffer: Buffer, tensor: Tensor) -> None:
        """Put a tensor's values in, as float32."""
        values = array("f", tensor.values)
        for row, place in self._rows(buffer):
            self.parameters.view[place] = values[row].tobytes()

    def read(self, buffer: Buffer) -> Tensor:
        """A copy of the values."""
        values = array("f")
        for _, place in self._rows(buffer):
            values.frombytes(self.parameters.view[place])
        return Tensor(buffer.shape, values)

    def _rows(self, buffer: Buffer) -> Iterator[tuple[slice, slice]]:
        """Its rows: which values they hold, and which bytes they are."""
        placement = self._placement(buffer)
        many = len(buffer.shape) > 1
        rows, length = (
            (buffer.shape[0], prod(buffer.shape[1:])) if many else (1, prod(buffer.shape))
        )
        for row in range(rows):
            start = placement.offset + (row * placement.steps[0] if many else 0)
            yield slice(row * length, (row + 1) * length), slice(start, start + 4 * length)

    def ranges(self, arrays: Sequence[loops.Array]) -> list[tuple[int, int]]:
        """Address and size of these arrays; neighbours are taken together."""
        found: list[tuple[int, int]] = []
        places = [self.layout.arrays[array] for array in arrays]
        for place in sorted(places, key=lambda place: place.offset):
            address, size = self.parameters.address + place.offset, padded(place.size, LINE)
            if found and sum(found[-1]) == address:
                address, size = found[-1][0], found.pop()[1] + size
            found.append((address, size))
        return found

    # Buffers with samples, for one group.

    def load(self, samples: Samples, indices: Sequence[int]) -> None:
        """Lay out the images and labels of a group: byte p of sample s stands at 16 · p + s."""
        view, size = self.workspace.view, prod(self.names["pixels"].shape)
        pixels, labels = (self._placement(self.names[n]).offset for n in ("pixels", "labels"))
        for sample, index in enumerate(indices):
            start, stop = pixels + sample, pixels + GROUP * size
            view[start:stop:GROUP] = samples.pixels[index * size : (index + 1) * size]
            view[labels + sample] = samples.labels[index]
        self.give_count(len(indices))

    def values(self, name: str, samples: int) -> list[Any]:
        """What stands in a buffer: nested lists, sample first."""
        buffer = self.names[name]
        placement = self._placement(buffer)
        numbers = self.workspace.view.cast("f")
        elements = [
            numbers[at : at + samples].tolist()
            for index in product(*map(range, buffer.shape))
            for at in [placement.at((0, *index)) // 4]
        ]
        rows = (list(row) for row in zip(*elements, strict=True))
        return [_nested(row, buffer.shape) for row in rows]

    # The call.

    def give(self, scalar: Scalar, value: float) -> None:
        """Set a scalar."""
        offset = self.layout.scalars[scalar.name]
        self.call.view[offset : offset + 4] = array("f", [value]).tobytes()

    def give_count(self, samples: int) -> None:
        """Say how many samples a group has."""
        view = self.call.view
        view[MASK : MASK + 4 * GROUP] = MASKS[samples]
        view[COUNT : COUNT + 4] = samples.to_bytes(4, "little")

    def _placement(self, buffer: Buffer) -> Placement:
        return self.layout.arrays[self.arrays[buffer]]


def address_of(data: bytes) -> int:
    """Where its bytes are; they must be kept as long as this is used."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _array(buffer: Buffer) -> loops.Array:
    """A buffer as the compiler sees it."""
    shape = (GROUP, *buffer.shape) if buffer.per_sample else buffer.shape
    kind = "byte" if buffer.kind == "byte" else "float"
    return loops.Array(buffer.name, shape, buffer.per_sample, kind)  # type: ignore[arg-type]


def _nested(values: list[Any], shape: tuple[int, ...]) -> Any:
    """Numbers in a row as nested lists; one number for the shape ()."""
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values if shape else values[0]
