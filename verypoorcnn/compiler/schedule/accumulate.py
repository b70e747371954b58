"""Let sums over samples go on from group to group, for batches of more than one group.

    biases[k] = total          →          biases[k] = biases[k] + total

Whoever runs the code writes zeros first, so a store of 0 to such an array falls away.  What is to
be done with a finished sum cannot stand in the same code: it runs once for every group.
"""

from __future__ import annotations

from collections.abc import Iterator

from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Constant,
    If,
    Let,
    Load,
    Local,
    Loop,
    Statement,
    Store,
)
from verypoorcnn.compiler.schedule.legality import Refused, addend, addend_of_local
from verypoorcnn.compiler.schedule.walk import Rewriter, accesses, loads, statements, stores


def accumulate(block: Block) -> tuple[Block, tuple[Array, ...]]:
    """The block with its sums going on, and the arrays that hold them.

    Raises:
        Refused: something else than a sum over samples is written where all samples share it.
    """
    sums = tuple(dict.fromkeys(s.array for s in stores(block) if not s.array.per_sample))
    result = _Accumulator(block).block(block)
    for load in loads(result):
        own = sum(load == Load(s.array, s.index) and addend(s) is not None for s in stores(result))
        if load.array in sums and not own:
            raise Refused(f"{load.array} is read before all groups of samples are added up")
    for statement in result:
        if not any(array.per_sample for array, _ in accesses((statement,))):
            raise Refused("what does not depend on samples would run once for every group")
    return result, sums


class _Accumulator(Rewriter):
    def __init__(self, block: Block) -> None:
        self.totals = set(_totals(block))

    def statement(self, statement: Statement) -> Block:
        match statement:
            case Store(array, index, value, line) if not array.per_sample:
                if value == Constant(0.0):
                    return ()
                if addend(statement) is not None:
                    return (statement,)
                if isinstance(value, Local) and value.name in self.totals:
                    more = Binary("+", Load(array, index), value)
                    return (Store(array, index, more, line),)
                raise Refused(f"{array} gets no sum over samples, so it needs the whole batch")
            case Loop() | If():
                new = super().statement(statement)
                emptied = any(stores((statement,))) and not any(stores(new))
                return () if emptied else new
        return super().statement(statement)


def _totals(block: Block) -> Iterator[str]:
    """Locals that begin with 0.0 and are only ever added to."""
    lets: dict[str, list[Let]] = {}
    for statement in statements(block):
        if isinstance(statement, Let):
            lets.setdefault(statement.name, []).append(statement)
    for name, every in lets.items():
        begins = [let for let in every if let.value == Constant(0.0)]
        adds = [let for let in every if addend_of_local(let) is not None]
        if begins and len(begins) + len(adds) == len(every):
            yield name
