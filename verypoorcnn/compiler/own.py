"""Loops of one's own: a compiled function that is called like the one that it was compiled from.

Its lists may be nested, as the textbook has them, or one flat `array.array`.  They are laid out as
the back end wants them, and what the function writes is written back into them.
"""

from __future__ import annotations

import inspect
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from math import prod
from typing import Any

from verypoorcnn.compiler.backends import BACKENDS, Flat
from verypoorcnn.compiler.loops import Array, Function, Scalar
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.schedule.walk import stores
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import GROUP
from verypoorcnn.errors import UserError, nearest

Shape = tuple[int, ...]


class Compiled:
    """A function and its back end; `backend` is the name of that, `reason` why it was chosen."""

    def __init__(
        self,
        function: Callable[..., None],
        shapes: Mapping[str, Sequence[int] | int],
        samples: Collection[str],
        backend: str,
    ) -> None:
        """As `verypoorcnn.compiler.compile` says."""
        self.function = function
        self.parameters = [*inspect.signature(function).parameters]
        self.shapes = self._shapes(shapes, samples)
        self.wholes = {name: n for name, n in shapes.items() if isinstance(n, int)}
        self.samples = self._known(samples, "samples", [*self.shapes])
        self.may_change = backend == "auto"
        if backend not in ("auto", *BACKENDS):
            raise self._wrong(f"backend: {backend!r}", nearest(backend, ["auto", *BACKENDS]))
        written = {store.array.name for store in stores(self.loops(GROUP).body)}
        self.written = [name for name in self.shapes if name in written]
        self.backend, self.reason = self._choose(backend)
        self._run = BACKENDS[self.backend](self.loops)

    def __call__(self, *values: Any) -> None:
        """Run it; the lists that the function writes are changed in place.

        Raises:
            UserError: a value does not have the shape that the function was compiled for.
        """
        if len(values) != len(self.parameters):
            raise self._wrong(f"{len(values)} values given", f"give {', '.join(self.parameters)}")
        given = dict(zip(self.parameters, values, strict=True))
        self._check_wholes(given)
        count = self._count(given)
        numbers = {
            name: self._flat(name, given[name], self._shape(name, count)) for name in self.shapes
        }
        rest = given.keys() - self.shapes.keys() - self.wholes.keys()
        self._call(count, numbers, {name: float(given[name]) for name in rest})
        for name in self.written:
            _write(given[name], numbers[name], len(self._shape(name, count)))

    def _call(self, count: int, lists: dict[str, Flat], numbers: Mapping[str, float]) -> None:
        """Machine code may refuse more than one group of samples; then Python takes over."""
        try:
            self._run(count, lists, numbers)
        except UserError as refusal:
            if not self.may_change or self.backend == "python":
                raise
            self.backend, self.reason = "python", f"not native: {refusal}"
            self._run = BACKENDS["python"](self.loops)
            self._run(count, lists, numbers)

    def show(self, level: str) -> str:
        """The function at a level: textbook, loops, schedule, python, vector or assembly."""
        from verypoorcnn.compiler.levels import LEVELS, Levels

        if level not in LEVELS:
            raise UserError(f"there is no level {level!r}; {nearest(level, [*LEVELS])}")
        isa = support().isa or "avx512"
        return Levels(self.function, self.arguments(GROUP), isa).level(level)

    def loops(self, count: int) -> Function:
        """The loop IR for so many samples."""
        return read(self.function, self.arguments(count))

    def arguments(self, count: int) -> list[Argument]:
        """What the compiler gets for so many samples."""
        return [self._argument(name, count) for name in self.parameters]

    def _argument(self, name: str, count: int) -> Argument:
        if name in self.shapes:
            return Array(name, self._shape(name, count), name in self.samples)
        return self.wholes[name] if name in self.wholes else Scalar(name)

    def _shape(self, name: str, count: int) -> Shape:
        return (count, *self.shapes[name]) if name in self.samples else self.shapes[name]

    # What was asked for.

    def _shapes(
        self, shapes: Mapping[str, Sequence[int] | int], samples: Collection[str]
    ) -> dict[str, Shape]:
        self._known(shapes, "shapes", self.parameters)
        found = {k: tuple(shape) for k, shape in shapes.items() if not isinstance(shape, int)}
        for name, shape in found.items():
            if not all(isinstance(size, int) and size > 0 for size in shape):
                raise self._wrong(f"the shape of {name} is {shape}", "give whole numbers from 1 on")
            if not shape and name not in samples:
                raise self._wrong(f"{name} has no index", "leave out numbers that are no list")
        return {name: found[name] for name in self.parameters if name in found}

    def _known(self, names: Collection[str], what: str, known: list[str]) -> frozenset[str]:
        for name in names:
            if name not in known:
                raise self._wrong(f"{what}: there is no list {name!r}", nearest(name, known))
        return frozenset(names)

    def _choose(self, name: str) -> tuple[str, str]:
        """The back end, tried out where there is a choice."""
        if name != "auto":
            return name, "as asked for"
        try:
            BACKENDS["native"](self.loops)
        except UserError as refusal:
            return "python", f"not native: {refusal}"
        return "native", support().reason

    # What is given with a call.

    def _check_wholes(self, given: Mapping[str, Any]) -> None:
        for name, whole in self.wholes.items():
            if given[name] != whole:
                raise self._wrong(
                    f"{name} is {given[name]!r} where it was compiled for {whole}", "compile anew"
                )

    def _count(self, given: Mapping[str, Any]) -> int:
        """How many samples there are."""
        counts = {name: self._count_in(name, given[name]) for name in sorted(self.samples)}
        if len(set(counts.values())) > 1:
            found = ", ".join(f"{count} in {name}" for name, count in counts.items())
            raise self._wrong(f"different numbers of samples: {found}", "give equally many")
        return next(iter(counts.values()), 1)

    def _count_in(self, name: str, value: Any) -> int:
        if not hasattr(value, "__len__"):
            raise self._wrong(f"{name} is {value!r}", "give a list")
        size = prod(self.shapes[name])
        return -(-len(value) // size) if isinstance(value, array) else len(value)

    def _flat(self, name: str, value: Any, shape: Shape) -> Flat:
        """All numbers of a list, in reading order."""
        if isinstance(value, array):
            if len(value) != prod(shape):
                raise self._shapeless(name, f"{len(value)} numbers", shape)
            return [*value]
        rows = [value]
        for depth, size in enumerate(shape):
            for row in rows:
                if not hasattr(row, "__len__") or len(row) != size:
                    found = len(row) if hasattr(row, "__len__") else repr(row)
                    raise self._shapeless(name, f"{found} at index {depth + 1}", shape)
            rows = [element for row in rows for element in row]
        return rows

    def _shapeless(self, name: str, found: str, shape: Shape) -> UserError:
        wanted = "×".join(map(str, shape)) or "one number"
        return self._wrong(f"{name} has {found} where it was compiled for {wanted}", "compile anew")

    def _wrong(self, what: str, instead: str) -> UserError:
        return UserError(f"{self.function.__name__}: {what}; {instead}")


def _write(value: Any, numbers: Flat, depth: int) -> None:
    """Put numbers into a list, nested so deep, or flat."""
    if isinstance(value, array):
        value[:] = array(value.typecode, numbers)
    elif depth == 1:
        value[:] = numbers
    else:
        size = len(numbers) // len(value)
        for k, row in enumerate(value):
            _write(row, numbers[k * size : (k + 1) * size], depth - 1)
