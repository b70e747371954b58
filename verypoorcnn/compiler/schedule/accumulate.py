"""Let sums over samples go on from group to group, for batches of more than one group.

    biases[k] = total          →          biases[k] = biases[k] + total

Whoever runs the code writes zeros first, so a store of 0 to such an array falls away.  What is to
be done with a finished sum cannot stand in the same code: it runs once for every group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from verypoorcnn.compiler.schedule.legality import (
    Flow,
    NotVectorizable,
    addend,
    addend_of_local,
    locals_in,
    plain,
)
from verypoorcnn.compiler.schedule.walk import Rewriter, expressions_of, statements, stores


def accumulate(block: Block) -> tuple[Block, tuple[Array, ...]]:
    """The block with its sums going on, and the arrays that hold them.

    Raises:
        NotVectorizable: something else than a sum over samples is written where all share it.
    """
    sums = tuple(dict.fromkeys(s.array for s in stores(block) if not s.array.per_sample))
    result = _Accumulator(block).block(block)
    _check_elements(result, sums)
    _check_locals(result)
    return result, sums


def _check_elements(block: Block, sums: Sequence[Array]) -> None:
    """That sums in memory are read only where they are added to."""
    for statement in statements(block):
        read = [e.array for e in expressions_of(statement) if isinstance(e, Load)]
        if isinstance(statement, Store) and addend(statement) is not None:
            read.remove(statement.array)
        for array in sums:
            if array in read:
                raise NotVectorizable(f"{array} is read before all groups of samples are added up")


def _check_locals(block: Block) -> None:
    """That what is summed over samples goes nowhere but into the sums in memory."""
    flow = Flow(block)
    summed = {name for loop in _sample_loops(block) for name in flow.bound(loop.variable)}
    for statement in statements(block):
        for name in locals_in(expressions_of(statement)) & summed:
            if not _only_sums(name, statement):
                raise NotVectorizable(
                    f"'{plain(name)}' is read before all groups of samples are added up"
                )


def _only_sums(name: str, statement: Statement) -> bool:
    """Whether a statement only adds to a local, or the local to an element."""
    match statement:
        case Let():
            return statement.name == name and addend_of_local(statement) is not None
        case Store():
            return addend(statement) == Local(name)
    return False


class _Accumulator(Rewriter):
    def __init__(self, block: Block) -> None:
        self.totals = set(_totals(block))
        self.in_samples = False

    def statement(self, statement: Statement) -> Block:
        match statement:
            case Store(array, value=value) if not array.per_sample:
                return () if value == Constant(0.0) else (self.sum(statement),)
            case Loop() | If():
                outside = self.in_samples
                self.in_samples = outside or (isinstance(statement, Loop) and statement.samples)
                new = super().statement(statement)
                self.in_samples = outside
                emptied = any(stores((statement,))) and not any(stores(new))
                return () if emptied else new
        return super().statement(statement)

    def sum(self, store: Store) -> Store:
        """A store as a sum that goes on from what the groups before have left."""
        value = addend(store) or store.value
        total = isinstance(value, Local) and value.name in self.totals
        if addend(store) is not None and (total or self.in_samples):
            return store
        if not total:
            raise NotVectorizable(
                f"{store.array} gets no sum over samples, so it needs the whole batch"
            )
        place = Load(store.array, store.index)
        return Store(store.array, store.index, Binary("+", place, value), store.line)


def _totals(block: Block) -> Iterator[str]:
    """Locals that begin with 0.0 and are only ever added to, for every sample."""
    lets: dict[str, list[Let]] = {}
    for statement in statements(block):
        if isinstance(statement, Let):
            lets.setdefault(statement.name, []).append(statement)
    of_samples = {id(s) for loop in _sample_loops(block) for s in statements(loop.body)}
    for name, every in lets.items():
        begins = [let for let in every if let.value == Constant(0.0)]
        adds = [let for let in every if addend_of_local(let) is not None]
        only_sums = len(begins) + len(adds) == len(every)
        if begins and only_sums and all(id(let) in of_samples for let in adds):
            yield name


def _sample_loops(block: Block) -> list[Loop]:
    return [s for s in statements(block) if isinstance(s, Loop) and s.samples]
