"""Sums over the samples that lie side by side in the lanes.

A local that goes from sample to sample becomes a sum for each lane, from zero; when all samples are
through, the lanes are added up, four sums at a time, and then what the local was before.

    total = 0.5                          v1 = constant 0.0, in a register that changes
    for s: total = total + x[s, k]       v1 = add v1, x[k];  v2 = total v1, …;  v3 = element v2, 0
                                         v4 = add 0.5, v3

Samples that do not exist must add nothing: either what is added is a product of elements that are 0
there (the arrays are cleared before), or it is masked.
"""

from __future__ import annotations

from collections.abc import Sequence

from verypoorcnn.compiler.loops import Array, Expression, Let, Store
from verypoorcnn.compiler.schedule.lanes import product
from verypoorcnn.compiler.schedule.legality import Flow, NotVectorizable, addend
from verypoorcnn.compiler.schedule.tree import Branch, Lanes, Node, Nodes
from verypoorcnn.compiler.vector.code import Value
from verypoorcnn.compiler.vector.evaluate import Evaluator
from verypoorcnn.compiler.vector.points import Key, Point

TOTALS = 4  # values that one `total` adds up


class SampleSums(Evaluator):
    """What the generator does about samples."""

    flow: Flow
    sums: set[str]  # locals that are being summed over the samples in the lanes
    cleared: set[Array]  # arrays that hold 0 for samples that do not exist
    _names: dict[int, set[str]]

    def begin_sums(self, node: Lanes) -> dict[str, dict[Key, Value]]:
        """Let every local that goes from sample to sample be one sum per lane, from zero."""
        names = self.names_in(node.body) & self.flow.bound(node.variable)
        before = {name: dict(self.locals.slots(name)) for name in sorted(names)}
        for name, slots in before.items():
            for key in slots:
                zero = self.builder.fresh(self.builder.constant(0.0), True)
                self.locals.slots(name)[key] = zero
        self.sums = names
        return before

    def end_sums(self, before: dict[str, dict[Key, Value]]) -> None:
        """Add the lanes up, four sums at a time, and what was there before."""
        b = self.builder
        every = [(name, key, old) for name, slots in before.items() for key, old in slots.items()]
        for start in range(0, len(every), TOTALS):
            some = every[start : start + TOTALS]
            total = b.apply("total", *(self.locals.slots(name)[key] for name, key, _ in some))
            total.lanes = False
            for lane, (name, key, old) in enumerate(some):
                value = b.apply("element", total, detail=lane)
                if old.mutable:
                    value = b.apply("add", old, value, into=old)
                elif b.number(old) != 0.0:
                    value = b.apply("add", old, value)
                self.locals.slots(name)[key] = value

    def kept(self, value: Value, point: Point) -> Value:
        """The value, with 0 for the samples that do not exist."""
        half = next(o for v, o in point.key if v in self.addresses.lanes)
        return self.builder.apply("keep", value, detail=half)

    def is_clear(self, added: Expression) -> bool:
        """Whether what is added is 0 anyway for samples that do not exist."""
        factors = [f.array for f in product(added) or () if f.array.per_sample]
        base = self.addresses.layout.base
        return bool(factors) and all(base(array) in self.cleared for array in factors)

    def clear(self, arrays: Sequence[Array]) -> None:
        """Write 0 where samples do not exist."""
        for array in map(self.addresses.layout.base, arrays):
            if array not in self.cleared:
                placement = self.addresses.layout.arrays[array]
                place = self.addresses.place_of_all(array)
                self.builder.whole_array("clear", place, placement.size)
                self.cleared.add(array)

    def store_sum(self, node: Store, point: Point) -> None:
        """array[x] += something, for every sample."""
        added, b = addend(node), self.builder
        if added is None:
            raise NotVectorizable(f"{node.array} is written by every sample; only += can be")
        value = self.kept(self.evaluate(added, point), point)
        if point.mask is not None:
            value = b.apply("select", point.mask, value, b.constant(0.0))
        total = b.apply("element", b.apply("total", value), detail=0)
        total.lanes = False
        place = self.addresses.place(node.array, node.index, point)
        operator = "add" if node.value.operator == "+" else "sub"  # type: ignore[union-attr]
        b.store(place, b.apply(operator, b.load(place), total))

    def transposed(self, array: Array) -> Array:
        """A copy of an array [s][d] in rows of samples."""
        layout = self.addresses.layout
        copy = layout.scratch(f"{array}.rows", array.shape)
        places = self.addresses.place_of_all(array), self.addresses.place_of_all(copy)
        self.builder.whole_array("transpose", places[0], places[1])
        return copy

    def names_in(self, nodes: Nodes) -> set[str]:
        """The locals that are given a value in a schedule."""
        names = self._names.get(id(nodes))
        if names is None:
            names = {node.name for node in walk(nodes) if isinstance(node, Let)}
            self._names[id(nodes)] = names
        return names


def walk(nodes: Nodes) -> list[Node]:
    """All nodes of a schedule."""
    found: list[Node] = []
    for node in nodes:
        found.append(node)
        if isinstance(node, Branch):
            found += walk(node.then) + walk(node.otherwise)
        elif not isinstance(node, Let | Store):
            found += walk(node.body)
    return found
