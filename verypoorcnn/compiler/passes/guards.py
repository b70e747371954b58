"""Guards: cut the loops where one changes, and take away those that are decided.

A convolution with a border of zeros asks at every step whether it is still inside of the image:

    for m in 0..5:                              for m in 1..5:
        if i + m - 2 >= 0:        at i = 1          …
            …

Where a guard changes, the loop around it is cut: the pieces run one after another, just as the
loop did, and in each the guard is known.  What a guard keeps out is then never begun, instead of
being asked about or multiplied by zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Block,
    Both,
    Choice,
    Condition,
    Either,
    Expression,
    Function,
    Guard,
    If,
    Loop,
    Not,
    Statement,
)
from verypoorcnn.compiler.passes.names import Copying, Names
from verypoorcnn.compiler.ranges import Ranges, decision
from verypoorcnn.compiler.schedule.walk import Rewriter, expressions, statements

PIECES = 12  # of one loop at most; a loop that would need more stays whole


def cut_loops(function: Function) -> Function:
    """Cut every loop where a guard inside of it changes."""
    names = Names(function.body)
    return replace(function, body=_cut_block(function.body, {}, names))


def _cut_block(block: Block, ranges: Ranges, names: Names) -> Block:
    return tuple(piece for s in block for piece in _cut(s, ranges, names))


def _cut(statement: Statement, ranges: Ranges, names: Names) -> Iterator[Statement]:
    match statement:
        case Loop():
            for piece in _pieces(statement, ranges, names):
                inside = {**ranges, piece.variable: (piece.start, piece.stop - 1)}
                yield replace(piece, body=_cut_block(piece.body, inside, names))
        case If(_, then, otherwise):
            then, otherwise = (_cut_block(b, ranges, names) for b in (then, otherwise))
            yield replace(statement, then=then, otherwise=otherwise)
        case _:
            yield statement


def _pieces(loop: Loop, ranges: Ranges, names: Names) -> list[Loop]:
    """The loop, cut; all but the first piece with variables of their own."""
    ends = _ends(loop, ranges)
    if not 1 < len(ends) <= PIECES:
        return [loop]
    pieces: list[Loop] = []
    for start, stop in zip([loop.start, *ends], ends, strict=False):
        variable, body = loop.variable, loop.body
        if pieces:
            variable = names.fresh(loop.variable)
            body = Copying({loop.variable: Affine.variable(variable)}, names).block(body)
        pieces.append(replace(loop, variable=variable, start=start, stop=stop, body=body))
    return pieces


def _ends(loop: Loop, ranges: Ranges) -> list[int]:
    """Where the pieces of a loop end.

    Turns in a row for which every guard is decided in the same way are one piece.  A turn in which
    a guard depends on loops inside of this one is a piece alone, so that those can be cut.
    """
    inside = _inner_ranges(loop.body)
    asked = [g for g in _guards(loop.body) if loop.variable in g.whole.variables()]
    alone = [any(v in inside for v in guard.whole.variables()) for guard in asked]

    def answers(turn: int) -> object:
        known = {**ranges, **inside, loop.variable: (turn, turn)}
        found = [decision(guard, known) for guard in asked]
        peeled = any(a and answer is None for a, answer in zip(alone, found, strict=True))
        return turn if peeled else tuple(found)

    groups = groupby(range(loop.start, loop.stop), answers)
    return [[*turns][-1] + 1 for _, turns in groups]


def _guards(block: Block) -> Iterator[Guard]:
    return (node for node in expressions(block) if isinstance(node, Guard))


def _inner_ranges(block: Block) -> dict[str, tuple[int, int]]:
    loops = (s for s in statements(block) if isinstance(s, Loop))
    return {loop.variable: (loop.start, loop.stop - 1) for loop in loops}


def decide_guards(function: Function) -> Function:
    """Take away every guard that the ranges of the loops around it decide."""
    return replace(function, body=_Deciding().block(function.body))


class _Deciding(Rewriter):
    """Knows the ranges of the loops around the place where it is."""

    def __init__(self) -> None:
        self.ranges: dict[str, tuple[int, int]] = {}

    def statement(self, statement: Statement) -> Block:
        match statement:
            case Loop(variable, start, stop, _):
                self.ranges[variable] = (start, stop - 1)
                kept = super().statement(statement)
                return kept if _blocks(kept) else ()
            case If(condition, then, otherwise):
                known = self.decided(condition)
                if isinstance(known, bool):
                    return self.block(then if known else otherwise)
                kept = super().statement(replace(statement, condition=known))
                return kept if _blocks(kept) else ()
        return super().statement(statement)

    def expression(self, node: Expression) -> Expression:
        if isinstance(node, Choice):
            known = self.decided(node.condition)
            if isinstance(known, bool):
                return self.expression(node.then if known else node.otherwise)
            return Choice(known, self.expression(node.then), self.expression(node.otherwise))
        return super().expression(node)

    def decided(self, condition: Condition) -> Condition | bool:
        """True or False where it is known, else what is left of the condition."""
        match condition:
            case Guard():
                known = decision(condition, self.ranges)
                return condition if known is None else known
            case Both(left, right) | Either(left, right):
                parts = self.decided(left), self.decided(right)
                return _joined(*parts, both=isinstance(condition, Both))
            case Not(inner):
                part = self.decided(inner)
                return not part if isinstance(part, bool) else Not(part)
        return self.condition(condition)


def _blocks(kept: Block) -> bool:
    """Whether there is anything in a loop or an if."""
    match kept:
        case (Loop(body=body),):
            return bool(body)
        case (If(then=then, otherwise=otherwise),):
            return bool(then or otherwise)
    return True


def _joined(left: Condition | bool, right: Condition | bool, *, both: bool) -> Condition | bool:
    """Two conditions of which one may be known."""
    if left is (not both) or right is (not both):
        return not both
    if isinstance(left, bool):
        return right
    if isinstance(right, bool):
        return left
    return Both(left, right) if both else Either(left, right)
