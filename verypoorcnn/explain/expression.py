"""The arithmetic of one number, as one writes it down: sums of products, maxima, quotients.

A traced number is a tree of single operations.  Here the chain ((0 + a·b) + c·d) + … becomes one
sum with its running totals, a chain of `max` one window with its winner.  What the function itself
calls by a name (`largest`, `total`) is written once, under that name.  Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from verypoorcnn.explain.target import Target
from verypoorcnn.numbers.traced import Traced

KINDS = {"+": "sum", "-": "sum", "*": "product", "/": "quotient", "max": "maximum"}
KINDS |= {"min": "minimum"}

Named = Callable[[Traced], Target]  # what an element of a list is called


@dataclass(frozen=True)
class Term:
    """A summand, a factor, a candidate for the maximum: one operand of many."""

    expression: Expression
    sign: str = "+"  # or "−"
    running: float | None = None  # of sums and maxima: with this term and all before it
    step: int = field(default=-1, compare=False)  # of the trace; −1 for what was there first

    @property
    def factors(self) -> tuple[Expression, ...]:
        """What it is a product of; itself if it is none."""
        if self.expression.kind != "product":
            return (self.expression,)
        return tuple(term.expression for term in self.expression.terms)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "sign": self.sign,
            "value": self.expression.value,
            "running": self.running,
            "factors": [factor.as_dict() for factor in self.factors],
        }


@dataclass(frozen=True)
class Expression:
    """A number and what it was made of.

    `kind` is "element" of a list (`element` says which), "constant" (written in the function),
    "part" (a local of the function), or the operation: "sum", "product", "quotient",
    "maximum", "minimum", "exp", "log", "sqrt", "negative".
    """

    kind: str
    value: float
    local: str = ""  # of a part: what the function calls it
    element: Target | None = None
    terms: tuple[Term, ...] = ()
    winner: int | None = None  # of a maximum or minimum: the number of its term

    @property
    def name(self) -> str:
        """`conv1.weight[2][0][1][4]`, `largest`, `0.0`; nothing for an operation."""
        if self.element:
            return str(self.element)
        return repr(self.value) if self.kind == "constant" else self.local

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        known: dict[str, Any] = {"kind": self.kind, "value": self.value}
        if name := self.name:
            known["name"] = name
        if self.element:
            known |= self.element.as_dict()
        if self.terms:
            known["terms"] = [term.as_dict() for term in self.terms]
        if self.winner is not None:
            known["winner"] = self.winner
        return known


class Writer:
    """Writes the traced numbers of one trace down.  `parts` are the locals met on the way."""

    def __init__(self, named: Named) -> None:
        self.named = named
        self.parts: dict[str, Expression] = {}
        self.steps: set[int] = set()  # of the trace, that the expressions are made of
        self._names: dict[int, str] = {}  # of parts, by the identity of their numbers

    def operand(self, number: Traced) -> Expression:
        """A number within another: by its name if the function has one for it."""
        if number.local and number.operands:
            return self._part(number)
        return self.whole(number)

    def whole(self, number: Traced) -> Expression:
        """A number with all that it was made of."""
        if number.operation == "element":
            return Expression("element", number.value, element=self.named(number))
        if number.operation == "constant":
            return Expression("constant", number.value)
        self.steps.add(number.step)
        kind = KINDS.get(number.operation, number.operation)
        match kind:
            case "sum":
                return Expression(kind, number.value, terms=(*self._summands(number),))
            case "product":
                return Expression(kind, number.value, terms=(*self._factors(number),))
            case "maximum" | "minimum":
                return self._extreme(kind, number)
        terms = tuple(Term(self.operand(operand)) for operand in number.operands)
        return Expression(kind, number.value, terms=terms)

    def _part(self, number: Traced) -> Expression:
        if id(number) not in self._names:
            name, count = number.local, 1
            while name in self.parts:
                count += 1
                name = f"{number.local} {count}"
            self._names[id(number)] = name
            self.parts[name] = Expression("part", number.value, name)  # keeps its place
            self.parts[name] = self.whole(number)
        return Expression("part", number.value, self._names[id(number)])

    def _summands(self, number: Traced) -> Iterator[Term]:
        first, chain = _chain(number, ("+", "-"))
        if first.operation != "constant" or first.value:  # else it is the 0 that sums begin with
            yield Term(self.operand(first), running=first.value)
        for link in chain:
            self.steps.add(link.step)
            sign = "+" if link.operation == "+" else "−"
            yield Term(self.operand(link.operands[1]), sign, link.value, link.step)

    def _factors(self, number: Traced) -> Iterator[Term]:
        first, chain = _chain(number, ("*",))
        yield Term(self.operand(first))
        for link in chain:
            self.steps.add(link.step)
            yield Term(self.operand(link.operands[1]))

    def _extreme(self, kind: str, number: Traced) -> Expression:
        """The candidates, each once: a window's first is compared with itself too."""
        first, chain = _chain(number, (number.operation,))
        terms = [Term(self.operand(first), running=first.value)]
        best = terms[0].expression
        for link in chain:
            self.steps.add(link.step)
            candidate = self.operand(link.operands[1])
            if candidate.value != link.operands[0].value and candidate.value == link.value:
                best = candidate
            if not candidate.element or candidate not in [term.expression for term in terms]:
                terms.append(Term(candidate, running=link.value, step=link.step))
        winner = next(place for place, term in enumerate(terms) if term.expression is best)
        return Expression(kind, number.value, terms=tuple(terms), winner=winner)


def _chain(number: Traced, operations: tuple[str, ...]) -> tuple[Traced, list[Traced]]:
    """((a + b) + c) + d as a and the three additions, in the order in which they were done."""
    links = []
    while number.operation in operations and number.operands:
        links.append(number)
        number = number.operands[0]
    return number, links[::-1]
