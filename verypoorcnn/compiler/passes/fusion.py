"""Fusion: the functions of a program as one, with loops that go over the same elements joined.

The calls of a network's program run one after another, each over all samples.  Where each turn of
a later loop needs of an earlier one only what the same turn computed, both can be one loop:

    for s: maps[s, …] = …                       for s:
    for s: … = max(0.0, maps[s, …])   becomes       maps[s, …] = …
                                                    … = max(0.0, maps[s, …])

An image then goes through all layers before the next one begins, and what was computed is at hand
where it is needed.  Every statement is placed as early as what it depends on allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Block,
    Function,
    If,
    Index,
    Let,
    Local,
    Loop,
    Scalar,
    Statement,
)
from verypoorcnn.compiler.passes.names import Placing
from verypoorcnn.compiler.schedule.walk import (
    Renamer,
    accesses,
    assigned,
    expressions,
    expressions_of,
    statements,
    stores,
)


def fused(functions: Sequence[Function], name: str) -> Function:
    """One function that does what these do one after another.

    What they share they share as the same `Array`, and scalars by their names.
    """
    used: set[str] = set()
    body: list[Statement] = []
    for function in functions:
        own = _names(function.body)
        new = {old: _fresh(old, used) for old in sorted(own)}
        body += Renamer(new).block(function.body)
    arguments: dict[str, Array | Scalar] = {
        a.name: a for function in functions for a in function.arguments
    }
    return Function(name, tuple(arguments.values()), _joined(tuple(body), outermost=True))


def _names(block: Block) -> set[str]:
    """The locals and loop variables of a block."""
    return assigned(block) | {s.variable for s in statements(block) if isinstance(s, Loop)}


def _fresh(name: str, used: set[str]) -> str:
    count, wish = 1, name
    while wish in used:
        count += 1
        wish = f"{name}_{count}"
    used.add(wish)
    return wish


@dataclass(frozen=True)
class _Facts:
    """What a statement touches."""

    places: dict[Array, list[Index]]  # of all elements that it reads or writes
    written: frozenset[Array]
    assigned: frozenset[str]  # locals
    locals: frozenset[str]  # given or read
    needed: frozenset[str]  # read before they are given

    @classmethod
    def of(cls, statement: Statement) -> _Facts:
        block = (statement,)
        places: dict[Array, list[Index]] = {}
        for array, index in accesses(block):
            places.setdefault(array, []).append(index)
        given = frozenset(assigned(block))
        read = frozenset(e.name for e in expressions(block) if isinstance(e, Local))
        written = frozenset(s.array for s in stores(block))
        return cls(places, written, given, given | read, frozenset(_needed(block, set())))

    def and_then(self, other: _Facts) -> _Facts:
        """Of both, where the other needs no local of this one."""
        places = dict(self.places)
        for array, indices in other.places.items():
            places[array] = [*places.get(array, ()), *indices]
        return _Facts(
            places,
            self.written | other.written,
            self.assigned | other.assigned,
            self.locals | other.locals,
            self.needed | other.needed,
        )

    def shared(self, other: _Facts) -> set[Array]:
        """Arrays that one of them writes and the other touches."""
        written = self.written | other.written
        return {array for array in self.places.keys() & other.places.keys() if array in written}

    def conflicts(self, other: _Facts) -> bool:
        """Whether their order matters."""
        locals_ = self.assigned & other.locals or self.locals & other.assigned
        return bool(locals_ or self.shared(other))


def _needed(block: Block, after: set[str]) -> set[str]:
    """The locals that are read before they are given."""
    needed = set(after)
    for statement in reversed(block):
        match statement:
            case Loop(_, _, _, body):
                needed |= _needed(body, needed)
            case If(_, then, otherwise):
                needed = _needed(then, needed) | _needed(otherwise, needed)
            case Let(name, _):
                needed.discard(name)
        needed |= {e.name for e in expressions_of(statement) if isinstance(e, Local)}
    return needed


def _joined(block: Block, *, outermost: bool = False) -> Block:
    """A block in which loops are joined, and what is inside of them."""
    result: list[tuple[Statement, _Facts]] = []
    for statement in block:
        facts = _Facts.of(statement)
        position = len(result)
        while position:
            earlier, known = result[position - 1]
            joint = _join(earlier, known, statement, facts)
            if joint:
                result[position - 1] = joint
                break
            if known.conflicts(facts):
                result.insert(position if outermost else len(result), (statement, facts))
                break
            position -= 1
        else:
            ahead = outermost and isinstance(statement, Loop) and not _by_sample(statement)
            result.insert(0 if ahead else len(result), (statement, facts))
    return tuple(_inside(statement) for statement, _ in result)


def _inside(statement: Statement) -> Statement:
    if isinstance(statement, Loop):
        return replace(statement, body=_joined(statement.body))
    return statement


def _join(a: Statement, known: _Facts, b: Statement, facts: _Facts) -> tuple[Loop, _Facts] | None:
    """Both loops as one, if each turn of b needs of a only what the same turn did."""
    if not (isinstance(a, Loop) and isinstance(b, Loop)):
        return None
    if (a.start, a.stop) != (b.start, b.stop):
        return None
    shared = known.shared(facts)
    alike = _by_sample(a) and _by_sample(b)
    if not (alike or shared) or known.assigned & facts.needed or facts.assigned & known.needed:
        return None
    own = Affine.variable(a.variable), Affine.variable(b.variable)
    if not all(_same_turn(known.places[x], facts.places[x], *own) for x in shared):
        return None
    body = Placing({b.variable: own[0]}).block(b.body)
    also = _Facts.of(replace(b, variable=a.variable, body=body))
    return replace(a, body=(*a.body, *body)), known.and_then(also)


def _same_turn(a: list[Index], b: list[Index], first: Affine, second: Affine) -> bool:
    """Whether some index is always the loop's variable, in both."""
    return any(
        all(index[k] == first for index in a) and all(index[k] == second for index in b)
        for k in range(len(a[0]))
    )


def _by_sample(statement: Statement) -> bool:
    """Whether it is a loop over samples."""
    if not isinstance(statement, Loop):
        return False
    sample = Affine.variable(statement.variable)
    return any(a.per_sample and index[0] == sample for a, index in accesses(statement.body))
