"""The loop IR: what is left of a textbook function when the shapes of its arrays are known.

Statements are loops with constant bounds, lets, stores and ifs; expressions are float arithmetic on
locals and array elements.  Whole numbers have disappeared into affine indices and guards, `len`
into constants.  It prints itself much as the function was written:

    for s in 0..16:
        for k in 0..32:
            total = 0.0
            for d in 0..144:
                total = total + inputs[s, d] * weights[k, d]
            outputs[s, k] = total

Nodes are never changed after they are made; a pass builds new ones around what it keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.arguments import Array as Array
from verypoorcnn.compiler.arguments import Scalar as Scalar

Index = tuple[Affine, ...]
Compare = Literal["==", "!=", "<", "<=", ">", ">="]

# Expressions, all of them float numbers.


@dataclass(slots=True, frozen=True)
class Constant:
    """A number that is written down."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(slots=True, frozen=True)
class Number:
    """A whole number used as a float, as in `labels[s] == k`."""

    whole: Affine

    def __str__(self) -> str:
        return f"float({self.whole})"


@dataclass(slots=True, frozen=True)
class Local:
    """A local variable of the function."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, frozen=True)
class Load:
    """An element of an array."""

    array: Array
    index: Index

    def __str__(self) -> str:
        return f"{self.array}[{', '.join(map(str, self.index))}]"


@dataclass(slots=True, frozen=True)
class Binary:
    """Two operands.  max and min give the left one unless the right one is larger, smaller."""

    operator: Literal["+", "-", "*", "/", "max", "min"]
    left: Expression
    right: Expression

    def __str__(self) -> str:
        if self.operator in ("max", "min"):
            return f"{self.operator}({self.left}, {self.right})"
        return f"{_operand(self.left)} {self.operator} {_operand(self.right)}"


@dataclass(slots=True, frozen=True)
class Unary:
    """One operand."""

    operator: Literal["-", "exp", "log", "sqrt"]
    operand: Expression

    def __str__(self) -> str:
        if self.operator == "-":
            return f"-{_operand(self.operand)}"
        return f"{self.operator}({self.operand})"


@dataclass(slots=True, frozen=True)
class Choice:
    """`then if condition else otherwise`."""

    condition: Condition
    then: Expression
    otherwise: Expression

    def __str__(self) -> str:
        return f"({self.then} if {self.condition} else {self.otherwise})"


Expression = Constant | Scalar | Number | Local | Load | Binary | Unary | Choice


# Conditions.


@dataclass(slots=True, frozen=True)
class Comparison:
    """Two floats compared."""

    operator: Compare
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(slots=True, frozen=True)
class Guard:
    """A whole number compared with 0: known as soon as the loop variables are."""

    operator: Compare
    whole: Affine

    def __str__(self) -> str:
        return f"{self.whole} {self.operator} 0"


@dataclass(slots=True, frozen=True)
class Both:
    """Both conditions."""

    left: Condition
    right: Condition

    def __str__(self) -> str:
        return f"({self.left} and {self.right})"


@dataclass(slots=True, frozen=True)
class Either:
    """One condition or the other, or both."""

    left: Condition
    right: Condition

    def __str__(self) -> str:
        return f"({self.left} or {self.right})"


@dataclass(slots=True, frozen=True)
class Not:
    """The opposite."""

    condition: Condition

    def __str__(self) -> str:
        return f"(not {self.condition})"


Condition = Comparison | Guard | Both | Either | Not


COMPARING = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def compare(operator: Compare, left: float, right: float = 0) -> bool:
    """Two numbers compared by an operator's name."""
    return bool(COMPARING[operator](left, right))


# Statements.  `line` is where it stands in the function's file.


@dataclass(slots=True, frozen=True)
class Let:
    """name = value"""

    name: str
    value: Expression
    line: int = 0


@dataclass(slots=True, frozen=True)
class Store:
    """array[index] = value"""

    array: Array
    index: Index
    value: Expression
    line: int = 0


@dataclass(slots=True, frozen=True)
class If:
    """One block or the other."""

    condition: Condition
    then: Block
    otherwise: Block = ()
    line: int = 0


@dataclass(slots=True, frozen=True)
class Loop:
    """variable = start, start + 1, …, stop − 1; the variable's name is unique in the function."""

    variable: str
    start: int
    stop: int
    body: Block
    line: int = 0
    samples: bool = False  # it goes over all samples, however many there are


Statement = Let | Store | If | Loop
Block = tuple[Statement, ...]


@dataclass(slots=True, frozen=True)
class Function:
    """A textbook function for arrays of known shapes."""

    name: str
    arguments: tuple[Array | Scalar, ...]  # whole numbers have become constants
    body: Block
    file: str = ""
    counted: tuple[int, ...] = ()  # lines where the number of samples is a number like others
    renamed: Mapping[str, str] = field(default_factory=dict, compare=False)  # see `as_written`

    def __str__(self) -> str:
        heads = [
            f"{a.name}[{', '.join(map(str, a.shape))}]" if isinstance(a, Array) else a.name
            for a in self.arguments
        ]
        return "\n".join([f"{self.name}({', '.join(heads)}):", *lines_of(self.body, 1)])

    def as_written(self, message: str) -> str:
        """A message in which loops' variables have the names that the text gives them."""
        return re.sub(r"\w+", lambda word: self.renamed.get(word[0], word[0]), message)


def lines_of(block: Block, depth: int = 0) -> Iterator[str]:
    """A block as indented text, line by line."""
    space = "    " * depth
    for statement in block:
        match statement:
            case Let(name, value):
                yield f"{space}{name} = {value}"
            case Store(array, index, value):
                yield f"{space}{Load(array, index)} = {value}"
            case If(condition, then, otherwise):
                yield f"{space}if {condition}:"
                yield from lines_of(then, depth + 1)
                if otherwise:
                    yield f"{space}else:"
                    yield from lines_of(otherwise, depth + 1)
            case Loop(variable, start, stop, body):
                yield f"{space}for {variable} in {start}..{stop}:"
                yield from lines_of(body, depth + 1)


def _operand(expression: Expression) -> str:
    """In brackets where it is an operation itself."""
    text = str(expression)
    compound = isinstance(expression, Binary) and expression.operator not in ("max", "min")
    return f"({text})" if compound else text
