"""Small simplifications that change no result and no order: loops of one turn, ifs that choose."""

from __future__ import annotations

from dataclasses import replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Block, Choice, Function, If, Let, Loop, Statement, Store
from verypoorcnn.compiler.passes.names import Placing
from verypoorcnn.compiler.schedule.walk import Rewriter


def unwrap_single_turns(function: Function) -> Function:
    """A loop of one turn is its body, with the one value in the place of its variable."""
    return replace(function, body=_Unwrapping({}).block(function.body))


class _Unwrapping(Placing):
    def statement(self, statement: Statement) -> Block:
        match statement:
            case Loop(variable, start, stop, body) if stop - start == 1:
                self.values[variable] = Affine(start)
                return self.block(body)
        return super().statement(statement)


def choose_values(function: Function) -> Function:
    """An if whose branches only write the same place becomes one write of one value or the other.

    `if c: x = a` and `else: x = b` become `x = a if c else b`.
    """
    return replace(function, body=_Choosing().block(function.body))


class _Choosing(Rewriter):
    def statement(self, statement: Statement) -> Block:
        kept = super().statement(statement)
        match kept:
            case (If(condition, (Let(name, a),), (Let(other, b),)),) if name == other:
                return (Let(name, Choice(condition, a, b), statement.line),)
            case (If(condition, (Store(array, at, a),), (Store(other, there, b),)),) if (
                array is other and at == there
            ):
                return (Store(array, at, Choice(condition, a, b), statement.line),)
        return kept
