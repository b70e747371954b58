"""Which turns of a function's loops can reach one element of its result.

A convolution computes thousands of numbers, and whoever asks how *one* of them came about need not
wait for the others.  The function runs as it stands; only its `range` is another, which leaves out
turns that can do nothing for the wanted element:

    for i in range(…):                       # i · 2 + m must become 5, and m lies from 0 to 2:
        for m in range(…):                   # i is 2 (with m = 1)
            gradients[i * 2 + m] += …

What each turn stores, the compiler's front end knows: the index of every store is affine in the
loop variables.  A loop is narrowed only if nothing but those stores leaves its turns.  One that
carries a number from turn to turn, a sum or a gradient that is given away once, runs in full; and
where a function looks at results that a turn left out would have written, it all runs in full.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from verypoorcnn.compiler.loops import (
    Array,
    Block,
    Condition,
    Expression,
    Function,
    If,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Statement,
    Store,
)
from verypoorcnn.compiler.ranges import Range

Place = tuple[Array, Index]


class Link(NamedTuple):
    """How one index of a store hangs on a loop: factor · variable + constant + other variables."""

    position: int  # of the index
    factor: int
    constant: int
    others: tuple[tuple[str, int], ...]  # variables with their factors


@dataclass(frozen=True)
class Narrowing:
    """The loops of a function by their lines, and how those that may be narrowed reach an array."""

    sound: bool  # False: nothing may be left out
    loops: dict[int, Loop]
    stores: dict[int, tuple[tuple[Link, ...], ...]]  # of loops to narrow, by line: of each store
    ranges: dict[str, Range]  # of every loop variable, in full

    def range_for(self, element: Sequence[int]) -> Callable[..., Iterator[int]]:
        """A `range` for the function: of each loop only the turns that can reach the element."""
        now = dict(self.ranges)  # where a loop is at work, its variable is one number

        def narrowed(*bounds: int) -> Iterator[int]:
            turns, line = range(*bounds), sys._getframe(1).f_lineno
            loop = self.loops.get(line)
            if loop is None:
                yield from turns
                return
            variable = loop.variable
            if line in self.stores:
                turns = _reaching(turns, self.stores[line], element, now)
            for turn in turns:
                now[variable] = turn, turn
                yield turn
            now[variable] = self.ranges[variable]

        return narrowed


def narrowing(function: Function, array: Array) -> Narrowing:
    """What may be left out of a function when one element of `array` is wanted."""
    loops = {loop.line: loop for loop in _statements(function.body) if isinstance(loop, Loop)}
    ranges = {loop.variable: (loop.start, loop.stop - 1) for loop in loops.values()}
    sound = _looks_at_own_alone(function.body, _written(function.body), set())
    stores = {
        line: tuple(_links(s.index, loop.variable) for s in inside if s.array is array)
        for line, loop in loops.items()
        if (inside := [s for s in _statements(loop.body) if isinstance(s, Store)])
        and _keeps_its_locals(function.body, loop)
    }
    return Narrowing(sound, loops, stores if sound else {}, ranges)


# Which turns.


def _links(index: Index, variable: str) -> tuple[Link, ...]:
    links = (
        Link(position, whole.coefficient(variable), whole.constant,
             tuple((v, k) for v, k in whole.terms if v != variable))
        for position, whole in enumerate(index)
    )  # fmt: skip
    return tuple(link for link in links if link.factor)


def _reaching(
    turns: range,
    stores: Sequence[Sequence[Link]],
    element: Sequence[int],
    now: Mapping[str, Range],
) -> range:
    """The turns in which one of the stores may hit the element."""
    firsts, lasts = [], []
    for links in stores:
        first, last = turns.start, turns.stop - 1
        for link in links:
            low, high = _ends(link, element[link.position], now)
            first, last = max(first, low), min(last, high)
        firsts.append(first)
        lasts.append(last)
    return range(min(firsts), max(lasts) + 1) if stores else range(0)


def _ends(link: Link, wanted: int, now: Mapping[str, Range]) -> Range:
    """Between which values the variable lies if the index is `wanted`."""
    low = high = wanted - link.constant  # between these lies factor · variable
    for variable, factor in link.others:
        ends = [factor * end for end in now[variable]]
        low, high = low - max(ends), high - min(ends)
    if link.factor < 0:
        low, high = -high, -low
    size = abs(link.factor)
    return -(-low // size), high // size


# What leaves a loop's turns.


def _keeps_its_locals(body: Block, loop: Loop) -> bool:
    """Whether every local that the loop sets is set anew in each turn, and used nowhere else."""
    inside = {*map(id, _statements((loop,)))}
    others = [s for s in _statements(body) if id(s) not in inside]
    names = {s.name for s in _statements(loop.body) if isinstance(s, Let)}
    return all(
        _set_before_use(loop.body, name) and not any(_mentions(s, name) for s in others)
        for name in names
    )


def _set_before_use(block: Block, name: str) -> bool:
    """Whether the first that a block does with a local is to set it, always."""
    for position, statement in enumerate(block):
        if not any(_mentions(s, name) for s in _statements((statement,))):
            continue
        match statement:
            case Let(name=own):
                return own == name and not _reads(statement, name)
            case Loop(body=body):  # which may have no turn: then nothing may use it afterwards
                later = any(_mentions(s, name) for s in _statements(block[position + 1 :]))
                return not later and _set_before_use(body, name)
            case _:
                return False
    return True


def _looks_at_own_alone(block: Block, written: set[Array], fresh: set[Place]) -> bool:
    """Whether results are read only to be changed in place, or just after they were set."""
    fresh = set(fresh)
    for statement in block:
        own = {(statement.array, statement.index)} if isinstance(statement, Store) else set()
        looked = {(load.array, load.index) for load in _loads(statement) if load.array in written}
        if not looked <= fresh | own:
            return False
        changed = _written(_inside(statement))
        fresh = {place for place in fresh if place[0] not in changed}
        if not all(_looks_at_own_alone(b, written, fresh) for b in _blocks(statement)):
            return False
        if looked <= fresh:
            fresh |= own
    return True


# Walking.


def _statements(block: Block) -> Iterator[Statement]:
    """All statements of a block, those within loops and ifs too."""
    for statement in block:
        yield statement
        for inner in _blocks(statement):
            yield from _statements(inner)


def _blocks(statement: Statement) -> tuple[Block, ...]:
    match statement:
        case Loop(body=body):
            return (body,)
        case If(then=then, otherwise=otherwise):
            return then, otherwise
        case _:
            return ()


def _inside(statement: Statement) -> Block:
    return tuple(inner for block in _blocks(statement) for inner in block)


def _written(block: Block) -> set[Array]:
    return {statement.array for statement in _statements(block) if isinstance(statement, Store)}


def _mentions(statement: Statement, name: str) -> bool:
    return (isinstance(statement, Let) and statement.name == name) or _reads(statement, name)


def _reads(statement: Statement, name: str) -> bool:
    return any(isinstance(node, Local) and node.name == name for node in _nodes_of(statement))


def _loads(statement: Statement) -> Iterator[Load]:
    return (node for node in _nodes_of(statement) if isinstance(node, Load))


def _nodes_of(statement: Statement) -> Iterator[Expression | Condition]:
    """The expressions that a statement itself computes, without those of its blocks."""
    match statement:
        case Let(value=value) | Store(value=value):
            yield from _nodes(value)
        case If(condition=condition):
            yield from _nodes(condition)


def _nodes(node: Expression | Condition) -> Iterator[Expression | Condition]:
    yield node
    for part in ("left", "right", "operand", "condition", "then", "otherwise"):
        if hasattr(node, part):
            yield from _nodes(getattr(node, part))
