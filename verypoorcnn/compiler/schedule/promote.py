"""Keep an element in a local while a loop works on it, instead of in memory.

    for m in 0..3:                                sum = 0.0
        maps[s, i] = maps[s, i] + w[m] * x[s, m]  for m in 0..3:
                                                      sum = sum + w[m] * x[s, m]
                                                  maps[s, i] = maps[s, i] + sum

It is done for the outermost loop in which the element's index does not change.  An element that is
only added to starts from zero and is added at the end, so that the sum may run over samples.
"""

from __future__ import annotations

from dataclasses import replace

from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Constant,
    Expression,
    If,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Statement,
    Store,
)
from verypoorcnn.compiler.schedule.legality import only_added_to, places
from verypoorcnn.compiler.schedule.walk import Rewriter, statements, stores


def promote(block: Block) -> Block:
    """The block with its constant elements in locals."""
    out: list[Statement] = []
    for statement in block:
        if isinstance(statement, Loop):
            out += _promoted(statement)
        elif isinstance(statement, If):
            branches = promote(statement.then), promote(statement.otherwise)
            out.append(If(statement.condition, *branches, statement.line))
        else:
            out.append(statement)
    return tuple(out)


def _promoted(loop: Loop) -> Block:
    before: list[Statement] = []
    after: list[Statement] = []
    for array in dict.fromkeys(store.array for store in stores(loop.body)):
        index = constant_index(array, loop)
        if index is None:
            continue
        name, place = f"{array.name}.{loop.variable}", Load(array, index)
        summed = only_added_to(array, loop.body)
        line = next(s.line for s in stores(loop.body) if s.array is array)
        before.append(Let(name, Constant(0.0) if summed else place, line))
        loop = replace(loop, body=_Kept(array, name).block(loop.body))
        value: Expression = Binary("+", place, Local(name)) if summed else Local(name)
        after.append(Store(array, index, value, line))
    return (*before, replace(loop, body=promote(loop.body)), *after)


def constant_index(array: Array, loop: Loop) -> Index | None:
    """The one index at which a loop touches an array, if it does not move with any loop in it."""
    first, *others = places(array, loop.body)
    moving = {loop.variable} | {s.variable for s in statements(loop.body) if isinstance(s, Loop)}
    if any(other != first for other in others):
        return None
    return None if any(moving & set(whole.variables()) for whole in first) else first


class _Kept(Rewriter):
    """Reads and writes a local instead of the array."""

    def __init__(self, array: Array, name: str) -> None:
        self.kept = array
        self.local = name

    def statement(self, statement: Statement) -> Block:
        if isinstance(statement, Store) and statement.array is self.kept:
            return (Let(self.local, self.expression(statement.value), statement.line),)
        return super().statement(statement)

    def expression(self, node: Expression) -> Expression:
        if isinstance(node, Load) and node.array is self.kept:
            return Local(self.local)
        return super().expression(node)
