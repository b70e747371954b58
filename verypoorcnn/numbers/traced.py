"""Traced numbers: a value, and how it came about.

Let every number remember the operation and the numbers that it was made of.  Then a formula that is
run on traced numbers leaves its own arithmetic behind:

    a · b + c   =   (a: 2.0) × (b: 3.0) + (c: 1.0)   =   7.0

and beside it, step by step, the line of the formula and the values of its whole numbers (s, f, i,
j) at that moment.  The values are computed as without the tracing, to the last bit.

`NamedList` is a nested list whose elements are such numbers, each with its name and place, made
when they are asked for: of an array of thousands, tracing one result costs what that result needs.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable, Sequence
from operator import add, eq, ge, gt, le, lt, mul, ne, neg, sub, truediv
from types import FrameType
from typing import Any, NamedTuple, TypeAlias

from verypoorcnn.numbers.reading import read_on

Index = tuple[int, ...]
Number: TypeAlias = "Traced | float"


class Step(NamedTuple):
    """One operation that was done: its operands, its result, and where."""

    operation: str  # "+", "max", "exp", ">"; "=" is the store of an element
    operands: tuple[Traced, ...]
    result: Traced | bool  # a bool for comparisons
    function: str
    line: int  # in the function's file
    variables: dict[str, int]  # the function's whole numbers, among them the loop variables


class Traced:
    """`value`, made by `operation` from `operands`.

    An element of a list has the operation "element", its list's name as `array`, and its `index`; a
    number that is written in the function has "constant".  `local` is the function's own name for
    the number, where it has used it by one.  `step` counts within the trace, −1 for what was there
    before.
    """

    __slots__ = ("array", "index", "local", "operands", "operation", "step", "trace", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        trace: Trace,
        value: float,
        operation: str,
        operands: tuple[Traced, ...] = (),
        *,
        array: str = "",
        index: Index = (),
    ) -> None:
        self.trace = trace
        self.value = value
        self.operation = operation
        self.operands = operands
        self.array = array
        self.index = index
        self.local = ""
        self.step = -1

    def __repr__(self) -> str:
        return f"Traced({self.value!r}, {self.operation!r})"

    def __add__(self, other: Number) -> Traced:
        return self.trace.done("+", add, self, other)

    def __radd__(self, other: float) -> Traced:
        return self.trace.done("+", add, other, self)

    def __sub__(self, other: Number) -> Traced:
        return self.trace.done("-", sub, self, other)

    def __rsub__(self, other: float) -> Traced:
        return self.trace.done("-", sub, other, self)

    def __mul__(self, other: Number) -> Traced:
        return self.trace.done("*", mul, self, other)

    def __rmul__(self, other: float) -> Traced:
        return self.trace.done("*", mul, other, self)

    def __truediv__(self, other: Number) -> Traced:
        return self.trace.done("/", truediv, self, other)

    def __rtruediv__(self, other: float) -> Traced:
        return self.trace.done("/", truediv, other, self)

    def __neg__(self) -> Traced:
        return self.trace.done("negative", neg, self)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return self.trace.compared("==", eq, self, other)

    def __ne__(self, other: object) -> bool:
        return self.trace.compared("!=", ne, self, other)

    def __lt__(self, other: Number) -> bool:
        return self.trace.compared("<", lt, self, other)

    def __le__(self, other: Number) -> bool:
        return self.trace.compared("<=", le, self, other)

    def __gt__(self, other: Number) -> bool:
        return self.trace.compared(">", gt, self, other)

    def __ge__(self, other: Number) -> bool:
        return self.trace.compared(">=", ge, self, other)


class Trace:
    """All that was done with its numbers, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def element(self, array: str, index: Index, value: float) -> Traced:
        """A number that is there already, with its name."""
        return Traced(self, value, "element", array=array, index=index)

    def constant(self, value: float) -> Traced:
        """A number that is written down."""
        return Traced(self, value, "constant")

    def reading(
        self, function: Callable[..., None], **meanings: Callable[..., Any]
    ) -> Callable[..., None]:
        """A textbook function, read on this trace's numbers; `meanings` as in `read_on`."""
        own = {"exp": self.exp, "log": self.log, "sqrt": self.sqrt}
        choices = {"max": self.max, "min": self.min}
        return read_on(function, literal=self.constant, **(own | choices | meanings))

    # What is done.  Each is called by an operator, or by name, from the function that is read.

    def exp(self, x: Number) -> Traced:
        """The exponential function."""
        return self.done("exp", math.exp, x)

    def log(self, x: Number) -> Traced:
        """The natural logarithm."""
        return self.done("log", math.log, x)

    def sqrt(self, x: Number) -> Traced:
        """The square root."""
        return self.done("sqrt", math.sqrt, x)

    def max(self, a: Number, b: Number) -> Traced:
        """The first unless the second is larger."""
        return self.done("max", builtins.max, a, b)

    def min(self, a: Number, b: Number) -> Traced:
        """The first unless the second is smaller."""
        return self.done("min", builtins.min, a, b)

    def done(self, operation: str, compute: Callable[..., float], *numbers: Number) -> Traced:
        """The result of an operation, with the step that it was."""
        operands = tuple(map(self._traced, numbers))
        result = Traced(self, compute(*(n.value for n in operands)), operation, operands)
        result.step = len(self.steps)
        self._note(operation, operands, result, sys._getframe(2))
        return result

    def compared(self, operation: str, compute: Callable[..., bool], *numbers: Any) -> bool:
        """Whether a comparison holds, with the step that it was."""
        operands = tuple(map(self._traced, numbers))
        holds = bool(compute(*(n.value for n in operands)))
        self._note(operation, operands, holds, sys._getframe(2))
        return holds

    def stored(self, array: str, index: Index, value: Traced) -> None:
        """The step that gives an element of a list its value."""
        place = self.element(array, index, value.value)
        self._note("=", (place,), value, sys._getframe(2))

    def _traced(self, number: Any) -> Traced:
        return number if isinstance(number, Traced) else self.constant(number)

    def _note(
        self,
        operation: str,
        operands: tuple[Traced, ...],
        result: Traced | bool,
        frame: FrameType,
    ) -> None:
        variables: dict[str, int] = {}
        for name, meaning in frame.f_locals.items():
            if type(meaning) is int:
                variables[name] = meaning
            elif type(meaning) is Traced:
                meaning.local = name
        where = frame.f_code.co_name, frame.f_lineno
        self.steps.append(Step(operation, operands, result, *where, variables))


class NamedList:
    """Nested lists whose elements are traced: `images[0][3][4]` knows that it is that.

    What is stored stays here; the lists beneath are left as they are.
    """

    __slots__ = ("array", "here", "index", "trace", "values")

    def __init__(self, trace: Trace, array: str, values: Sequence[Any], index: Index = ()) -> None:
        self.trace = trace
        self.array = array
        self.values = values
        self.index = index
        self.here: dict[int, Any] = {}  # rows and elements that were asked for or stored

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, position: int) -> Any:
        if position not in self.here:
            self.here[position] = self._made(self.values[position], (*self.index, position))
        return self.here[position]

    def __setitem__(self, position: int, value: Number) -> None:
        number = value if isinstance(value, Traced) else self.trace.constant(value)
        self.here[position] = number
        self.trace.stored(self.array, (*self.index, position), number)

    def _made(self, value: Any, index: Index) -> Any:
        if isinstance(value, (list, bytes)):
            return NamedList(self.trace, self.array, value, index)
        return self.trace.element(self.array, index, value)

    def at(self, index: Index) -> Traced:
        """The number at this place, as it is now."""
        found: Any = self
        for position in index:
            found = found[position]
        assert isinstance(found, Traced)
        return found
