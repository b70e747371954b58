"""The back ends of `compile`: each runs a function for any number of samples, over flat lists.

They are made from a function that gives the loop IR for a number of samples, and called with that
number, with the flat numbers of every list by its name, and with the numbers that are no list.
What the function writes stands in the flat lists afterwards.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Protocol

from verypoorcnn.compiler.interpreter import interpret
from verypoorcnn.compiler.kernel import ISAS, Kernel, compile_functions
from verypoorcnn.compiler.loops import Array, Function, If, Loop, Store
from verypoorcnn.compiler.native.memory import Arena, Refused
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.passes import samples_outside, simplified
from verypoorcnn.compiler.python import executed, python_source
from verypoorcnn.compiler.schedule.legality import NotVectorizable, addend
from verypoorcnn.compiler.schedule.walk import stores
from verypoorcnn.compiler.vector.layout import COUNT, GROUP, MASK, Layout

Flat = list[float]
Loops = Callable[[int], Function]  # the function for so many samples
KEPT = 8  # numbers of samples for which code is kept


class Backend(Protocol):
    """Runs a function."""

    def __call__(self, count: int, lists: dict[str, Flat], numbers: Mapping[str, float]) -> None:
        """Run it for `count` samples."""


class Interpreter:
    """Runs the loop IR step by step: slow, and easy to trust."""

    def __init__(self, loops: Loops) -> None:
        self.loops = lru_cache(KEPT)(loops)

    def __call__(self, count: int, lists: dict[str, Flat], numbers: Mapping[str, float]) -> None:
        function = self.loops(count)
        given = {
            a.name: _nested(lists[a.name], a.shape) if isinstance(a, Array) else numbers[a.name]
            for a in function.arguments
        }
        interpret(function, [*given.values()])
        for a in function.arguments:
            if isinstance(a, Array):
                lists[a.name] = [*_numbers(given[a.name], len(a.shape))]


class Python:
    """Runs specialised Python."""

    def __init__(self, loops: Loops) -> None:
        self.loops = loops
        self.code = lru_cache(KEPT)(self._code)

    def _code(self, count: int) -> tuple[Callable[..., None], list[Any]]:
        function = samples_outside(simplified(self.loops(count)))
        text, arguments, _ = python_source(function)
        return executed(text, function.name), [*arguments]

    def __call__(self, count: int, lists: dict[str, Flat], numbers: Mapping[str, float]) -> None:
        function, arguments = self.code(count)
        given: dict[str, Any] = dict(numbers)
        rows = {a.name: a for a in arguments if isinstance(a, Array) and a.per_sample}
        for name, values in lists.items():
            many = name in rows and len(rows[name].shape) > 1
            given[name] = _cut(values, prod(rows[name].shape[1:])) if many else values
        function(*(given[argument.name] for argument in arguments))
        for name, a in rows.items():
            if len(a.shape) > 1:
                lists[name] = [number for row in given[name] for number in row]


class Native:
    """Runs machine code, group after group of sixteen samples."""

    filler = 0.0  # in the place of samples that do not exist
    guard = ""  # the end of memory at which it is fatal to go on: "start", "end", or neither

    def __init__(self, loops: Loops, isa: str | None = None) -> None:
        """For the best instruction set that may be used here, or for a certain one."""
        found = support()
        if found.isa is None:
            raise Refused(found.reason)
        self.function, self.isa, self.layout = loops(GROUP), ISAS[isa or found.isa], Layout()
        self.kernels: dict[bool, Kernel] = {}
        self.kernel(False)
        self.arrays = [a for a in self.function.arguments if isinstance(a, Array)]
        self.runs = {a: [*_runs(self.layout, a)] for a in self.arrays}

    def kernel(self, many: bool) -> Kernel:
        """For one group, or for one of many groups; it is made when it is needed first."""
        if many not in self.kernels:
            self.kernels[many] = self._kernel(many)
        return self.kernels[many]

    def _kernel(self, many: bool) -> Kernel:
        kernel = compile_functions([self.function], self.layout, self.isa, groups=many)
        if many:
            for sums in kernel.scheduled.sums:
                _check_sums(self.function, sums)
        sizes = {**self.layout.sizes, "call": self.layout.call_size}  # room for both kernels
        self.arenas = {region: Arena(size, self.guard) for region, size in sizes.items()}
        return kernel

    def __call__(self, count: int, lists: dict[str, Flat], numbers: Mapping[str, float]) -> None:
        kernel = self.kernel(count > GROUP)
        for name, offset in self.layout.scalars.items():
            self.arenas["call"].view[offset : offset + 4] = array("f", [numbers[name]]).tobytes()
        shared = [a for a in self.arrays if not a.per_sample]
        for a in shared:
            new = a in kernel.scheduled.sums and not _goes_on(self.function, a)
            self._write(a, [0.0] * len(lists[a.name]) if new else lists[a.name])
        for start in range(0, max(1, count), GROUP):
            self._group(kernel, range(start, min(start + GROUP, count)), lists)
        for a in shared:
            lists[a.name] = self._read(a)

    def _group(self, kernel: Kernel, samples: range, lists: dict[str, Flat]) -> None:
        """Up to sixteen samples; in memory they are innermost, in lists they are outermost."""
        call = self.arenas["call"].view
        struct.pack_into("<16i", call, MASK, *(-(s < len(samples)) for s in range(GROUP)))
        struct.pack_into("<i", call, COUNT, len(samples))
        of_samples = [a for a in self.arrays if a.per_sample]
        for a in of_samples:
            size = prod(a.shape[1:])
            rows = lists[a.name][samples.start * size : samples.stop * size]
            missing = [self.filler] * (GROUP - len(samples))
            self._write(a, [n for k in range(size) for n in rows[k::size] + missing])
        kernel.run(*(self.arenas[name].address for name in ("workspace", "parameters", "call")))
        for a in of_samples:
            size, values = prod(a.shape[1:]), self._read(a)
            for at, s in enumerate(samples):
                lists[a.name][s * size : (s + 1) * size] = values[at::GROUP]

    def _write(self, a: Array, values: Flat) -> None:
        memory = self.arenas[self.layout.arrays[a].region].view.cast("f")
        for run, row in zip(self.runs[a], _cut(values, len(self.runs[a][0])), strict=True):
            memory[run.start : run.stop] = array("f", row)

    def _read(self, a: Array) -> Flat:
        memory = self.arenas[self.layout.arrays[a].region].view.cast("f")
        return [number for run in self.runs[a] for number in memory[run.start : run.stop].tolist()]


BACKENDS: dict[str, Callable[[Loops], Backend]] = {
    "native": Native,
    "python": Python,
    "interpreter": Interpreter,
}


def _runs(layout: Layout, a: Array) -> Iterator[range]:
    """Where the numbers of an array stand, as floats from the start of its region, row by row."""
    placement = layout.arrays[a]
    for index in product(*map(range, a.shape[1:] if a.per_sample else a.shape[:-1])):
        first = placement.at((0, *index) if a.per_sample else (*index, 0)) // 4
        yield range(first, first + (GROUP if a.per_sample else a.shape[-1]))


def _goes_on(function: Function, sums: Array) -> bool:
    """Whether a sum begins with what the array holds, and not with 0."""
    return all(addend(store) is not None for store in stores(function.body) if store.array is sums)


def _check_sums(function: Function, sums: Array) -> None:
    """That all elements of a sum begin alike: with 0, or with what they hold."""
    if _goes_on(function, sums):
        return
    begun = set(_begun(function.body, sums, {}))
    if len(begun) < prod(sums.shape):
        line = next(s.line for s in stores(function.body) if s.array is sums and addend(s) is None)
        raise NotVectorizable(
            f"{function.file}:{line}: only some elements of {sums} are given a value "
            "before samples are added to them; "
            f"give all of them one, or call it with at most {GROUP} samples"
        )


def _begun(block: Any, sums: Array, ranges: Mapping[str, range]) -> Iterator[tuple[int, ...]]:
    """The elements that are given a value, whatever the conditions say."""
    for statement in block:
        match statement:
            case Loop(variable, start, stop, body):
                yield from _begun(body, sums, {**ranges, variable: range(start, stop)})
            case Store(a, index) if a is sums and addend(statement) is None:
                names = sorted({v for whole in index for v in whole.variables()})
                for at in product(*(ranges[name] for name in names)):
                    values = dict(zip(names, at, strict=True))
                    yield tuple(whole.at(values) for whole in index)
            case If():
                continue


def _nested(values: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Numbers in a row as nested lists."""
    for size in reversed(shape[1:]):
        values = _cut(values, size)
    return values


def _numbers(values: Any, depth: int) -> Iterator[float]:
    """The numbers of nested lists."""
    for value in values:
        if depth > 1:
            yield from _numbers(value, depth - 1)
        else:
            yield value


def _cut(values: list[Any], size: int) -> list[Any]:
    """In pieces of this length."""
    return [values[at : at + size] for at in range(0, len(values), size)]
