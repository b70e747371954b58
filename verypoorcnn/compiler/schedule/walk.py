"""Walking through the loop IR, and rewriting it.

`statements`, `expressions` and `loads` visit everything in a block, inner blocks included.
`Rewriter` builds a block anew: a pass says only what becomes of the nodes that it cares for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Both,
    Choice,
    Comparison,
    Condition,
    Either,
    Expression,
    Guard,
    If,
    Index,
    Let,
    Load,
    Local,
    Loop,
    Not,
    Number,
    Statement,
    Store,
    Unary,
)

Node = Expression | Condition


def statements(block: Block) -> Iterator[Statement]:
    """Every statement, the outer ones first."""
    for statement in block:
        yield statement
        if isinstance(statement, Loop):
            yield from statements(statement.body)
        elif isinstance(statement, If):
            yield from statements(statement.then)
            yield from statements(statement.otherwise)


def expressions(block: Block) -> Iterator[Node]:
    """Every expression and condition, with all their parts."""
    for statement in statements(block):
        yield from expressions_of(statement)


def expressions_of(statement: Statement) -> Iterator[Node]:
    """Those of one statement, without the blocks inside it."""
    if isinstance(statement, Let | Store):
        yield from parts(statement.value)
    elif isinstance(statement, If):
        yield from parts(statement.condition)


def parts(node: Node) -> Iterator[Node]:
    """A node and everything in it."""
    yield node
    if isinstance(node, Binary | Both | Either | Comparison):
        yield from parts(node.left)
        yield from parts(node.right)
    elif isinstance(node, Unary):
        yield from parts(node.operand)
    elif isinstance(node, Choice):
        yield from parts(node.condition)
        yield from parts(node.then)
        yield from parts(node.otherwise)
    elif isinstance(node, Not):
        yield from parts(node.condition)


def loads(block: Block) -> Iterator[Load]:
    """Every element that is read."""
    return (e for e in expressions(block) if isinstance(e, Load))


def stores(block: Block) -> Iterator[Store]:
    """Every statement that writes an element."""
    return (s for s in statements(block) if isinstance(s, Store))


def accesses(block: Block) -> Iterator[tuple[Array, Index]]:
    """Every element that is read or written."""
    for statement in statements(block):
        if isinstance(statement, Store):
            yield statement.array, statement.index
        for node in expressions_of(statement):
            if isinstance(node, Load):
                yield node.array, node.index


def assigned(block: Block) -> set[str]:
    """The locals that are given a value."""
    return {s.name for s in statements(block) if isinstance(s, Let)}


def band(loop: Loop) -> tuple[list[Loop], Block]:
    """The loops that stand directly in one another, and what the innermost of them does."""
    loops = [loop]
    while len(loop.body) == 1 and isinstance(loop.body[0], Loop):
        loop = loop.body[0]
        loops.append(loop)
    return loops, loop.body


def nest(loops: list[Loop], body: Block) -> Block:
    """The opposite of `band`: these loops round that body."""
    for loop in reversed(loops):
        body = (replace(loop, body=body),)
    return body


class Rewriter:
    """Gives a block back as it was.  A pass overrides the methods of what it changes."""

    def block(self, block: Block) -> Block:
        """All statements of a block."""
        return tuple(new for statement in block for new in self.statement(statement))

    def statement(self, statement: Statement) -> Block:
        """One statement, which may become several or none."""
        match statement:
            case Let(name, value, line):
                return (Let(self.name(name), self.expression(value), line),)
            case Store(array, index, value, line):
                place = Load(self.array(array), self.index(index))
                return (Store(place.array, place.index, self.expression(value), line),)
            case If(condition, then, otherwise, line):
                branches = self.block(then), self.block(otherwise)
                return (If(self.condition(condition), *branches, line),)
            case Loop(variable, _, _, body):
                return (replace(statement, variable=self.name(variable), body=self.block(body)),)

    def expression(self, node: Expression) -> Expression:
        """An expression."""
        match node:
            case Load(array, index):
                return Load(self.array(array), self.index(index))
            case Binary(operator, left, right):
                return Binary(operator, self.expression(left), self.expression(right))
            case Local(name):
                return Local(self.name(name))
            case Unary(operator, operand):
                return Unary(operator, self.expression(operand))
            case Number(whole):
                return Number(self.affine(whole))
            case Choice(condition, then, otherwise):
                values = self.expression(then), self.expression(otherwise)
                return Choice(self.condition(condition), *values)
        return node

    def condition(self, node: Condition) -> Condition:
        """A condition."""
        match node:
            case Comparison(operator, left, right):
                return Comparison(operator, self.expression(left), self.expression(right))
            case Guard(operator, whole):
                return Guard(operator, self.affine(whole))
            case Both(left, right):
                return Both(self.condition(left), self.condition(right))
            case Either(left, right):
                return Either(self.condition(left), self.condition(right))
            case Not(condition):
                return Not(self.condition(condition))

    def index(self, index: Index) -> Index:
        """The indices of an element."""
        return tuple(self.affine(whole) for whole in index)

    def array(self, array: Array) -> Array:
        """An array."""
        return array

    def affine(self, whole: Affine) -> Affine:
        """A whole number."""
        return whole

    def name(self, name: str) -> str:
        """A local's or a loop variable's name."""
        return name


class Renamer(Rewriter):
    """Gives locals and loop variables other names."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.variables = {old: Affine.variable(new) for old, new in names.items()}

    def name(self, name: str) -> str:
        return self.names.get(name, name)

    def affine(self, whole: Affine) -> Affine:
        return whole.replaced(self.variables)
