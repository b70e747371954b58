"""What may be reordered: one predicate, on which every change of order rests.

The iterations of a loop are *independent* when no local goes from one iteration to the next or
leaves the loop, and every array written in it either is private to the iteration (some index of
all its elements is the loop's variable itself) or is only ever added to:

    for i in 0..8:                              for i in 1..8:
        maps[s, i] = max(0.0, images[s, i])         outputs[s, i] = outputs[s, i - 1] * 0.5

On the left they are independent; on the right an iteration reads what another one wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Expression,
    If,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Store,
)
from verypoorcnn.compiler.schedule.walk import (
    Node,
    assigned,
    expressions_of,
    loads,
    parts,
    statements,
    stores,
)
from verypoorcnn.errors import UserError


class NotVectorizable(UserError):
    """The compiler cannot make vector code of a function that is in the subset; says why."""


def plain(name: str) -> str:
    """A name without the number that keeps the names of several functions apart."""
    return name.partition(".")[0]


class Flow:
    """Which locals go round or out of each loop, by the loop's variable; made once a function."""

    def __init__(self, body: Block) -> None:
        self.carried: dict[str, set[str]] = {}
        self.escaping: dict[str, set[str]] = {}
        self._known: dict[int, set[str]] = {}
        self._before(body, set())

    def bound(self, variable: str) -> set[str]:
        """Locals whose value outlives an iteration of this loop."""
        return self.carried[variable] | self.escaping[variable]

    def _before(self, block: Block, after: set[str]) -> set[str]:
        """The locals that are needed before a block, given those needed after it."""
        live = set(after)
        for statement in reversed(block):
            match statement:
                case Let(name, value):
                    live.discard(name)
                    live |= locals_in(parts(value))
                case Store(value=value):
                    live |= locals_in(parts(value))
                case If(condition, then, otherwise):
                    # Under a mask one branch runs after the other, and a local may keep its value.
                    live |= self._before(otherwise, live)
                    live |= self._before(then, live) | locals_in(parts(condition))
                case Loop(variable, _, _, body):
                    inner, needed = assigned(body), self._exposed(body)
                    self.carried[variable] = inner & needed
                    self.escaping[variable] = inner & live
                    live = self._before(body, live | needed)
        return live

    def _exposed(self, block: Block) -> set[str]:
        """The locals that a block reads before it has surely given them a value."""
        known = self._known.get(id(block))
        if known is None:
            known = self._known[id(block)] = set()
            for statement in reversed(block):
                match statement:
                    case Let(name, value):
                        known.discard(name)
                        known |= locals_in(parts(value))
                    case Store(value=value):
                        known |= locals_in(parts(value))
                    case If(condition, then, otherwise):
                        known |= self._exposed(then) | self._exposed(otherwise)
                        known |= locals_in(parts(condition))
                    case Loop(body=body):
                        known -= _surely_assigned(body) - self._exposed(body)
                        known |= self._exposed(body)
        return known


def _surely_assigned(block: Block) -> set[str]:
    """The locals that a block gives a value whatever its conditions say."""
    sure: set[str] = set()
    for statement in block:
        if isinstance(statement, Let):
            sure.add(statement.name)
        elif isinstance(statement, Loop):
            sure |= _surely_assigned(statement.body)
    return sure


def locals_in(nodes: Iterable[Node]) -> set[str]:
    """The locals that are read."""
    return {node.name for node in nodes if isinstance(node, Local)}


def independent(loop: Loop, body: Block, flow: Flow) -> bool:
    """Whether the iterations of `loop` may be mixed; `body` is what they do."""
    return not flow.bound(loop.variable) and all(
        only_added_to(array, body) or private(array, body, loop.variable)
        for array in {store.array for store in stores(body)}
    )


def places(array: Array, body: Block) -> list[Index]:
    """The indices at which an array is read or written."""
    return [s.index for s in stores(body) if s.array is array] + [
        e.index for e in loads(body) if e.array is array
    ]


def private(array: Array, body: Block, variable: str) -> bool:
    """Whether each iteration has elements of its own: one index is always the variable itself."""
    own = Affine.variable(variable)
    everywhere = places(array, body)
    return any(all(at[k] == own for at in everywhere) for k in range(len(array.shape)))


def only_added_to(array: Array, body: Block) -> bool:
    """Whether all that happens to an array is `array[…] = array[…] ± something`."""
    written = [s for s in stores(body) if s.array is array]
    read = sum(e.array is array for e in loads(body))
    return read == len(written) and all(addend(s) is not None for s in written)


def addend(store: Store) -> Expression | None:
    """What `array[x] = array[x] ± addend` adds; None where the statement is no such sum."""
    place = Load(store.array, store.index)
    match store.value:
        case Binary("+" | "-", left, right) if left == place:
            return right
    return None


def addend_of_local(let: Let) -> Expression | None:
    """What `name = name ± addend` adds; None where the statement is no such sum."""
    match let.value:
        case Binary("+" | "-", Local(left), right) if left == let.name:
            return right
    return None


def is_sum(name: str, body: Block) -> bool:
    """Whether all that happens to a local is `name = name ± something without it`."""
    for statement in statements(body):
        reads = sum(isinstance(e, Local) and e.name == name for e in expressions_of(statement))
        if isinstance(statement, Let) and statement.name == name:
            if addend_of_local(statement) is None or reads != 1:
                return False
            continue
        if reads:
            return False
    return True
