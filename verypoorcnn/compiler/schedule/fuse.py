"""Put neighbouring nests into one, so that a value is used while it is still in a register.

    for s in 0..16:                               for s in 0..16:
        for k in 0..8:                                for k in 0..8:
            outputs[s, k] = …                             outputs[s, k] = …
    for s in 0..16:                                       hidden[s, k] = max(0.0, outputs[s, k])
        for k in 0..8:
            hidden[s, k] = max(0.0, outputs[s, k])

They must have the same loops and no locals in common, and of every array that they share and that
one of them writes, the iterations of each loop must touch elements of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from verypoorcnn.compiler.loops import Block, Loop, Statement
from verypoorcnn.compiler.schedule.legality import locals_in, private
from verypoorcnn.compiler.schedule.walk import (
    Renamer,
    accesses,
    assigned,
    band,
    expressions,
    nest,
    statements,
    stores,
)


def chained(blocks: Iterable[Block]) -> Block:
    """The blocks of several functions one after another, their names kept apart by a number."""
    out: list[Statement] = []
    for number, block in enumerate(blocks):
        variables = {s.variable for s in statements(block) if isinstance(s, Loop)}
        names = {name: f"{name}.{number}" for name in variables | assigned(block)}
        out += Renamer(names).block(block)
    return tuple(out)


def fuse(block: Block) -> Block:
    """Every loop joined to the one before it where that changes nothing."""
    out: list[Statement] = []
    for statement in block:
        joined = None
        if out and isinstance(statement, Loop) and isinstance(out[-1], Loop):
            joined = _joined(out[-1], statement)
        if joined is None:
            out.append(statement)
        else:
            out[-1] = joined
    return tuple(out)


def _joined(first: Loop, second: Loop) -> Statement | None:
    """Both nests in one, or None."""
    loops, body = band(first)
    others, other_body = band(second)
    if [*map(_turns, loops)] != [*map(_turns, others)]:
        return None
    names = {o.variable: loop.variable for loop, o in zip(loops, others, strict=True)}
    moved = Renamer(names).block(other_body)
    if not _apart(body, moved, [loop.variable for loop in loops]):
        return None
    return nest(loops, body + moved)[0]


def _turns(loop: Loop) -> tuple[int, int, bool]:
    return loop.start, loop.stop, loop.samples


def _locals(block: Block) -> set[str]:
    """The locals that are given a value or read."""
    return assigned(block) | locals_in(expressions(block))


def _apart(body: Block, other: Block, variables: list[str]) -> bool:
    """Whether no iteration of one reads or writes what another iteration of the other writes."""
    if assigned(body) & _locals(other) or assigned(other) & _locals(body):
        return False
    shared = {a for a, _ in accesses(body)} & {a for a, _ in accesses(other)}
    written = {s.array for s in stores(body)} | {s.array for s in stores(other)}
    both = body + other
    return all(private(a, both, v) for a in shared & written for v in variables)
