"""Every index stays in its array: shown once, before anything is compiled.

In CPython an index of −1 silently means the last element; in machine code it would be somebody
else's memory.  The ranges of the loops, narrowed by the guards around a place, bound each index
that is used there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Block,
    Both,
    Choice,
    Compare,
    Condition,
    Either,
    Expression,
    Guard,
    If,
    Index,
    Load,
    Loop,
    Not,
    Statement,
    Store,
)
from verypoorcnn.compiler.ranges import Range, limits, opposite

UNBOUNDED = 10**18

Node = Expression | Condition


class Fact(NamedTuple):
    """Between which values a whole number lies, where a guard holds."""

    whole: Affine
    low: int
    high: int


class Outside(NamedTuple):
    """An index that leaves its array."""

    line: int
    place: Load
    position: int  # of the index among its indices
    found: Range


def outside(body: Block) -> Iterator[Outside]:
    """The indices that may leave their arrays."""
    return _Bounds().block(body, ())


class _Bounds:
    def __init__(self) -> None:
        self.ranges: dict[str, Range] = {}
        self.line = 0

    def block(self, block: Block, facts: Sequence[Fact]) -> Iterator[Outside]:
        for statement in block:
            yield from self.statement(statement, facts)

    def statement(self, statement: Statement, facts: Sequence[Fact]) -> Iterator[Outside]:
        self.line = statement.line
        match statement:
            case Loop(variable, start, stop, body):
                self.ranges[variable] = start, stop - 1
                yield from self.block(body, facts)
            case If(condition, then, otherwise):
                yield from self.node(condition, facts)
                yield from self.block(then, [*facts, *known(condition)])
                yield from self.block(otherwise, [*facts, *known(Not(condition))])
            case Store(array, index, value):
                yield from self.node(value, facts)
                yield from self.place(array, index, facts)
            case _:
                yield from self.node(statement.value, facts)

    def node(self, node: Node, facts: Sequence[Fact]) -> Iterator[Outside]:
        """An expression or a condition; Python asks the second only where the first allows."""
        match node:
            case Load(array, index):
                yield from self.place(array, index, facts)
            case Both(left, right):
                yield from self.node(left, facts)
                yield from self.node(right, [*facts, *known(left)])
            case Either(left, right):
                yield from self.node(left, facts)
                yield from self.node(right, [*facts, *known(Not(left))])
            case Choice(condition, then, otherwise):
                yield from self.node(condition, facts)
                yield from self.node(then, [*facts, *known(condition)])
                yield from self.node(otherwise, [*facts, *known(Not(condition))])
            case _:
                for part in _parts(node):
                    yield from self.node(part, facts)

    def place(self, array: Array, index: Index, facts: Sequence[Fact]) -> Iterator[Outside]:
        for position, (whole, size) in enumerate(zip(index, array.shape, strict=True)):
            low, high = narrowed(whole, limits(whole, self.ranges), facts)
            if low <= high and (low < 0 or high >= size):  # else no turn comes here
                yield Outside(self.line, Load(array, index), position, (low, high))


def _parts(node: Node) -> list[Expression | Condition]:
    names = ("left", "right", "operand", "condition")
    return [getattr(node, name) for name in names if hasattr(node, name)]


def narrowed(whole: Affine, found: Range, facts: Sequence[Fact]) -> Range:
    """The range of a whole number where these facts hold."""
    low, high = found
    for fact in facts:
        if fact.whole.terms == whole.terms:
            shift = whole.constant - fact.whole.constant
            low, high = max(low, fact.low + shift), min(high, fact.high + shift)
    return low, high


def known(condition: Condition) -> Iterator[Fact]:
    """What is known of whole numbers where a condition holds."""
    match condition:
        case Guard(operator, whole):
            low, high = _ends(operator)
            yield Fact(whole, low, high)
            yield Fact(whole * -1, -high, -low)
        case Both(left, right):
            yield from known(left)
            yield from known(right)
        case Not(Guard(operator, whole)):
            yield from known(Guard(opposite(operator), whole))
        case Not(Either(left, right)):
            yield from known(Not(left))
            yield from known(Not(right))
        case Not(Not(inner)):
            yield from known(inner)


def _ends(operator: Compare) -> Range:
    """Between which values a number lies that compares so with 0."""
    return {
        "==": (0, 0),
        "!=": (-UNBOUNDED, UNBOUNDED),
        "<": (-UNBOUNDED, -1),
        "<=": (-UNBOUNDED, 0),
        ">": (1, UNBOUNDED),
        ">=": (0, UNBOUNDED),
    }[operator]
