"""The arithmetic of one number of a network: what it was made of, by which lines, in what order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from verypoorcnn.explain.columns import with_columns
from verypoorcnn.explain.expression import Expression, Writer
from verypoorcnn.explain.target import Target
from verypoorcnn.numbers.traced import Step, Trace, Traced

Place = tuple[str, tuple[int, ...]]  # a list, and the index of an element


@dataclass(frozen=True)
class Source:
    """A textbook function that took part."""

    name: str
    file: str  # the last two parts of its path: "textbook/convolution.py"
    first_line: int
    text: str

    @property
    def last_line(self) -> int:
        """Of the function, in its file."""
        return self.first_line + self.text.rstrip("\n").count("\n")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "file": self.file,
            "first_line": self.first_line,
            "last_line": self.last_line,
            "source": self.text,
        }


@dataclass(frozen=True)
class Condition:
    """A comparison that decided what was done."""

    left: Expression
    operator: str
    right: Expression
    holds: bool
    function: str
    line: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        sides = {"left": self.left.as_dict(), "right": self.right.as_dict()}
        where = {"function": self.function, "line": self.line}
        return {**sides, "operator": self.operator, "holds": self.holds, **where}


class Moment(NamedTuple):
    """One step of the arithmetic, at its line, with the function's whole numbers as they were."""

    function: int  # among `Arithmetic.functions`
    line: int
    operation: str  # "multiply-add", "+", "max", ">", …; "=" gives the element its value
    value: float | bool
    term: int | None  # of the expression, that the step takes in
    variables: dict[str, int]


class EngineValue(NamedTuple):
    """What a faster engine has in the same place, for comparison."""

    name: str
    value: float


@dataclass(frozen=True)
class Arithmetic:
    """One number, explained.

    `value` is the textbook engine's, to the last bit.  `parts` are the function's own locals that
    `expression` names; `conditions` the comparisons of data that decided what was done.
    """

    target: Target
    value: float
    expression: Expression
    parts: Mapping[str, Expression]
    conditions: tuple[Condition, ...]
    functions: tuple[Source, ...]
    moments: tuple[Moment, ...]
    engine: EngineValue | None = None

    @property
    def kind(self) -> str:
        """The expression's kind; "sum of products", "copy" where it is more telling."""
        if not self.functions:
            return "given"
        kind = self.expression.kind
        products = any(term.expression.kind == "product" for term in self.expression.terms)
        telling = {"element": "copy", "sum": "sum of products" if products else "sum"}
        return telling.get(kind, kind)

    def as_dict(self, steps: bool = True, columns: bool = False) -> dict[str, Any]:
        """For JSON; with `columns`, many terms that are alike are a table."""
        written = with_columns if columns else Expression.as_dict
        return {
            "target": str(self.target),
            "name": self.target.name,
            "index": list(self.target.index),
            "of": self.target.of,
            "sample": self.target.sample,
            "value": self.value,
            "kind": self.kind,
            "expression": written(self.expression),
            "parts": {name: written(part) for name, part in self.parts.items()},
            "conditions": [condition.as_dict() for condition in self.conditions],
            "functions": [function.as_dict() for function in self.functions],
            "engine": self.engine and self.engine._asdict(),
            **({"steps": self._steps()} if steps else {}),
        }

    def _steps(self) -> dict[str, Any]:
        """As a table: a row a step, a column for each whole number of the functions."""
        names = list(dict.fromkeys(name for m in self.moments for name in m.variables))
        rows = [
            [m.function, m.line, m.operation, m.value, m.term, [m.variables.get(n) for n in names]]
            for m in self.moments
        ]
        return {"variables": names, "rows": rows}


def written_down(
    target: Target,
    trace: Trace,
    number: Traced,
    functions: Sequence[Callable[..., None]],
    named: Callable[[Traced], Target],
    place: Place,
    engine: EngineValue | None = None,
) -> Arithmetic:
    """What a trace holds on one of its numbers.

    Args:
        target: what the number is in the network.
        trace: all that was done.
        number: the result.
        functions: the textbook functions that did it.
        named: what an element of their lists is called.
        place: the list and the index of the number itself.
        engine: what another engine has.
    """
    writer = Writer(named)
    expression = writer.whole(number)
    numbers = {f.__name__: count for count, f in enumerate(functions)}
    return Arithmetic(
        target=target,
        value=number.value,
        expression=expression,
        conditions=(*_conditions(target, trace, writer),),
        parts=writer.parts,
        functions=tuple(map(source, functions)),
        moments=(*_moments(place, trace, writer, expression, numbers),),
        engine=engine,
    )


@cache
def source(function: Callable[..., None]) -> Source:
    """Where a function stands, and its text."""
    lines, first = inspect.getsourcelines(function)
    file = "/".join(Path(inspect.getsourcefile(function) or "?").parts[-2:])
    return Source(function.__name__, file, first, "".join(lines))


def _conditions(target: Target, trace: Trace, writer: Writer) -> Iterator[Condition]:
    """The comparisons that ask about the element itself, or one of its place, if there are any."""
    decided = ((step, step.result) for step in trace.steps if isinstance(step.result, bool))
    found = [_condition(step, holds, writer) for step, holds in decided]
    own = [c for c in found if any(_is(element, target) for element in _elements(c))]
    placed = [c for c in found if target.index in [element.index for element in _elements(c)]]
    yield from own or placed or found


def _is(element: Target, target: Target) -> bool:
    return (element.name, element.index) == (target.name, target.index)


def _condition(step: Step, holds: bool, writer: Writer) -> Condition:
    left, right = map(writer.operand, step.operands)
    return Condition(left, step.operation, right, holds, step.function, step.line)


def _elements(condition: Condition) -> list[Target]:
    return [side.element for side in (condition.left, condition.right) if side.element]


def _moments(
    place: Place, trace: Trace, writer: Writer, expression: Expression, numbers: Mapping[str, int]
) -> Iterator[Moment]:
    """The steps of the arithmetic, a multiplication and the addition of its product as one."""
    terms = {term.step: count for count, term in enumerate(expression.terms) if term.step >= 0}
    for count, step in enumerate(trace.steps):
        result = step.result
        operation = step.operation
        if isinstance(result, Traced):
            ours = count in writer.steps or (operation == "=" and _place(step) == place)
            if not ours or _is_taken_in(trace, count, step):
                continue
            if operation == "+" and step.operands[1].operation == "*":
                operation = "multiply-add"
        value = result.value if isinstance(result, Traced) else result
        where = numbers[step.function], step.line
        yield Moment(*where, operation, value, terms.get(count), step.variables)


def _place(step: Step) -> Place:
    return step.operands[0].array, step.operands[0].index


def _is_taken_in(trace: Trace, count: int, step: Step) -> bool:
    """Whether this product goes into the addition that follows it at once."""
    if step.operation != "*" or count + 1 >= len(trace.steps):
        return False
    after = trace.steps[count + 1]
    return after.operation == "+" and after.operands[1] is step.result
