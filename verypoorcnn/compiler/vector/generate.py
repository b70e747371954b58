"""From a schedule to operations on vectors.

One idea does nearly all of it: the statements of a schedule are run through for a list of points,
each statement once for every point before the next statement.  Unroll-and-jam, register tiles, the
two halves of a group where a register holds eight lanes, and what is left over at the edges are all
lists of points; sharing what several points load falls to the builder.

    jam i + 0..2: jam f + 0..2:         v1 = load kernels[0] (one);  v2 = load images[0]
        total = total + images[s, i]    v3 = fma v1, v2, v3;         v4 = load kernels[100] (one)
                      * kernels[f]      v5 = fma v4, v2, v5;         v6 = load images[64]
                                        v7 = fma v1, v6, v7;         v8 = fma v4, v6, v8
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from verypoorcnn.compiler.loops import Array, Let, Load, Local, Store
from verypoorcnn.compiler.schedule.legality import Flow, NotVectorizable, addend, addend_of_local
from verypoorcnn.compiler.schedule.plan import Nest
from verypoorcnn.compiler.schedule.tree import Branch, Jam, Lanes, Node, Nodes, Repeat, Unroll
from verypoorcnn.compiler.vector.addresses import Addresses
from verypoorcnn.compiler.vector.builder import Builder
from verypoorcnn.compiler.vector.code import Code, Value
from verypoorcnn.compiler.vector.layout import GROUP, Layout
from verypoorcnn.compiler.vector.points import Locals, Point
from verypoorcnn.compiler.vector.sums import SampleSums, walk


class Generator(SampleSums):
    """Runs through one schedule after another; `flow` knows the locals that outlive iterations."""

    def __init__(self, layout: Layout, width: int) -> None:
        self.builder = Builder(Code(width, layout))
        self.addresses = Addresses(layout)
        self.locals = Locals()
        self.width = width
        self.flow: Flow
        self.sums: set[str] = set()  # locals that are being summed over the samples in the lanes
        self.in_samples = False
        self._names: dict[int, set[str]] = {}
        self.cleared: set[Array] = set()  # arrays that hold 0 for samples that do not exist

    def nest(self, nest: Nest, flow: Flow) -> None:
        """The code of a nest, and what must be done to memory before it."""
        self.flow = flow
        self.clear(nest.lanes.cleared)
        self.addresses.transposed = {a: self.transposed(a) for a in nest.lanes.transposed}
        self.nodes(nest.nodes, [Point()])
        base = self.addresses.layout.base
        self.cleared -= {base(node.array) for node in walk(nest.nodes) if isinstance(node, Store)}

    def finish(self) -> Code:
        """The code of all of them."""
        return self.builder.finish()

    # Statements.

    def nodes(self, nodes: Nodes, points: Sequence[Point]) -> None:
        """Statements one after another, each for all points."""
        for node in nodes:
            self.node(node, points)

    def node(self, node: Node, points: Sequence[Point]) -> None:
        """One statement."""
        match node:
            case Let():
                self.builder.line = node.line
                for point in points:
                    self.let(node, point)
            case Store():
                self.builder.line = node.line
                for point in points:
                    self.store(node, point)
            case Branch():
                self.branch(node, points)
            case Repeat():
                self.repeat(node, points)
            case Unroll(variable, copies, step, body):
                for copy in range(copies):
                    inner = [p.moved(variable, copy * step) for p in points]
                    with self.own_locals(variable, body):
                        self.nodes(body, inner)
            case Jam(variable, copies, step, body):
                inner = [p.moved(variable, c * step) for c in range(copies) for p in points]
                with self.own_locals(variable, body):
                    self.nodes(body, inner)
            case Lanes():
                self.lanes(node, points)

    def let(self, node: Let, point: Point) -> None:
        """Give a local its value."""
        old = self.locals.get(node.name, point.key)
        into = old if old is not None and old.mutable else None
        before = len(self.builder.ops)
        value = self.let_value(node, point)
        if point.mask is not None and old is not None:
            value = self.builder.apply("select", point.mask, value, old, into=into)
        elif into is not None:
            value = self.written(value, into, before)
        elif value.mutable:
            value = self.builder.copy(value)
        self.locals.put(node.name, point.key, value)

    def let_value(self, node: Let, point: Point) -> Value:
        """The value; what a sum over samples adds is 0 for samples that do not exist."""
        added = addend_of_local(node) if node.name in self.sums else None
        if added is None or self.is_clear(added):
            return self.evaluate(node.value, point)
        value = self.kept(self.evaluate(added, point), point)
        return self.builder.apply(
            "add" if node.value.operator == "+" else "sub",  # type: ignore[union-attr]
            self.evaluate(Local(node.name), point),
            value,
        )

    def written(self, value: Value, into: Value, before: int) -> Value:
        """A changing register after it was given a value.

        The operation that made the value writes into the register itself if it was the last, and
        made for this statement: `before` is how many operations there were.
        """
        if value is into:
            return into
        last = self.builder.ops[-1]
        new = len(self.builder.ops) > before and last is not None and last.dest is value
        if new and not value.mutable:
            self.builder.redirect(value, into)
            return into
        return self.builder.apply("move", value, into=into)

    def store(self, node: Store, point: Point) -> None:
        """Write an element."""
        b = self.builder
        place = self.addresses.place(node.array, node.index, point)
        if self.in_samples and not place.vector:
            self.store_sum(node, point)
            return
        value = self.stored_value(node, point)
        if value.lanes and not place.vector:
            raise NotVectorizable(
                f"{node.array}: the samples give different numbers to one element; "
                "only a sum over the samples can be stored there"
            )
        if point.mask is not None and addend(node) is None:
            value = b.apply("select", point.mask, value, b.load(place))
        b.store(place, value)

    def stored_value(self, node: Store, point: Point) -> Value:
        """The value; under a mask, what is added is 0 where the mask is not set."""
        added, b = addend(node), self.builder
        if point.mask is None or added is None:
            return self.evaluate(node.value, point)
        old = self.evaluate(Load(node.array, node.index), point)
        value = self.evaluate(added, point)
        value = b.apply("select", point.mask, value, b.constant(0.0))
        operator = "add" if node.value.operator == "+" else "sub"  # type: ignore[union-attr]
        return b.apply(operator, old, value)

    def branch(self, node: Branch, points: Sequence[Point]) -> None:
        """Points go into the block that their condition says, under a mask if it must be."""
        then: list[Point] = []
        otherwise: list[Point] = []
        self.builder.line = node.line
        for point in points:
            decision = self.condition(node.condition, point)
            if isinstance(decision, bool):
                (then if decision else otherwise).append(point)
                continue
            then.append(point.masked(self.both(point.mask, decision)))
            opposite = self.builder.apply("not", decision) if node.otherwise else decision
            otherwise.append(point.masked(self.both(point.mask, opposite)))
        for block, inside in ((node.then, then), (node.otherwise, otherwise)):
            if block and inside:
                self.nodes(block, inside)

    # Loops.

    @contextmanager
    def own_locals(self, variable: str, body: Nodes) -> Iterator[None]:
        """Locals that belong to one iteration alone begin anew; those of outside come back."""
        hidden = self.locals.hide(self.names_in(body) - self.flow.bound(variable))
        yield
        self.locals.restore(hidden)

    def repeat(self, node: Repeat, points: Sequence[Point]) -> None:
        """A loop, at run time unless it has one turn."""
        with self.own_locals(node.variable, node.body):
            if node.trips == 1:
                self.addresses.once(node.variable, node.start)
                self.nodes(node.body, points)
            else:
                self.running(node, points)

    def running(self, node: Repeat, points: Sequence[Point]) -> None:
        """A loop at run time.  Locals that go round it get registers that change."""
        bound = self.names_in(node.body) & self.flow.bound(node.variable)
        changing = self.changing(bound)
        loop, known = self.builder.enter(node.trips, written_in(node.body, self.addresses.layout))
        self.addresses.loop(node.variable, node.start, loop, node.step, node.trips)
        self.nodes(node.body, points)
        for value in changing:
            value.version += 1
        self.builder.leave(loop, known)

    def changing(self, names: set[str]) -> list[Value]:
        """Put locals into registers that may change; what is known of their old values is not."""
        registers = []
        for name in sorted(names):
            for key, value in self.locals.slots(name).items():
                if not value.mutable:
                    lanes = value.lanes or self.in_samples or bool(self.addresses.lanes)
                    value = self.builder.fresh(value, lanes)
                    self.locals.slots(name)[key] = value
                value.version += 1
                registers.append(value)
        return registers

    # Lanes.

    def lanes(self, node: Lanes, points: Sequence[Point]) -> None:
        """Run the body for as many lanes as there are in a group, or in a register."""
        with self.own_locals(node.variable, node.body):
            self.side_by_side(node, points)

    def side_by_side(self, node: Lanes, points: Sequence[Point]) -> None:
        """The body with all its loads and stores a register wide."""
        a = self.addresses
        offsets = range(0, GROUP, self.width) if node.samples else range(1)
        if node.samples:
            a.once(node.variable, 0)
        a.lanes.add(node.variable)
        a.changed_lanes()
        outside = self.in_samples, self.sums
        sums = self.begin_sums(node) if node.samples else {}
        self.in_samples = self.in_samples or node.samples
        self.nodes(node.body, [p.moved(node.variable, h) for h in offsets for p in points])
        self.in_samples, self.sums = outside
        a.lanes.discard(node.variable)
        a.changed_lanes()
        self.end_sums(sums)


def written_in(nodes: Nodes, layout: Layout) -> set[Array]:
    """The arrays whose memory is written."""
    return {layout.base(node.array) for node in walk(nodes) if isinstance(node, Store)}
