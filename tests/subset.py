"""Checks that a textbook function keeps to the subset of Python in docs/subset.md.

Whatever is not expressly allowed is refused, with the line, the text and what to write instead.
A name is known from the statement that gives it to the end of that statement's block.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.subset_expressions import (
    ARITHMETIC,
    IN_AN_ARGUMENT,
    INTEGER,
    LOOP_VARIABLE,
    NUMBER,
    OPERATORS,
    PLAIN_ARGUMENTS,
    UNKNOWN,
    Expressions,
    Kind,
    Refusal,
    first_line,
)

MATH = {"exp", "log", "sqrt"}


def refusals(source: str) -> list[Refusal]:
    """What in the source of a chapter is outside the subset; of one function, or of a module."""
    found: list[Refusal] = []
    for position, statement in enumerate(ast.parse(source).body):
        if isinstance(statement, ast.FunctionDef):
            found += _Reader(statement).refused
        elif not (_is_import(statement) or (position == 0 and _is_text(statement))):
            advice = "a chapter holds its text, `from math import …` and functions"
            found.append(Refusal(statement.lineno, first_line(statement), advice))
    return found


def _is_import(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.ImportFrom)
        and statement.module == "math"
        and all(name.name in MATH and name.asname is None for name in statement.names)
    )


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _Reader(Expressions):
    """Reads one function; `refused` is what it found."""

    def __init__(self, function: ast.FunctionDef) -> None:
        super().__init__()
        self._signature(function)
        integers = _integer_names(function)
        lists = _lists(function)
        for argument in function.args.args:
            name = argument.arg
            scalar = INTEGER if name in integers else NUMBER
            self.names[name] = Kind("list", lists=lists[name]) if name in lists else scalar
        self.arguments = frozenset(self.names)
        self._block(function.body[1:] if _is_text(function.body[0]) else function.body)

    def _signature(self, function: ast.FunctionDef) -> None:
        if function.decorator_list or function.returns:
            self.refuse(function, "no decorator, no annotation")
        a = function.args
        fancy = [a.vararg, a.kwarg, *a.posonlyargs, *a.kwonlyargs, *a.defaults]
        if any(fancy) or any(argument.annotation for argument in a.args):
            self.refuse(function, PLAIN_ARGUMENTS)

    # Statements.

    def _block(self, statements: list[ast.stmt]) -> None:
        """Read a block; the names that it gives are forgotten at its end."""
        outside = dict(self.names)
        for statement in statements:
            self._statement(statement)
        self.names = outside

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.For():
                self._for(statement)
            case ast.If():
                self._if(statement)
            case ast.Assign():
                self._assign(statement)
            case ast.AugAssign():
                self._update(statement)
            case ast.Expr():
                self._alone(statement)
            case _:
                self.outside(statement)

    def _for(self, loop: ast.For) -> None:
        if loop.orelse:
            self.refuse(loop, "a loop has no `else`")
        match loop:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(ast.Name("range")) as call):
                self._range(call)
                self._loop(name, loop)
            case _:
                self.refuse(loop, "loops are `for name in range(…)`")

    def _loop(self, name: str, loop: ast.For) -> None:
        outside = dict(self.names)
        if name in self.names:
            self.refuse(loop, f"'{name}' means something else here; use another name")
        self.names[name] = LOOP_VARIABLE
        self._block(loop.body)
        self.names = outside

    def _range(self, call: ast.Call) -> None:
        if len(call.args) not in (1, 2) or call.keywords:
            self.refuse(call, "range(stop) or range(start, stop); write a step into the index")
        for bound in call.args:
            if self.integer(bound).varies:
                self.refuse(bound, "the same bound in every pass; put an `if` into the loop")

    def _if(self, choice: ast.If) -> None:
        if len(self.condition(choice.test)) > 1:
            self.refuse(choice.test, "a guard of integers stands in an outer `if` of its own")
        self._block(choice.body)
        self._block(choice.orelse)

    def _alone(self, statement: ast.Expr) -> None:
        if _is_text(statement):
            self.refuse(statement, "text stands only at the beginning; use a # comment")
        elif isinstance(statement.value, ast.Call):
            self.refuse(statement, IN_AN_ARGUMENT)
        else:
            self.refuse(statement, "an expression alone does nothing; give it a name")

    def _assign(self, assignment: ast.Assign) -> None:
        if len(assignment.targets) > 1:
            self.refuse(assignment, "one name, one index, one value at a time")
        target, kind = assignment.targets[0], self.expression(assignment.value)
        if isinstance(target, ast.Name):
            self._name(target.id, kind, assignment)
        elif self._element(target) and kind != UNKNOWN:
            if kind.name == "integer":
                self.refuse(assignment, "arrays hold numbers; write it with a point: 0.0")
            else:
                self.expect_number(assignment.value, kind)

    def _name(self, name: str, kind: Kind, assignment: ast.Assign) -> None:
        """A local name is given: integers once, numbers as often as wanted."""
        before = self.names.get(name)
        if name in self.arguments:
            self.refuse(assignment, "an argument is not given anew; use another name")
        elif kind.name == "list":
            self.refuse(assignment, "a name holds a number, no list; write the indices out")
        elif before and "integer" in (before.name, kind.name):
            self.refuse(assignment, "integers are given once; write numbers with a point: 0.0")
        else:
            self.names[name] = kind

    def _update(self, update: ast.AugAssign) -> None:
        target = update.target
        if not isinstance(update.op, ARITHMETIC):
            self.refuse(update, OPERATORS.get(type(update.op), "of + − × ÷"))
        self.number(update.value)
        if not isinstance(target, ast.Name):
            self._element(target)
        elif target.id in self.arguments:
            self.refuse(update, "an argument is not given anew; use another name")
        elif self.expression(target).name == "integer":
            self.refuse(update, "integers are given once; begin a total with a point: 0.0")

    def _element(self, target: ast.expr) -> bool:
        """Whether something can be written there: into an argument's number."""
        if not isinstance(target, ast.Subscript):
            self.outside(target)
            return False
        kind = self.expression(target)
        if kind.name == "list":
            self.refuse(target, f"{kind.lists} more indices: only numbers are written")
        return kind == NUMBER


# What the arguments are, which the whole function must be asked.


def _lists(function: ast.FunctionDef) -> dict[str, int]:
    """The names that are indexed or measured, and how many indices they take."""
    lists: dict[str, int] = {}
    for node in ast.walk(function):
        match node:
            case ast.Call(ast.Name("len"), [array]):
                name, depth = _indexed(array, 1)
            case ast.Subscript():
                name, depth = _indexed(node, 0)
            case _:
                continue
        lists[name] = max(lists.get(name, 0), depth)
    return lists


def _indexed(array: ast.expr, depth: int) -> tuple[str, int]:
    """The name that is indexed, and how often, counted from `depth`."""
    while isinstance(array, ast.Subscript):
        array, depth = array.value, depth + 1
    return ast.unparse(array), depth


def _integer_names(function: ast.FunctionDef) -> set[str]:
    """The names that stand in an index or a range, and all that are computed with such a name."""
    groups = [group for node in ast.walk(function) for group in _groups(node)]
    integers = {_INTEGER}
    for _ in groups:  # at most as often, for one may make another an integer
        integers.update(*(g for g in groups if g & integers and _NUMBER not in g))
    return integers


_INTEGER, _NUMBER = "an integer", "a number"


def _groups(node: ast.AST) -> Iterator[set[str]]:
    """Names that are all integers if one of them is, and if there is no number among them."""
    match node:
        case ast.Subscript():
            yield _leaves(node.slice) | {_INTEGER}
        case ast.For(target, ast.Call(ast.Name("range"), bounds)):
            yield _leaves(target, *bounds) | {_INTEGER}
        case ast.BinOp():
            yield _leaves(node)
        case ast.Compare(left, _, others):
            yield _leaves(left, *others)
        case ast.Assign([ast.Name() as target], value):
            yield _leaves(target, value)


def _leaves(*nodes: ast.AST) -> set[str]:
    """What sums and products are made of; an integer that is written down says nothing."""
    leaves: set[str] = set()
    for node in nodes:
        match node:
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult(), right):
                leaves |= _leaves(left, right)
            case ast.UnaryOp(ast.USub(), operand):
                leaves |= _leaves(operand)
            case ast.Name(name):
                leaves.add(name)
            case ast.Call(ast.Name("len")):
                leaves.add(_INTEGER)
            case ast.Constant(int()):
                pass
            case _:
                leaves.add(_NUMBER)
    return leaves
