"""The schedule of a nest: lanes, tiles, loops at run time, straight-line copies.

    for s: for f: for i: for j:                   lanes s (samples):
        total = 0.0                                   repeat i = 0, 1, … (8 times):
        for m: for n: total = total + …      →            jam j + 0..4: jam f + 0..4:
        maps[s, f, i, j] = total                              total = 0.0
                                                              repeat m …: unroll n …: total = …
                                                              maps[s, f, i, j] = total

A loop is cut where a condition on its variable changes, so that within a piece every such condition
is decided; single iterations may still stand in one tile with others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from itertools import product as combinations

from verypoorcnn.compiler.loops import (
    Block,
    Guard,
    If,
    Let,
    Loop,
    Number,
    Statement,
    Store,
    compare,
)
from verypoorcnn.compiler.schedule.lanes import LaneChoice, choose_lanes
from verypoorcnn.compiler.schedule.legality import Flow, independent
from verypoorcnn.compiler.schedule.tiles import (
    STRAIGHT,
    Candidate,
    Target,
    Tile,
    TileModel,
    operations,
    reuse,
)
from verypoorcnn.compiler.schedule.tree import (
    Branch,
    Jam,
    Lanes,
    Node,
    Nodes,
    Repeat,
    Unroll,
    printed,
)
from verypoorcnn.compiler.schedule.walk import band, expressions, nest, statements
from verypoorcnn.compiler.vector.layout import GROUP, Layout

PARTIAL = 96  # operations that a loop at run time is unrolled to
MOST = 64  # copies of a loop that is unrolled whole


@dataclass(slots=True)
class Nest:
    """The schedule of one top-level statement."""

    nodes: Nodes
    lanes: LaneChoice = field(default_factory=LaneChoice)

    def __str__(self) -> str:
        lines = [f"clear the spare samples of {a}" for a in self.lanes.cleared]
        lines += [f"transpose {a}" for a in self.lanes.transposed]
        return "\n".join([*lines, *printed(self.nodes)])


def plan(statement: Statement, layout: Layout, target: Target, flow: Flow) -> Nest:
    """The schedule of a top-level statement.

    Raises:
        NotVectorizable: samples are mixed in another way than by a sum.
    """
    return _Planner(layout, target, flow).nest(statement)


class _Planner:
    """Plans one nest."""

    def __init__(self, layout: Layout, target: Target, flow: Flow) -> None:
        self.layout, self.target, self.flow = layout, target, flow
        self.lanes = LaneChoice()
        self.values: dict[str, list[int]] = {}  # of the loops around: values that stand for all
        self.ranges: dict[str, range] = {}  # of all loops
        self.single: set[str] = set()  # loops whose variable is used as a float
        self.in_samples = False

    def nest(self, statement: Loop | Let | Store | If) -> Nest:
        """The schedule of a statement."""
        self.lanes = choose_lanes(statement, self.layout, self.flow)
        loops = [s for s in statements((statement,)) if isinstance(s, Loop)]
        self.ranges = {o.variable: range(o.start, o.stop) for o in loops}
        numbers = [e.whole for e in expressions((statement,)) if isinstance(e, Number)]
        self.single = {v for whole in numbers for v in whole.variables()}
        return Nest(self.block((statement,), 1, False), self.lanes)

    def block(self, block: Block, copies: int, tiled: bool) -> Nodes:
        """Statements, of which so many copies are made; `tiled`: the tile is chosen already."""
        return tuple(node for s in block for node in self.statement(s, copies, tiled))

    def statement(self, s: Loop | Let | Store | If, copies: int, tiled: bool) -> Nodes:
        """One statement."""
        match s:
            case Loop():
                return self.loop(s, copies, tiled)
            case If(condition, then, otherwise, line):
                branches = self.block(then, copies, tiled), self.block(otherwise, copies, tiled)
                return (Branch(condition, *branches, line),)
        return (s,)

    # Loops.

    def loop(self, loop: Loop, copies: int, tiled: bool) -> Nodes:
        """A loop: lanes, a tile, or one iteration after another."""
        loops, body = self.band(loop)
        for inner in loops:
            if inner.variable in self.lanes.samples:
                return self.samples(inner, loops, body, copies, tiled)
        jammable = {o.variable for o in loops if independent(o, o.body, self.flow)}
        if tiled or not jammable:
            return self.sequence(loop, copies, tiled)
        nodes = self.tiles(loops, body, jammable, copies)
        if any(o.variable == self.lanes.element for o in loops):
            return (Lanes(self.lanes.element, False, nodes),)
        return nodes

    def band(self, loop: Loop) -> tuple[list[Loop], Block]:
        """The band of a loop, as far as the loop over samples if that is a sum."""
        loops, body = band(loop)
        for k, inner in enumerate(loops):
            if inner.variable in self.lanes.samples and k and not self.is_private(inner):
                return loops[:k], (inner,)
        return loops, body

    def is_private(self, loop: Loop) -> bool:
        return independent(loop, loop.body, self.flow)

    def samples(
        self, sample: Loop, loops: list[Loop], body: Block, copies: int, tiled: bool
    ) -> Nodes:
        """The loop over samples goes into the lanes, outside of the loops it stands among."""
        copies *= self.halves
        rest = [o for o in loops if o is not sample]
        self.in_samples = True
        self.values[sample.variable] = [0]
        if rest and self.is_private(sample):
            inner = _joined(rest, body)
            nodes = self.loop(inner, copies, tiled) if not tiled else self.sequence(
                inner, copies, tiled
            )  # fmt: skip
        else:
            nodes = self.block(sample.body, copies, tiled)
        self.in_samples = False
        return (Lanes(sample.variable, True, nodes),)

    @property
    def halves(self) -> int:
        """Registers that the samples of a group take."""
        return GROUP // self.target.width

    def step(self, loop: Loop) -> int:
        """How far one trip goes: a whole register where the loop is in the lanes."""
        return self.target.width if loop.variable == self.lanes.element else 1

    def trips(self, loop: Loop) -> int:
        return -(-(loop.stop - loop.start) // self.step(loop))

    def sequence(self, loop: Loop, copies: int, tiled: bool) -> Nodes:
        """One iteration after another, some or all of them in a straight line."""
        work = operations(loop.body) * copies
        trips = self.trips(loop)
        whole = trips <= MOST and trips * work <= STRAIGHT
        unroll = trips if whole else max(
            [d for d in range(1, trips + 1) if trips % d == 0 and d * work <= PARTIAL] or [1]
        )  # fmt: skip
        nodes: list[Node] = []
        for start, times, count in self.pieces(loop, unroll):
            step = self.step(loop)
            self.values[loop.variable] = [start + c * step for c in range(count)]
            body = self.block(loop.body, copies, tiled)
            if count > 1:
                body = (Unroll(loop.variable, count, step, body),)
            nodes.append(Repeat(loop.variable, start, times, count * step, body))
        del self.values[loop.variable]
        return tuple(nodes)

    # Tiles.

    def tiles(self, loops: list[Loop], body: Block, jammable: set[str], copies: int) -> Nodes:
        """Loops at run time round a tile."""
        sums = 0 if self.in_samples else len(self.lanes.samples)
        halves = self.halves if self.lanes.samples else 1
        model = TileModel(body, self.flow, self.target, halves, sums)
        candidates = [Candidate(o.variable, self.trips(o)) for o in loops if o.variable in jammable]
        tile = model.best(candidates)
        if len(jammable) == len(loops):
            loops = sorted(loops, key=lambda o: reuse(body, o.variable))
        return self.tile_loops(loops, {}, body, tile, copies)

    def tile_loops(
        self,
        loops: list[Loop],
        jams: dict[str, tuple[int, int]],
        body: Block,
        tile: Tile,
        copies: int,
    ) -> Nodes:
        """The loops, one in the other; at the innermost the copies that are jammed."""
        if not loops:
            return self.jammed(jams, body, copies)
        loop, *rest = loops
        step = self.step(loop)
        nodes: list[Node] = []
        for start, times, count in self.pieces(loop, tile.get(loop.variable, 1)):
            self.values[loop.variable] = [start + c * step for c in range(count)]
            more = {**jams, loop.variable: (count, step)} if count > 1 else jams
            inner = self.tile_loops(rest, more, body, tile, copies)
            nodes.append(Repeat(loop.variable, start, times, count * step, inner))
        del self.values[loop.variable]
        return tuple(nodes)

    def jammed(self, jams: dict[str, tuple[int, int]], body: Block, copies: int) -> Nodes:
        """The largest number of copies innermost: it goes slowest, so the fewest loads are held."""
        for count, _ in jams.values():
            copies *= count
        nodes = self.block(body, copies, True)
        for variable, (count, step) in sorted(jams.items(), key=lambda item: -item[1][0]):
            nodes = (Jam(variable, count, step, nodes),)
        return nodes

    # Pieces.

    def pieces(self, loop: Loop, copies: int) -> list[tuple[int, int, int]]:
        """(start, times, copies) that cover a loop; what runs several times decides all guards."""
        step, found = self.step(loop), []
        end = loop.start + self.trips(loop) * step
        at = loop.start
        cuts = self.cuts(loop)
        while at < end:
            until = next(cut for cut in cuts if cut > at)
            times = (until - at) // (copies * step)
            if times > 1:
                found.append((at, times, copies))
                at += times * copies * step
            else:
                count = min(copies, (end - at) // step)
                found.append((at, 1, count))
                at += count * step
        return found

    def cuts(self, loop: Loop) -> list[int]:
        """Where a condition on the loop's variable changes, and the end."""
        step = self.step(loop)
        end = loop.start + self.trips(loop) * step
        if loop.variable in self.single:
            return list(range(loop.start, end + 1))
        guards = [
            e
            for e in expressions(loop.body)
            if isinstance(e, Guard) and loop.variable in e.whole.variables()
        ]
        if not guards:
            return [end]
        signs = [self.signs(guards, loop, x) for x in range(loop.start, end)]
        changes = [x + 1 + loop.start for x, (a, b) in enumerate(pairwise(signs)) if a != b]
        return [*changes, end]

    def signs(self, guards: list[Guard], loop: Loop, x: int) -> tuple[bool, ...]:
        """What the guards say at one value of the loop's variable."""
        return tuple(
            compare(guard.operator, x * guard.whole.coefficient(loop.variable) + rest)
            for guard in guards
            for rest in self.rests(guard, loop)
        )

    def rests(self, guard: Guard, loop: Loop) -> list[int]:
        """The values of a guard without the loop's own part, over all other loops."""
        others = [(v, k) for v, k in guard.whole.terms if v != loop.variable]
        values = [[k * x for x in self.values.get(v) or self.ranges[v]] for v, k in others]
        return sorted({guard.whole.constant + sum(at) for at in combinations(*values)})


def _joined(loops: list[Loop], body: Block) -> Loop:
    """The outermost of these loops, the others and the body inside."""
    (outermost,) = nest(loops, body)
    assert isinstance(outermost, Loop)
    return outermost
