"""What the expressions of a textbook function are, and whether they keep to docs/subset.md.

Every expression has a kind: an integer (loop variables, sizes, and what is made of them), a number
(everything that is computed with), or a list, which is only indexed and measured.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NamedTuple


class Refusal(NamedTuple):
    line: int
    text: str
    advice: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}: {self.advice}"


@dataclass(frozen=True)
class Kind:
    name: str
    varies: bool = False  # an integer that contains a loop variable
    literal: bool = False  # an integer that is written down: 2
    lists: int = 0  # the indices that a list still takes


NUMBER = Kind("number")
INTEGER = Kind("integer")  # the same for the whole call
LOOP_VARIABLE = Kind("integer", varies=True)
UNKNOWN = Kind("unknown")  # already refused: no further complaints

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
FUNCTIONS = {"exp": 1, "log": 1, "sqrt": 1, "max": 2, "min": 2}  # of numbers; how many they take

PLAIN_ARGUMENTS = "take plain arguments: names without defaults, stars or annotations"
IN_AN_ARGUMENT = "write the result into an argument"
ADVICE: dict[type[ast.AST], str] = {
    ast.AnnAssign: "leave out the annotation",
    ast.Assert: "check before the function is called",
    ast.Attribute: "write the name alone; exp, log and sqrt come by `from math import`",
    ast.BoolOp: "a condition stands only after `if`",
    ast.Break: "let the loop run to its end, behind an `if`",
    ast.Compare: "a comparison stands only after `if`",
    ast.Constant: "only integers and numbers with a point",
    ast.Continue: "put the rest of the loop behind an `if`",
    ast.FunctionDef: "no function inside another",
    ast.GeneratorExp: "write the loop with `for` and a local total",
    ast.Global: IN_AN_ARGUMENT,
    ast.IfExp: "write `if` and `else` as statements",
    ast.Import: "only `from math import exp, log, sqrt`, at the top of the file",
    ast.ImportFrom: "only `from math import exp, log, sqrt`, at the top of the file",
    ast.Lambda: "no function inside another",
    ast.List: "arrays are arguments; none is made here",
    ast.ListComp: "write the loop with `for`",
    ast.NamedExpr: "give the name in a statement of its own",
    ast.Nonlocal: IN_AN_ARGUMENT,
    ast.Pass: "leave out what does nothing",
    ast.Raise: "check before the function is called",
    ast.Return: IN_AN_ARGUMENT,
    ast.Slice: "index one number at a time",
    ast.Starred: "write the arguments out",
    ast.Try: "check before the function is called",
    ast.Tuple: "one name, one index, one value at a time",
    ast.UnaryOp: "of the signs only −; turn the comparison round instead of `not`",
    ast.While: "loops are `for name in range(…)`",
    ast.With: "check before the function is called",
}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Pow: "multiply, or use sqrt",
    ast.FloorDiv: "let the shape of an array or an argument say it",
    ast.Mod: "let the shape of an array or an argument say it",
}


def first_line(node: ast.AST) -> str:
    return ast.unparse(node).split("\n")[0]


class Expressions:
    """Reads expressions, with `names` for the kinds of the names that are known at this place."""

    def __init__(self) -> None:
        self.names: dict[str, Kind] = {}
        self.refused: list[Refusal] = []

    def refuse(self, node: ast.AST, advice: str) -> Kind:
        line = getattr(node, "lineno", 0)
        self.refused.append(Refusal(line, first_line(node), advice))
        return UNKNOWN

    def outside(self, node: ast.AST) -> Kind:
        return self.refuse(node, ADVICE.get(type(node), "is not in the subset"))

    def integer(self, node: ast.expr) -> Kind:
        kind = self.expression(node)
        if kind.name not in ("integer", "unknown"):
            self.refuse(node, "an integer is needed: loop variables, sizes, + − and ×")
        return kind

    def number(self, node: ast.expr) -> None:
        self.expect_number(node, self.expression(node))

    def expect_number(self, node: ast.expr, kind: Kind) -> None:
        """Numbers, and integers that are the same for the whole call."""
        if kind.name == "list":
            self.refuse(node, f"{kind.lists} more indices: only numbers are computed with")
        elif kind.literal:
            self.refuse(node, "write numbers with a point: 2.0")
        elif kind.varies:
            self.refuse(node, "with numbers, a loop variable is only compared")

    def condition(self, node: ast.expr) -> set[str]:
        """What it compares: integers, numbers or both."""
        match node:
            case ast.BoolOp():
                return set().union(*map(self.condition, node.values))
            case ast.Compare():
                return {self._comparison(node)}
            case ast.UnaryOp():
                self.outside(node)
            case _:
                self.refuse(node, "compare: `if x > 0.0`")
        return set()

    def _comparison(self, node: ast.Compare) -> str:
        operands = [node.left, *node.comparators]
        kinds = [self.expression(operand) for operand in operands]
        if not all(isinstance(operator, COMPARISONS) for operator in node.ops):
            self.refuse(node, "of < <= > >= == !=")
        for operand, kind in zip(operands, kinds, strict=True):
            if kind.name == "list" or (kind.literal and NUMBER in kinds):
                self.expect_number(operand, kind)
        return "number" if NUMBER in kinds else "integer"

    def expression(self, node: ast.expr) -> Kind:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._known(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.BinOp():
                return self._operation(node)
            case ast.UnaryOp():
                return self._sign(node)
            case ast.Call():
                return self._call(node)
            case _:
                return self.outside(node)

    def _constant(self, node: ast.Constant) -> Kind:
        if type(node.value) is int:
            return Kind("integer", literal=True)
        return NUMBER if type(node.value) is float else self.outside(node)

    def _known(self, node: ast.Name) -> Kind:
        if node.id in self.names:
            return self.names[node.id]
        return self.refuse(node, "not known here: a name lasts to the end of its block")

    def _subscript(self, node: ast.Subscript) -> Kind:
        array = self.expression(node.value)
        if isinstance(node.slice, ast.Slice | ast.Tuple):
            return self.outside(node.slice)
        if array == UNKNOWN:
            return UNKNOWN
        if array.name != "list":
            return self.refuse(node, "only arguments are indexed")
        self.integer(node.slice)
        if isinstance(node.slice, ast.UnaryOp):
            self.refuse(node, "indices count from the beginning: `len(…) - 1`")
        return Kind("list", lists=array.lists - 1) if array.lists > 1 else NUMBER

    def _operation(self, node: ast.BinOp) -> Kind:
        left, right = self.expression(node.left), self.expression(node.right)
        if not isinstance(node.op, ARITHMETIC):
            return self.refuse(node, OPERATORS.get(type(node.op), "of + − × ÷"))
        if UNKNOWN in (left, right):
            return UNKNOWN
        if left.name == right.name == "integer" and not isinstance(node.op, ast.Div):
            if isinstance(node.op, ast.Mult) and left.varies and right.varies:
                return self.refuse(node, "a loop variable times a size, not times another")
            return Kind("integer", left.varies or right.varies, left.literal and right.literal)
        self.expect_number(node.left, left)
        self.expect_number(node.right, right)
        return NUMBER

    def _sign(self, node: ast.UnaryOp) -> Kind:
        kind = self.expression(node.operand)
        if not isinstance(node.op, ast.USub):
            return self.outside(node)
        if kind.name == "list":
            self.expect_number(node.operand, kind)
        return kind

    def _call(self, node: ast.Call) -> Kind:
        match node:
            case ast.Call(ast.Name("len"), [array], []):
                return self._length(array)
            case ast.Call(ast.Name(name), arguments, []) if FUNCTIONS.get(name) == len(arguments):
                return self._function(name, arguments)
            case ast.Call(ast.Name(name)) if name in FUNCTIONS:
                return self.refuse(node, f"{name} takes {FUNCTIONS[name]}, without keywords")
            case ast.Call(ast.Attribute()):
                return self.outside(node.func)
            case _:
                return self.refuse(node, "only len, max, min, exp, log, sqrt; range after `for`")

    def _function(self, name: str, arguments: list[ast.expr]) -> Kind:
        for argument in arguments:
            kind = self.expression(argument)
            if kind.name == "integer":
                self.refuse(argument, f"{name} is of numbers; write them with a point: 0.0")
            else:
                self.expect_number(argument, kind)
        return NUMBER

    def _length(self, array: ast.expr) -> Kind:
        kind = self.expression(array)
        if kind.name not in ("list", "unknown"):
            self.refuse(array, "only lists have a length")
        return INTEGER
