"""From a textbook function's source to the loop IR.

The function is read with `ast`, for arrays of given shapes and given whole numbers.  Whole numbers
never reach the IR: names that hold them, `len` and loop variables turn into affine indices, bounds
and guards while reading, and a guard that is decided already takes its `if` away.  Whatever lies
outside the subset (docs/subset.md) is an error with file, line, the construct and what to write.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NoReturn, cast

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.bounds import outside
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Both,
    Choice,
    Compare,
    Comparison,
    Condition,
    Constant,
    Either,
    Expression,
    Function,
    Guard,
    If,
    Let,
    Load,
    Local,
    Loop,
    Not,
    Number,
    Scalar,
    Store,
    Unary,
)
from verypoorcnn.compiler.loops import (
    compare as compare,
)
from verypoorcnn.errors import UserError

Argument = Array | Scalar | int | float


class SubsetError(UserError):
    """A construct that the compiler does not read: `file:line: what; what to write instead`."""


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


def read(function: Callable[..., None], arguments: Sequence[Argument]) -> Function:
    """The IR of a textbook function for these arguments, in the order of its parameters.

    Raises:
        SubsetError: the function leaves the subset, or an index leaves its array.
    """
    reader = _Reader(function, arguments)
    result = reader.function()
    for found in outside(result.body):
        low, high = found.found
        raise SubsetError(
            f"{reader.file}:{found.line}: an index leaves its list: {found.place}, whose index "
            f"{found.position + 1} goes from {low} to {high} where there are "
            f"{found.place.array.shape[found.position]}; put a guard around it or shorten the loop"
        )
    return result


@lru_cache
def _parsed(function: Callable[..., None]) -> tuple[ast.FunctionDef, str, int]:
    """Its tree, its file, and the line before its first."""
    lines, first = inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines))).body[0]
    file = inspect.getsourcefile(function) or "?"
    if not isinstance(tree, ast.FunctionDef):
        raise SubsetError(f"{file}:{first}: this is no function; define it with def")
    return tree, file, first - 1


class _Reader:
    """Walks one function.  `names` holds what every name stands for at this place."""

    def __init__(self, function: Callable[..., None], arguments: Sequence[Argument]) -> None:
        self.tree, self.file, self.before = _parsed(function)
        self.globals = function.__globals__
        parameters = self.parameters()
        if len(parameters) != len(arguments):
            self.refuse(self.tree, f"{len(arguments)} arguments given", "give one a parameter")
        self.names: dict[str, Value] = {}
        self.arguments: list[Array | Scalar] = []
        for name, argument in zip(parameters, arguments, strict=True):
            self.names[name] = self.argument(argument)
        self.variables: dict[str, int] = {}  # how often a loop variable's name was used

    def parameters(self) -> list[str]:
        """Their names; only plain ones can be told apart by position."""
        every = self.tree.args
        fancy = (every.vararg, every.kwarg, *every.posonlyargs, *every.kwonlyargs, *every.defaults)
        if any(fancy):
            self.refuse(self.tree, "a parameter is not a plain one", "name all, without defaults")
        return [argument.arg for argument in every.args]

    def argument(self, argument: Argument) -> Value:
        """What a parameter stands for."""
        match argument:
            case Array():
                self.arguments.append(argument)
                return Sublist(argument)
            case Scalar():
                self.arguments.append(argument)
                return argument
            case int():
                return Affine(argument)
            case _:
                return Constant(argument)

    def function(self) -> Function:
        """All of it."""
        body = self.block(self.tree.body)
        return Function(self.tree.name, tuple(self.arguments), body, self.file)

    # Statements.

    def block(self, nodes: Sequence[ast.stmt]) -> Block:
        return tuple(s for node in nodes for s in self.statement(node))

    def statement(self, node: ast.stmt) -> Block:
        match node:
            case ast.For():
                return self.loop(node)
            case ast.Assign(targets=[target], value=value):
                return self.assignment(node, target, self.value(value))
            case ast.AugAssign(target=target, op=op, value=value):
                result = self.binary(node, op, self.value(target), self.value(value))
                return self.assignment(node, target, result, again=True)
            case ast.If(test=test, body=then, orelse=otherwise):
                return self.choice(node, self.condition(test), then, otherwise)
            case ast.Expr(value=ast.Constant(value=str())) | ast.Pass():
                return ()
        self.refuse(node, "this statement is not in the subset", "write loops, ifs, assignments")

    def loop(self, node: ast.For) -> Block:
        """A loop with constant bounds; one that never runs is left out."""
        name, start, stop = self.bounds(node)
        if name in self.names:
            self.refuse(node, f"'{name}' means something else here", "take another name")
        count = self.variables.get(name, 0) + 1
        self.variables[name] = count
        variable = name if count == 1 else f"{name}_{count}"
        outside = dict(self.names)
        self.names[name] = Affine.variable(variable)
        body = self.block(node.body)
        self.leave(outside, ran=stop > start)
        return (Loop(variable, start, stop, body, self.line(node)),) if stop > start else ()

    def bounds(self, node: ast.For) -> tuple[str, int, int]:
        match node:
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[*arguments], keywords=[]),
                orelse=[],
            ) if 1 <= len(arguments) <= 2:
                ends = [self.whole(argument) for argument in arguments]
                if not all(end.is_constant for end in ends):
                    self.refuse(node, "a bound depends on a loop", "guard the body with if")
                start, stop = [0, *(end.constant for end in ends)][-2:]
                return name, start, stop
        self.refuse(node, "only 'for name in range(…)'", "write it so, without a step")

    def leave(self, outside: dict[str, Value], ran: bool) -> None:
        """After a loop: float locals stay if it ran, whole numbers of the inside are gone."""
        for name, value in self.names.items():
            if ran and name not in outside and isinstance(value, Local):
                outside[name] = value
        self.names = outside

    def choice(
        self,
        node: ast.If,
        condition: Condition | bool,
        then: Sequence[ast.stmt],
        otherwise: Sequence[ast.stmt],
    ) -> Block:
        if isinstance(condition, bool):
            return self.block(then if condition else otherwise)
        before = dict(self.names)
        first = self.block(then)
        after_first, self.names = self.names, before
        second = self.block(otherwise)
        self.names = {n: v for n, v in self.names.items() if after_first.get(n) is v or n in before}
        self.names |= {
            n: v for n, v in after_first.items() if isinstance(v, Local) and n in self.names
        }
        return (If(condition, first, second, self.line(node)),)

    def assignment(
        self, node: ast.stmt, target: ast.expr, value: Value, again: bool = False
    ) -> Block:
        if isinstance(target, ast.Name):
            return self.name_assignment(node, target.id, value, again)
        place = self.value(target)
        if not isinstance(place, Load):
            self.refuse(target, "this is not an element", "assign to a name or one number")
        return (Store(place.array, place.index, self.number(node, value), self.line(node)),)

    def name_assignment(self, node: ast.stmt, name: str, value: Value, again: bool) -> Block:
        known = self.names.get(name)
        if isinstance(value, Affine | Sublist):
            if again or known is not None:
                self.refuse(node, f"'{name}' holds a whole number or a list and is given again",
                            f"write {name} = 0.0 for a float, or take another name")  # fmt: skip
            self.names[name] = value
            return ()
        if known is not None and not isinstance(known, Local):
            self.refuse(node, f"'{name}' is no float", "take another name, or begin with 0.0")
        self.names[name] = Local(name) if known is None else known
        return (Let(name, value, self.line(node)),)

    # Expressions.

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
        return self.before + cast(int, getattr(node, "lineno", 1))

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
