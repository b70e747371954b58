"""The numbers of the native engine: where the buffers of a program lie, and how they are filled.

The compiler's layout has three regions.  The workspace holds the buffers with samples for one group
of sixteen, the sample innermost; the parameters hold all others, row by row; the call holds what
is given anew with every run.

There may be several of each: a workspace for every thread, a copy of the parameters' region for
every shard of a batch but the first, and three calls: for groups of sixteen, for smaller ones, and
for the group that one looks into, be it amid a batch.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from operator import mul
from typing import Any

from verypoorcnn.compiler import arguments
from verypoorcnn.compiler.native.memory import Arena
from verypoorcnn.compiler.native.plans import Range
from verypoorcnn.compiler.vector.layout import (
    COUNT,
    GROUP,
    LINE,
    MASK,
    Layout,
    Placement,
    padded,
    spread,
)
from verypoorcnn.engines.engine import Samples
from verypoorcnn.files.tensors import Tensor, folded
from verypoorcnn.network.program import RATE, SAMPLES, Buffer, Program, Scalar

MASKS = [array("i", [-1] * count + [0] * (GROUP - count)).tobytes() for count in range(GROUP + 1)]


class Memory:
    """All buffers of a program."""

    def __init__(self, program: Program) -> None:
        self.layout = Layout()
        self.arrays = {buffer: _array(buffer) for buffer in program.buffers}
        self.names = {buffer.name: buffer for buffer in program.buffers}
        scalars = [arguments.Scalar(scalar.name) for scalar in (RATE, SAMPLES)]
        self.layout.add([*self.arrays.values(), *scalars])
        self.parameters = Arena(self.layout.sizes["parameters"])
        calls = (Arena(self.layout.call_size) for _ in range(3))
        self.call, self.partial_call, self.look_call = calls
        self._workspaces = [Arena(0)]
        _give_count(self.call, GROUP)

    @property
    def regions(self) -> tuple[int, int, int]:
        """The addresses that a kernel is called with for a group that `load` has laid out."""
        return self.workspace.address, self.parameters.address, self.look_call.address

    @property
    def workspace(self) -> Arena:
        """The first thread's."""
        return self._workspaces[0]

    @property
    def distance(self) -> int:
        """Bytes from one copy of the parameters' region to the next."""
        return LINE * spread(padded(self.parameters.size, LINE) // LINE)

    def make_room(self) -> bool:
        """Let workspaces grow with the layout; whether they moved.  What they held is lost."""
        needed = self.layout.sizes["workspace"]
        if needed <= self.workspace.size:
            return False
        self._workspaces = [Arena(needed, huge_pages=True)]
        return True

    def workspace_of(self, thread: int) -> Arena:
        """A workspace for every thread, from 0 on."""
        while thread >= len(self._workspaces):
            self._workspaces.append(Arena(self.workspace.size, huge_pages=True))
        return self._workspaces[thread]

    def offset(self, name: str) -> int:
        """Where a buffer begins in its region."""
        return self._placement(self.names[name]).offset

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

    def ranges(self, arrays: Sequence[arguments.Array]) -> tuple[Range, ...]:
        """Where these arrays are in the parameters' region; neighbours are taken together."""
        found: list[Range] = []
        places = [self.layout.arrays[array] for array in arrays]
        for place in sorted(places, key=lambda place: place.offset):
            start, size = place.offset, padded(place.size, LINE)
            if found and sum(found[-1]) == start:
                start, size = found[-1][0], found.pop()[1] + size
            found.append((start, size))
        return tuple(found)

    def rest(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        """The parameters' region without these ranges."""
        starts = [0, *(start + size for start, size in ranges)]
        stops = [*(start for start, _ in ranges), self.parameters.size]
        pairs = zip(starts, stops, strict=True)
        return tuple((start, stop - start) for start, stop in pairs if start < stop)

    # Buffers with samples, for one group.

    def load(self, samples: Samples, indices: Sequence[int]) -> None:
        """Lay out the images and labels of a group: byte p of sample s stands at 16 · p + s."""
        view, size = self.workspace.view, prod(self.names["pixels"].shape)
        pixels, labels = (self._placement(self.names[n]).offset for n in ("pixels", "labels"))
        for sample, index in enumerate(indices):
            start, stop = pixels + sample, pixels + GROUP * size
            view[start:stop:GROUP] = samples.pixels[index * size : (index + 1) * size]
            view[labels + sample] = samples.labels[index]
        _give_count(self.look_call, len(indices))

    def values(self, name: str, samples: int) -> list[Any]:
        """What stands in a buffer: nested lists, sample first."""
        buffer = self.names[name]
        placement = self._placement(buffer)
        numbers = self.workspace.view.cast("f")
        *outer, length = buffer.shape or (1,)
        step = placement.steps[-1] // 4  # from one to the next of a row
        starts = [
            (placement.offset + sum(map(mul, index, placement.steps[1:]))) // 4
            for index in product(*map(range, outer))
        ]
        rows = (
            [x for at in starts for x in numbers[at + s : at + s + length * step : step].tolist()]
            for s in range(samples)
        )
        return [folded(row, buffer.shape) for row in rows]

    # The calls.

    def give(self, scalar: Scalar, value: float) -> None:
        """Set a scalar."""
        offset = self.layout.scalars[scalar.name]
        for call in (self.call, self.partial_call):
            call.view[offset : offset + 4] = array("f", [value]).tobytes()

    def give_count(self, samples: int) -> None:
        """Say how many samples the smaller groups have."""
        _give_count(self.partial_call, samples)

    def _placement(self, buffer: Buffer) -> Placement:
        return self.layout.arrays[self.arrays[buffer]]


def _give_count(call: Arena, samples: int) -> None:
    call.view[MASK : MASK + 4 * GROUP] = MASKS[samples]
    call.view[COUNT : COUNT + 4] = samples.to_bytes(4, "little")


class Still:
    """Bytes that stay at an address, as long as this is kept.

    They are the given ones on CPython, and a copy on PyPy, which moves its objects.
    """

    def __init__(self, data: bytes) -> None:
        self._pointer = ctypes.c_char_p(data)
        self.address = ctypes.cast(self._pointer, ctypes.c_void_p).value or 0


def _array(buffer: Buffer) -> arguments.Array:
    """A buffer as the compiler sees it."""
    shape = (GROUP, *buffer.shape) if buffer.per_sample else buffer.shape
    kind = "byte" if buffer.kind == "byte" else "float"
    return arguments.Array(buffer.name, shape, buffer.per_sample, kind)  # type: ignore[arg-type]
