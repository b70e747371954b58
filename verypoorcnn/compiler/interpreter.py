"""The loop IR, run step by step on nested lists: slow, plain, and the judge of every pass.

Each statement does what CPython does with the line that it was read from, in the same order and
with the same roundings.  So a function's IR, before and after every pass, must leave the same bits
in its arrays as the function itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Both,
    Choice,
    Comparison,
    Condition,
    Constant,
    Either,
    Expression,
    Function,
    Guard,
    If,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Not,
    Number,
    Scalar,
    Store,
    Unary,
    compare,
)


def interpret(function: Function, arguments: Sequence[Any]) -> None:
    """Run it: nested lists for its arrays, numbers for its scalars, in the order it names them."""
    _Machine(function, arguments).block(function.body)


class _Machine:
    """What every name stands for while the function runs."""

    def __init__(self, function: Function, arguments: Sequence[Any]) -> None:
        pairs = [*zip(function.arguments, arguments, strict=True)]
        self.arrays = {a: value for a, value in pairs if isinstance(a, Array)}
        self.scalars: dict[str, float] = {a.name: v for a, v in pairs if isinstance(a, Scalar)}
        self.variables: dict[str, int] = {}
        self.locals: dict[str, float] = {}

    def block(self, block: Block) -> None:
        for statement in block:
            match statement:
                case Let(name, value):
                    self.locals[name] = self.value(value)
                case Store(array, index, value):
                    number = self.value(value)
                    row, last = self.place(array, index)
                    row[last] = number
                case If(condition, then, otherwise):
                    self.block(then if self.holds(condition) else otherwise)
                case Loop(variable, start, stop, body):
                    for turn in range(start, stop):
                        self.variables[variable] = turn
                        self.block(body)

    def value(self, expression: Expression) -> float:
        match expression:
            case Constant(value):
                return value
            case Scalar(name):
                return self.scalars[name]
            case Number(whole):
                return float(self.whole(whole))
            case Local(name):
                return self.locals[name]
            case Load(array, index):
                row, last = self.place(array, index)
                number: float = row[last]
                return number
            case Binary(operator, left, right):
                return binary(operator, self.value(left), self.value(right))
            case Unary("-", operand):
                return -self.value(operand)
            case Unary(operator, operand):
                result: float = getattr(math, operator)(self.value(operand))
                return result
            case Choice(condition, then, otherwise):
                return self.value(then if self.holds(condition) else otherwise)

    def holds(self, condition: Condition) -> bool:
        match condition:
            case Comparison(operator, left, right):
                return compare(operator, self.value(left), self.value(right))
            case Guard(operator, whole):
                return compare(operator, self.whole(whole))
            case Both(left, right):
                return self.holds(left) and self.holds(right)
            case Either(left, right):
                return self.holds(left) or self.holds(right)
            case Not(inner):
                return not self.holds(inner)

    def whole(self, affine: Affine) -> int:
        return affine.at(self.variables)

    def place(self, array: Array, index: Index) -> tuple[Any, int]:
        """The innermost list, and the place in it."""
        row = self.arrays[array]
        for position in index[:-1]:
            row = row[self.whole(position)]
        return row, self.whole(index[-1])


def binary(operator: str, left: float, right: float) -> float:
    """Two operands, as CPython computes them."""
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "max":
            return max(left, right)
        case _:
            return min(left, right)
