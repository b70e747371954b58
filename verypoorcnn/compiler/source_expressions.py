"""Expressions and conditions of a textbook function, from Python's tree to the loop IR.

A name or an expression stands for one of three things: a whole number, which is affine and known
to the compiler; a list with some of its indices given; or a float expression of the IR.
"""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal, NoReturn, cast

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.definition import SubsetError
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Both,
    Choice,
    Compare,
    Comparison,
    Condition,
    Constant,
    Either,
    Expression,
    Guard,
    Load,
    Not,
    Number,
    Scalar,
    Unary,
)
from verypoorcnn.compiler.loops import (
    compare as compare,
)

Argument = Array | Scalar | int | float


class Sublist:
    """An array with its first indices given: `images[s][c]`."""

    __slots__ = ("array", "index")

    def __init__(self, array: Array, index: tuple[Affine, ...] = ()) -> None:
        self.array = array
        self.index = index


Value = Affine | Sublist | Expression  # what a name or an expression stands for

OPERATORS: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
COMPARES: dict[type[ast.cmpop], Compare] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
FUNCTIONS = ("exp", "log", "sqrt")


class ExpressionReader:
    """Reads expressions.  `names` holds what every name stands for at this place."""

    def __init__(self, file: str, functions: dict[str, Any]) -> None:
        self.file = file
        self.globals = functions  # what names mean that the function does not give itself
        self.names: dict[str, Value] = {}
        self.counted: list[int] = []  # lines where the number of samples is taken for a number

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int(whole)):
                return Affine(whole)
            case ast.Constant(value=float(number)):
                return Constant(number)
            case ast.Name(id=name):
                if name in self.names:
                    return self.names[name]
                self.refuse(node, f"'{name}' is not known here", "give it a value before, always")
            case ast.Subscript(value=of, slice=index):
                return self.element(node, self.value(of), index)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(node, op, self.value(left), self.value(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(node, self.value(operand))
            case ast.IfExp(test=test, body=then, orelse=otherwise):
                return self.choice_of(node, self.condition(test), then, otherwise)
            case ast.Call(func=ast.Name(id=name), args=[*arguments], keywords=[]):
                return self.call(node, name, [self.value(argument) for argument in arguments])
        self.refuse(node, "this expression is not in the subset", "write it with + - * / and names")

    def element(self, node: ast.Subscript, of: Value, index: ast.expr) -> Value:
        if not isinstance(of, Sublist):
            self.refuse(node, "there is no list here to take an element of", "take one index away")
        indices = (*of.index, self.whole(index))
        complete = len(indices) == len(of.array.shape)
        return Load(of.array, indices) if complete else Sublist(of.array, indices)

    def binary(self, node: ast.AST, op: ast.operator, left: Value, right: Value) -> Value:
        if isinstance(left, Affine) and isinstance(right, Affine):
            whole = self.whole_binary(op, left, right)
            if whole is not None:
                return whole
        if type(op) not in OPERATORS:
            self.refuse(node, "this operator is not in the subset", "write it with + - * /")
        operands = self.number(node, left), self.number(node, right)
        return Binary(OPERATORS[type(op)], *operands)

    def whole_binary(self, op: ast.operator, left: Affine, right: Affine) -> Affine | None:
        """Arithmetic of whole numbers; None where the result is none, or not affine."""
        match op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult() if right.is_constant:
                return left * right.constant
            case ast.Mult() if left.is_constant:
                return right * left.constant
            case ast.FloorDiv() if left.is_constant and right.is_constant and right.constant:
                return Affine(left.constant // right.constant)
            case ast.Mod() if left.is_constant and right.is_constant and right.constant:
                return Affine(left.constant % right.constant)
        return None

    def negative(self, node: ast.AST, value: Value) -> Value:
        if isinstance(value, Affine):
            return value * -1
        if isinstance(value, Constant):
            return Constant(-value.value)
        return Unary("-", self.number(node, value))

    def choice_of(
        self, node: ast.AST, condition: Condition | bool, then: ast.expr, otherwise: ast.expr
    ) -> Value:
        if isinstance(condition, bool):
            return self.value(then if condition else otherwise)
        values = [self.number(node, self.value(branch)) for branch in (then, otherwise)]
        return Choice(condition, *values)

    def call(self, node: ast.Call, name: str, arguments: list[Value]) -> Value:
        self.check_meaning(node, name)
        match name, arguments:
            case "len", [Sublist() as of]:
                if self.counts_samples(node):
                    self.counted.append(self.line(node))
                return Affine(of.array.shape[len(of.index)])
            case "max" | "min", [Affine() as a, Affine() as b] if a.is_constant and b.is_constant:
                return Affine((max if name == "max" else min)(a.constant, b.constant))
            case "max" | "min", [a, b]:
                pair = self.number(node, a), self.number(node, b)
                return Binary("max" if name == "max" else "min", *pair)
            case "exp" | "log" | "sqrt", [a]:
                return Unary(name, self.number(node, a))
        self.refuse(node, f"{name} of these is not in the subset",
                    "there are len, max and min of two, exp, log, sqrt")  # fmt: skip

    def counts_samples(self, node: ast.expr) -> Array | None:
        """The array whose samples an expression counts, as `len(images)` does; else None."""
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)], keywords=[]):
                of = self.names.get(name)
                if isinstance(of, Sublist) and of.array.per_sample and not of.index:
                    return of.array
        return None

    def check_meaning(self, node: ast.Call, name: str) -> None:
        """That a function's name means here what it means to the compiler."""
        meant = getattr(math, name, None) if name in FUNCTIONS else getattr(builtins, name, None)
        given = self.globals.get(name, getattr(builtins, name, None))
        if name in self.names or given is not meant:
            advice = f"from math import {name}" if name in FUNCTIONS else "take another name"
            self.refuse(node, f"'{name}' is not the function of that name here", advice)

    # Conditions.

    def condition(self, node: ast.expr) -> Condition | bool:
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.condition(value) for value in values]
                return _all(parts) if isinstance(op, ast.And) else _any(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                part = self.condition(operand)
                return not part if isinstance(part, bool) else Not(part)
            case ast.Compare(left=left, ops=ops, comparators=others):
                pairs = zip(ops, pairwise(map(self.value, (left, *others))), strict=True)
                return _all([self.comparison(node, op, a, b) for op, (a, b) in pairs])
        self.refuse(node, "this is no comparison", "compare two numbers")

    def comparison(self, node: ast.AST, op: ast.cmpop, a: Value, b: Value) -> Condition | bool:
        if type(op) not in COMPARES:
            self.refuse(node, "this comparison is not in the subset", "use == != < <= > >=")
        operator = COMPARES[type(op)]
        if isinstance(a, Affine) and isinstance(b, Affine):
            return decided(operator, a - b)
        return Comparison(operator, self.number(node, a), self.number(node, b))

    # What is expected.

    def whole(self, node: ast.expr) -> Affine:
        value = self.value(node)
        if not isinstance(value, Affine):
            self.refuse(node, "this is no whole number the compiler knows",
                        "index with loop variables, len and whole numbers")  # fmt: skip
        return value

    def number(self, node: ast.AST, value: Value) -> Expression:
        if isinstance(value, Sublist):
            self.refuse(node, "a list is used as a number", "give all its indices")
        if isinstance(value, Affine):
            return Constant(float(value.constant)) if value.is_constant else Number(value)
        return value

    def line(self, node: ast.AST) -> int:
        return cast(int, getattr(node, "lineno", 1))

    def refuse(self, node: ast.AST, what: str, instead: str) -> NoReturn:
        code = ast.unparse(node).split("\n")[0]
        raise SubsetError(f"{self.file}:{self.line(node)}: {what}: {code}; {instead}")


def decided(operator: Compare, whole: Affine) -> Condition | bool:
    """Whether `whole operator 0`, if that is known."""
    return compare(operator, whole.constant) if whole.is_constant else Guard(operator, whole)


def _all(parts: Sequence[Condition | bool]) -> Condition | bool:
    open_parts = [part for part in parts if not isinstance(part, bool)]
    if any(part is False for part in parts):
        return False
    if not open_parts:
        return True
    result = open_parts[0]
    for part in open_parts[1:]:
        result = Both(result, part)
    return result


def _any(parts: Sequence[Condition | bool]) -> Condition | bool:
    open_parts = [part for part in parts if not isinstance(part, bool)]
    if any(part is True for part in parts):
        return True
    if not open_parts:
        return False
    result = open_parts[0]
    for part in open_parts[1:]:
        result = Either(result, part)
    return result
