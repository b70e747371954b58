"""What is unrolled: loops that are short, from the inside out, up to a number of operations.

An unrolled loop is written out turn by turn, so its indices are constants and the numbers of its
arrays can wait in locals.  What would become too long stays a loop of Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from verypoorcnn.compiler.loops import (
    Binary,
    Block,
    Comparison,
    Function,
    If,
    Let,
    Local,
    Loop,
    Statement,
    Store,
    Unary,
)
from verypoorcnn.compiler.schedule.walk import Node, accesses, expressions_of, statements


class Plan:
    """Which loops stay loops, and which locals are needed after each statement.

    `limit` is how many operations the turns of an unrolled loop may have together.
    """

    def __init__(self, function: Function, limit: int) -> None:
        self.function = function
        self.limit = limit
        self.rolled: set[str] = set()
        self.size = 0  # operations of all that will be written
        for statement in function.body:
            if isinstance(statement, Loop) and over_samples(statement):
                self.rolled.add(statement.variable)
            self.size += self._size(statement)

    @cached_property
    def needed_after(self) -> dict[int, frozenset[str]]:
        """The locals that are needed after each store, by its id."""
        found: dict[int, frozenset[str]] = {}
        _needed_before(self.function.body, frozenset(), found)
        return found

    def _size(self, statement: Statement) -> int:
        match statement:
            case Loop(variable, start, stop, body):
                size = sum(map(self._size, body))
                whole = size * (stop - start)
                holds_loop = any(
                    isinstance(s, Loop) and s.variable in self.rolled for s in statements(body)
                )
                if holds_loop or whole > self._limit(body):
                    self.rolled.add(variable)
                return size if variable in self.rolled else whole
            case If(_, then, otherwise):
                return _operations(statement) + sum(map(self._size, then + otherwise))
        return _operations(statement)

    def _limit(self, body: Block) -> int:
        """Written out, sums gain much; what only moves numbers from list to list gains little."""
        sums = any(isinstance(s, Let) for s in statements(body))
        return self.limit if sums else self.limit // 4


def _needed_before(
    block: Block, after: frozenset[str], found: dict[int, frozenset[str]]
) -> frozenset[str]:
    """The locals that are needed before a block, given those needed after it.

    What is needed after its stores is `found`.
    """
    needed = after
    for statement in reversed(block):
        match statement:
            case Loop(_, _, _, body):
                again = needed | _needed_before(body, needed, found)
                needed |= _needed_before(body, again, found)
                continue
            case If(_, then, otherwise):
                needed = _needed_before(then, needed, found) | _needed_before(
                    otherwise, needed, found
                )
            case Let(name, _):
                needed -= {name}
            case Store():
                found[id(statement)] = found.get(id(statement), frozenset()) | needed
        needed |= locals_in(expressions_of(statement))
    return needed


def _operations(statement: Statement) -> int:
    return 1 + sum(isinstance(e, Binary | Unary | Comparison) for e in expressions_of(statement))


def over_samples(loop: Loop) -> bool:
    """Whether its variable is the sample of some array."""
    return any(
        array.per_sample and index[0].variables() == [loop.variable]
        for array, index in accesses(loop.body)
    )


def locals_in(nodes: Iterable[Node]) -> set[str]:
    """The locals that are read."""
    return {node.name for node in nodes if isinstance(node, Local)}
