"""Loops of one's own: a compiled function that is called like the one that it was compiled from.

Its lists may be nested, as the textbook has them, or one flat `array.array`.  They are laid out as
the back end wants them, and what the function writes is written back into them.
"""

from __future__ import annotations

import inspect
from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from math import prod
from threading import Lock
from typing import Any

from verypoorcnn.compiler.backends import BACKENDS, Flat
from verypoorcnn.compiler.definition import definition, lists
from verypoorcnn.compiler.loops import Array, Function, Scalar
from verypoorcnn.compiler.native.x86.cpu import support
from verypoorcnn.compiler.schedule.walk import stores
from verypoorcnn.compiler.source import Argument, read
from verypoorcnn.compiler.vector.layout import GROUP
from verypoorcnn.errors import UserError, nearest

Shape = tuple[int, ...]


class Compiled:
    """A function and its back end; `backend` is the name of that, `reason` why it was chosen.

    It may be called from several threads; they take turns.  Copies are compiled anew.
    """

    def __init__(
        self,
        function: Callable[..., None],
        shapes: Mapping[str, Sequence[int] | int],
        samples: Collection[str],
        backend: str,
    ) -> None:
        """As `verypoorcnn.compiler.compile` says."""
        definition(function)  # raises if it is no plain function
        self._lock = Lock()
        self.function = function
        self.parameters = [*inspect.signature(function).parameters]
        self.shapes = self._shapes(shapes, samples)
        self._made_from = function, {**shapes}, [*samples], backend
        self.wholes = {name: n for name, n in shapes.items() if isinstance(n, int)}
        self.samples = self._known(samples, "samples", [*self.shapes])
        self.may_change = backend == "auto"
        if backend not in ("auto", *BACKENDS):
            raise self._wrong(f"backend: {backend!r}", nearest(backend, ["auto", *BACKENDS]))
        written = {store.array.name for store in stores(self.loops(GROUP).body)}
        self.written = [name for name in self.shapes if name in written]
        self.backend, self.reason = self._choose(backend)
        self._run = BACKENDS[self.backend](self.loops)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._made_from

    def __call__(self, /, *values: Any, **named: Any) -> None:
        """Run it with values in the function's order or by its names, as the function itself.

        The lists that the function writes are changed in place.

        Raises:
            UserError: a value does not have the shape that the function was compiled for, is no
                number, or cannot be written; or what is written is given twice.
        """
        if named:
            values = self._in_order(values, named)
        if len(values) != len(self.parameters):
            raise self._wrong(f"{len(values)} values given", f"give {', '.join(self.parameters)}")
        given = dict(zip(self.parameters, values, strict=True))
        self._check_wholes(given)
        count = self._count(given)
        shapes = {name: self._shape(name, count) for name in self.shapes}
        flat = {name: self._flat(name, given[name], shape) for name, shape in shapes.items()}
        rest = given.keys() - self.shapes.keys() - self.wholes.keys()
        numbers = {name: float(self._numbers(name, [given[name]])[0]) for name in rest}
        self._check_places(given, shapes)
        with self._lock:
            self._call(count, flat, numbers)
        for name in self.written:
            _write(given[name], flat[name], len(shapes[name]))

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
        if not isinstance(shapes, Mapping):
            raise self._wrong(f"shapes is {shapes!r}", "give a dict: shapes by names")
        if isinstance(samples, str) or not isinstance(samples, Collection):
            raise self._wrong(f"samples is {samples!r}", "give a list of names")
        self._known(shapes, "shapes", self.parameters)
        self._known(samples, "samples", self.parameters)
        found = {
            name: self._checked(name, shape, name in samples)
            for name, shape in shapes.items()
            if type(shape) is not int
        }
        missing = lists(self.function) - found.keys()
        for name in self.parameters:
            if name in missing:
                shape = f"{{{name!r}: ({shapes.get(name, '…')},)}}"
                raise self._wrong(f"shapes: {name} is a list", f"give its shape: {shape}")
        return {name: found[name] for name in self.parameters if name in found}

    def _checked(self, name: str, shape: Any, per_sample: bool) -> Shape:
        if isinstance(shape, str) or not isinstance(shape, Sequence):
            raise self._wrong(
                f"shapes: {name} is {shape!r}",
                "give a tuple of sizes, or a whole number; leave it out if a call gives it",
            )
        if not all(type(size) is int and size > 0 for size in shape):
            raise self._wrong(f"the shape of {name} is {shape}", "give whole numbers from 1 on")
        if not shape and not per_sample:
            raise self._wrong(f"{name} has no index", "leave out numbers that are no list")
        return tuple(shape)

    def _known(self, names: Collection[str], what: str, known: list[str]) -> frozenset[str]:
        for name in names:
            if name not in known:
                instead = nearest(name, known) if known else "there is none at all"
                raise self._wrong(f"{what}: there is no list {name!r}", instead)
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

    def _in_order(self, values: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """All values in the function's order, as far as they are given."""
        first, rest = self.parameters[: len(values)], self.parameters[len(values) :]
        for name in named:
            if name in first:
                raise self._wrong(f"{name} is given twice", "give it once")
            if name not in rest:
                known = nearest(name, self.parameters) if self.parameters else "it has none"
                raise self._wrong(f"there is no parameter {name!r}", known)
        return (*values, *(named[name] for name in rest if name in named))

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
            return self._numbers(name, [*value])
        rows = [value]
        for depth, size in enumerate(shape):
            for row in rows:
                if not hasattr(row, "__len__") or len(row) != size:
                    found = len(row) if hasattr(row, "__len__") else repr(row)
                    raise self._shapeless(name, f"{found} at index {depth + 1}", shape)
            rows = [element for row in rows for element in row]
        return self._numbers(name, rows)

    def _numbers(self, name: str, values: list[Any]) -> Flat:
        """These values, all of which are numbers."""
        if _are_numbers(values):
            return values
        wrong = next(value for value in values if not _are_numbers([value]))
        raise self._wrong(f"{name}: {wrong!r:.40} is no number", "give numbers like 1.0")

    def _check_places(self, given: Mapping[str, Any], shapes: Mapping[str, Shape]) -> None:
        """That what is written can hold floats, and is given once: every list and every row."""
        levels = {name: _levels(given[name], len(shape)) for name, shape in shapes.items()}
        for name in self.written:
            for row in levels[name][-1]:
                if not _holds_floats(row):
                    kind = repr(row[:0]) if isinstance(row, array) else type(row).__name__
                    raise self._wrong(
                        f"{name} is written, but {kind} holds no floats", "give a list"
                    )
        self._check_apart({name: [*chain(*rows)] for name, rows in levels.items()})

    def _check_apart(self, rows: Mapping[str, list[Any]]) -> None:
        """That no list that is written is found twice among these."""
        owners: dict[int, str] = {}
        for name in sorted(rows, key=lambda name: name not in self.written):  # those come first
            for row in rows[name]:
                if owner := owners.get(id(row)):
                    shared = "holds a row twice" if owner == name else f"shares a list with {name}"
                    raise self._wrong(f"{owner} is written, and {shared}", "give copies")
                if name in self.written:
                    owners[id(row)] = name

    def _shapeless(self, name: str, found: str, shape: Shape) -> UserError:
        wanted = "×".join(map(str, shape)) or "one number"
        return self._wrong(f"{name} has {found} where it was compiled for {wanted}", "compile anew")

    def _wrong(self, what: str, instead: str) -> UserError:
        return UserError(f"{self.function.__name__}: {what}; {instead}")


def _levels(value: Any, depth: int) -> list[list[Any]]:
    """A list, its rows, their rows and so on, level by level; or an array, which has none."""
    levels = [[value]]
    while len(levels) < depth and not isinstance(value, array):
        levels.append([row for rows in levels[-1] for row in rows])
    return levels


def _holds_floats(row: Any) -> bool:
    """Whether they can be written there."""
    if isinstance(row, array):
        return row.typecode in "df"
    return hasattr(row, "__setitem__") and not isinstance(row, bytearray | memoryview)


def _are_numbers(values: list[Any]) -> bool:
    try:
        array("d", values)
    except (TypeError, OverflowError):
        return False
    return True


def _write(value: Any, numbers: Flat, depth: int) -> None:
    """Put numbers into a list, nested so deep, or flat."""
    if isinstance(value, array):
        value[:] = array(value.typecode, numbers)
    elif depth == 1:
        value[:] = numbers
    elif len(value):
        size = len(numbers) // len(value)
        for k, row in enumerate(value):
            _write(row, numbers[k * size : (k + 1) * size], depth - 1)
