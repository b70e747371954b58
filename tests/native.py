"""What the tests of the native back end share: a function run by CPython and by machine code."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from random import Random
from typing import Any

from verypoorcnn.compiler.kernel import Kernel, compile_functions
from verypoorcnn.compiler.loops import Array, Scalar
from verypoorcnn.compiler.lowering.x86 import AVX2, AVX512, Isa
from verypoorcnn.compiler.native.memory import PAGE, Arena, Posix
from verypoorcnn.compiler.native.x86.cpu import processor, support
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import (
    COUNT,
    GROUP,
    LINE,
    MASK,
    Layout,
    Placement,
    padded,
)

TOLERANCE = 2e-5  # relative to 1 + |number|
MACHINE_CODE = support({}).isa is not None
ISAS = [isa for isa in (AVX512, AVX2) if MACHINE_CODE and not processor().lacks(isa.name)]
REGIONS = ("workspace", "parameters", "call")
SCALARS = {"rate": 0.05, "samples": 16.0}


def per_sample(name: str, *shape: int, kind: str = "float") -> Array:
    """An array with samples; shape is that of one."""
    return Array(name, (GROUP, *shape), True, kind)  # type: ignore[arg-type]


def shared(name: str, *shape: int) -> Array:
    """An array without samples."""
    return Array(name, shape)


def filled(shape: Sequence[int], number: Callable[[], float]) -> Any:
    """A nested list."""
    return [filled(shape[1:], number) for _ in range(shape[0])] if shape else number()


def elements(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All indices."""
    return product(*map(range, shape))


def at(values: Any, index: Sequence[int]) -> Any:
    """An element of a nested list."""
    for i in index:
        values = values[i]
    return values


def put(values: Any, index: Sequence[int], number: float) -> None:
    """Write an element of a nested list."""
    at(values, index[:-1])[index[-1]] = number


class Apart(Layout):
    """Every array on pages of its own, between guard pages, flush against one of them."""

    def __init__(self, guard: str) -> None:
        super().__init__()
        self.guard = guard
        self.guards: list[tuple[str, int]] = []  # region and offset of pages that nobody may touch

    def place(self, array: Array) -> Placement:
        return self.moved(array, super().place(array))

    def scratch(self, name: str, shape: tuple[int, ...]) -> Array:
        array = super().scratch(name, shape)
        self.moved(array, self.arrays[array])
        return array

    def moved(self, array: Array, placement: Placement) -> Placement:
        """Give an array that was placed at the end of its region a page before it and behind it."""
        room = padded(placement.size, PAGE)
        before = padded(placement.offset, PAGE)
        start = before + PAGE + (room - padded(placement.size, LINE)) * (self.guard == "end")
        new = self.arrays[array] = replace(placement, offset=start)
        self.sizes[placement.region] = before + PAGE + room + PAGE
        self.guards += [(placement.region, before), (placement.region, before + PAGE + room)]
        return new


class Memory:
    """The regions of a layout between guard pages, for one group of `count` samples."""

    def __init__(self, layout: Layout, guard: str) -> None:
        self.layout = layout
        sizes = {**layout.sizes, "call": layout.call_size}
        self.arenas = {region: Arena(max(64, sizes[region]), guard) for region in REGIONS}
        for name, offset in layout.scalars.items():
            struct.pack_into("<f", self.arenas["call"].view, offset, SCALARS[name])
        if isinstance(layout, Apart):
            for region, offset in layout.guards:
                Posix().forbid(self.arenas[region].address + offset, PAGE)

    def samples(self, count: int) -> None:
        """How many samples the group has."""
        call = self.arenas["call"].view
        struct.pack_into("<16i", call, MASK, *(-1 if s < count else 0 for s in range(GROUP)))
        struct.pack_into("<i", call, COUNT, count)

    def where(self, array: Array, index: Sequence[int]) -> tuple[str, Any, int]:
        placement = self.layout.arrays[array]
        letter = "<B" if array.kind == "byte" else "<f"
        return letter, self.arenas[placement.region].view, placement.at(index)

    def write(self, array: Array, values: Any, shape: Sequence[int]) -> None:
        for index in elements(shape):
            letter, view, offset = self.where(array, index)
            struct.pack_into(letter, view, offset, at(values, index))

    def read(self, array: Array, values: Any, shape: Sequence[int]) -> None:
        for index in elements(shape):
            put(values, index, struct.unpack_from(*self.where(array, index))[0])

    def spoil(self, array: Array, count: int) -> None:
        """NaN for the samples that do not exist."""
        for index in elements(array.shape):
            if index[0] >= count and array.kind == "float":
                struct.pack_into(*self.where(array, index), float("nan"))

    def run(self, kernel: Kernel) -> None:
        kernel.run(*(self.arenas[region].address for region in REGIONS))


def values_of(argument: Argument, samples: int, random: Random, whole: bool) -> Any:
    """Random numbers for an argument."""
    match argument:
        case Array(kind="byte"):
            return filled((samples, *argument.shape[1:]), lambda: random.randrange(10))
        case Array():
            shape = (samples, *argument.shape[1:]) if argument.per_sample else argument.shape
            if whole:
                return filled(shape, lambda: float(random.randrange(-2, 3)))
            return filled(shape, lambda: random.uniform(-1, 1))
        case Scalar(name):
            return SCALARS[name]
    return argument


def largest_error(
    function: Callable[..., None],
    arguments: Sequence[Argument],
    isa: Isa,
    *,
    samples: int = GROUP,
    seed: int = 0,
    whole: bool = False,
    guard: str = "end",
    layout: Layout | None = None,
    number: Callable[[float], Any] = float,
) -> float:
    """The largest difference between CPython and machine code, relative to 1 + |number|.

    A batch of more than one group runs group after group, its sums going on.  Samples that do not
    exist are NaN.  CPython computes with `number`s; with exact ones it judges roundings too.
    """
    layout, many = layout or Layout(), samples > GROUP
    kernel = compile_functions([read(function, arguments)], layout, isa, groups=many)
    random = Random(seed)
    values = [values_of(argument, samples, random, whole) for argument in arguments]
    got = run_groups(kernel, layout, arguments, values, samples, guard)
    values = [changed(v, number) if isinstance(v, list) else v for v in values]
    function(*values)
    return max(
        difference(at(values[k], index), at(got[k], index))
        for k, argument in enumerate(arguments)
        if isinstance(argument, Array) and argument.kind == "float"
        for index in elements(shape_of(argument, samples))
    )


def changed(values: Any, number: Callable[[float], Any]) -> Any:
    """Nested lists with other numbers."""
    return [changed(v, number) for v in values] if isinstance(values, list) else number(values)


def shape_of(array: Array, samples: int) -> tuple[int, ...]:
    """Its shape in a batch of so many samples."""
    return (samples, *array.shape[1:]) if array.per_sample else array.shape


def run_groups(
    kernel: Kernel,
    layout: Layout,
    arguments: Sequence[Argument],
    values: Sequence[Any],
    samples: int,
    guard: str,
) -> list[Any]:
    """What machine code makes of the values."""
    memory = Memory(layout, guard)
    got = [filled(shape_of(a, samples), float) if isinstance(a, Array) else None for a in arguments]
    arrays = [(k, a) for k, a in enumerate(arguments) if isinstance(a, Array)]
    for k, a in arrays:
        if not a.per_sample and a not in kernel.scheduled.sums:
            memory.write(a, values[k], a.shape)
    for start in range(0, samples, GROUP):
        count = min(GROUP, samples - start)
        memory.samples(count)
        for k, a in arrays:
            if a.per_sample:
                memory.write(a, values[k][start:], (count, *a.shape[1:]))
                memory.spoil(a, count)
        memory.run(kernel)
        for k, a in arrays:
            if a.per_sample and a.kind == "float":
                rows = filled((count, *a.shape[1:]), float)
                memory.read(a, rows, (count, *a.shape[1:]))
                got[k][start : start + count] = rows
    for k, a in arrays:
        if not a.per_sample:
            memory.read(a, got[k], a.shape)
    return got


def difference(expected: float, got: float) -> float:
    """Relative to 1 + |expected|; infinite if only one is NaN."""
    if expected != expected or got != got:
        return 0.0 if expected != expected and got != got else float("inf")
    return abs(expected - got) / (1 + abs(expected))
