"""Turn round a nest that scatters: let every element collect what is added to it.

    for i in 0..8:                            for y in 0..10:
        for m in 0..3:                            for m in 0..3:
            a[s, i + m] = a[s, i + m] + …             if y - m >= 0 and y - m - 8 < 0:
                                                          a[s, y] = a[s, y] + …

Loops of the element's index go outwards, the others, a sum, inwards; then the sum can stay in a
register.  It is done where every index is one loop, or two loops that add up with steps of 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Block,
    Both,
    Condition,
    Expression,
    Guard,
    If,
    Let,
    Load,
    Local,
    Loop,
    Statement,
    Store,
    compare,
)
from verypoorcnn.compiler.schedule.legality import addend
from verypoorcnn.compiler.schedule.walk import Rewriter, expressions, parts


def gather(block: Block) -> Block:
    """The block, with its nests that scatter turned round."""
    return tuple(
        new
        for place, statement in enumerate(block)
        for new in (
            _gathered(statement, _locals_read(block[place + 1 :]))
            if isinstance(statement, Loop)
            else (statement,)
        )
    )


def _locals_read(block: Block) -> set[str]:
    return {e.name for e in expressions(block) if isinstance(e, Local)}


@dataclass
class _Scatter:
    """A nest of loops, guards and short cuts whose only effect is one `array[x] += …`."""

    loops: list[Loop] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    lets: dict[str, Expression] = field(default_factory=dict)
    store: Store | None = None

    def read(self, block: Block) -> bool:
        """Take a block apart; False where it is something else."""
        *lets, last = block
        for let in lets:
            if not isinstance(let, Let) or let.name in self.lets:
                return False
            self.lets[let.name] = _Inlined(self.lets).expression(let.value)
        match last:
            case Loop(body=body):
                self.loops.append(last)
                return self.read(body)
            case If(condition, then, ()) if (guards := conjunction(condition)) is not None:
                self.guards += guards
                return self.read(then)
            case Store(array, index, value, line):
                self.store = Store(array, index, _Inlined(self.lets).expression(value), line)
                return True
        return False


def conjunction(condition: Condition) -> list[Guard] | None:
    """The guards that must all hold; None where the condition is more than that."""
    if isinstance(condition, Guard):
        return [condition]
    if isinstance(condition, Both):
        left, right = conjunction(condition.left), conjunction(condition.right)
        return None if left is None or right is None else left + right
    return None


class _Inlined(Rewriter):
    """Puts the value of a local where the local is read."""

    def __init__(self, values: dict[str, Expression]) -> None:
        self.values = values

    def expression(self, node: Expression) -> Expression:
        if isinstance(node, Local):
            return self.values.get(node.name, node)
        return super().expression(node)


def _gathered(loop: Loop, wanted: set[str]) -> Block:
    """The nest turned round if that may be; `wanted` are the locals that are read after it."""
    scatter = _Scatter()
    if not scatter.read((loop,)) or scatter.store is None:
        return (loop,)
    if wanted & scatter.lets.keys() or _locals_read((scatter.store,)) & scatter.lets.keys():
        return (loop,)  # a local that outlives a turn of the loops
    store, added = scatter.store, addend(scatter.store)
    if added is None or any(isinstance(e, Load) and e.array is store.array for e in parts(added)):
        return (loop,)
    turn = _Turn(store, {loop.variable: loop for loop in scatter.loops})
    inner = [loop for loop in scatter.loops if loop.variable not in turn.outer_variables]
    if not turn.possible or not inner:
        return (loop,)
    return turn.nest(inner, scatter.guards)


class _Turn(Rewriter):
    """The new loops over the element's index, and what they make of the old variables."""

    def __init__(self, store: Store, loops: dict[str, Loop]) -> None:
        self.loops = loops
        self.store = store
        self.outer: list[Loop] = []
        self.outer_variables: set[str] = set()  # of the old loops that go outwards
        self.replaced: dict[str, Affine] = {}
        self.guards: list[Guard] = []
        self.possible = all(self.take(whole, store.array, k) for k, whole in enumerate(store.index))

    def affine(self, whole: Affine) -> Affine:
        return whole.replaced(self.replaced)

    def take(self, whole: Affine, array: Array, dimension: int) -> bool:
        """A loop for one index; False where the index has another form."""
        variables = whole.variables()
        if self.outer_variables & set(variables) or any(k != 1 for _, k in whole.terms):
            return False
        if len(variables) == 1 and whole.constant == 0:
            self.outer.append(self.loops[variables[0]])
            self.outer_variables.add(variables[0])
            return True
        return len(variables) == 2 and self.turn(whole, array, dimension)

    def turn(self, whole: Affine, array: Array, dimension: int) -> bool:
        """element = i + m + constant becomes a loop over the element: i = element − m − …"""
        long, short = sorted(
            (self.loops[v] for v in whole.variables()), key=lambda o: o.start - o.stop
        )
        element = f"{long.variable}.at"
        first = max(0, whole.constant + long.start + short.start)
        last = min(array.shape[dimension] - 1, whole.constant + long.stop + short.stop - 2)
        if last < first:
            return False
        self.outer.append(Loop(element, first, last + 1, (), long.line))
        self.outer_variables.add(long.variable)
        old = Affine.variable(element) - Affine.variable(short.variable) - whole.constant
        self.replaced[long.variable] = old
        self.guards += [Guard(">=", old - long.start), Guard("<", old - long.stop)]
        return True

    def nest(self, inner: list[Loop], guards: list[Guard]) -> Block:
        """The nest turned round, every guard as far out as its variables allow."""
        loops = self.outer + inner
        ranges = {loop.variable: loop for loop in loops}
        waiting = [g for g in self.guards if not _holds(g, ranges)]
        for guard in guards:
            moved = Guard(guard.operator, self.affine(guard.whole))
            if not _holds(moved, ranges):
                waiting.append(moved)
        body = super().block((self.store,))
        for loop in reversed(loops):
            here = [g for g in waiting if loop.variable in g.whole.variables()]
            waiting = [g for g in waiting if g not in here]
            body = (replace(loop, body=_if(here, body)),)
        return body


def _if(guards: list[Guard], body: Block) -> Block:
    if not guards:
        return body
    condition: Condition = guards[0]
    for guard in guards[1:]:
        condition = Both(condition, guard)
    first: Statement = body[0]
    return (If(condition, body, (), first.line),)


def _holds(guard: Guard, loops: dict[str, Loop]) -> bool:
    """Whether a guard is true for every value of the loops; == and != are not looked into."""
    if guard.operator in ("==", "!="):
        return False
    low = high = guard.whole.constant
    for variable, k in guard.whole.terms:
        ends = k * loops[variable].start, k * (loops[variable].stop - 1)
        low, high = low + min(ends), high + max(ends)
    return compare(guard.operator, low) and compare(guard.operator, high)
