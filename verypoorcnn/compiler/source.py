"""From a textbook function's source to the loop IR.

The function is read with `ast`, for arrays of given shapes and given whole numbers.  Whole numbers
never reach the IR: names that hold them, `len` and loop variables turn into affine indices, bounds
and guards while reading, and a guard that is decided already takes its `if` away.  Whatever lies
outside the subset (docs/subset.md) is an error with file, line, the construct and what to write.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import cached_property

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.bounds import Outside, outside
from verypoorcnn.compiler.definition import SubsetError, definition
from verypoorcnn.compiler.loops import (
    Array,
    Block,
    Condition,
    Constant,
    Function,
    If,
    Let,
    Load,
    Local,
    Loop,
    Scalar,
    Store,
)
from verypoorcnn.compiler.source_expressions import (
    ExpressionReader,
    Sublist,
    Value,
)

__all__ = ["Argument", "SubsetError", "read"]

Argument = Array | Scalar | int | float


def read(function: Callable[..., None], arguments: Sequence[Argument]) -> Function:
    """The IR of a textbook function for these arguments, in the order of its parameters.

    Raises:
        SubsetError: the function leaves the subset, or an index leaves its array.
    """
    reader = _Reader(function, arguments)
    result = reader.function()
    for found in outside(result.body):
        raise SubsetError(f"{reader.file}:{found.line}: {result.as_written(reader.outside(found))}")
    return result


class _Reader(ExpressionReader):
    """Walks one function.  `names` holds what every name stands for at this place."""

    def __init__(self, function: Callable[..., None], arguments: Sequence[Argument]) -> None:
        self.tree, file = definition(function)
        super().__init__(file, function.__globals__)
        parameters = self.parameters()
        if len(parameters) != len(arguments):
            self.refuse(self.tree, f"{len(arguments)} arguments given", "give one a parameter")
        self.arguments: list[Array | Scalar] = []
        for name, argument in zip(parameters, arguments, strict=True):
            self.names[name] = self.argument(argument)
        self.variables: dict[str, str] = {}  # of all loops so far, with their names in the text
        self.of_samples: set[str] = set()  # those of loops over all samples

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
        counted = tuple(self.counted)
        renamed = {variable: name for variable, name in self.variables.items() if variable != name}
        return Function(self.tree.name, tuple(self.arguments), body, self.file, counted, renamed)

    def outside(self, found: Outside) -> str:
        """What is wrong with an index that leaves its list, and what to do."""
        array, position = found.place.array, found.position
        where = f"an index leaves its list: {found.place}, whose index {position + 1}"
        for variable in found.place.index[position].variables():
            if variable in self.of_samples and not array.per_sample:
                return (
                    f"{where} is {variable}, a sample's number; name {array} among the samples, "
                    "or take that index away"
                )
        low, high = found.found
        return (
            f"{where} goes from {low} to {high} where there are {array.shape[position]}; "
            "put a guard around it or shorten the loop"
        )

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
        name, start, stop, samples = self.bounds(node)
        if name in self.names:
            self.refuse(node, f"'{name}' means something else here", "take another name")
        variable = self.fresh(name)
        if samples:
            self.of_samples.add(variable)
        outside = dict(self.names)
        self.names[name] = Affine.variable(variable)
        body = self.block(node.body)
        self.leave(outside, ran=stop > start)
        loop = Loop(variable, start, stop, body, self.line(node), samples)
        return (loop,) if stop > start else ()

    def fresh(self, name: str) -> str:
        """A variable for a loop: its name, with a number if there was a loop of that name."""
        variable, count = name, 1
        while variable in self.variables or (count > 1 and variable in self.written):
            count += 1
            variable = f"{name}_{count}"
        self.variables[variable] = name
        return variable

    @cached_property
    def written(self) -> set[str]:
        """All names in the text."""
        return {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}

    def bounds(self, node: ast.For) -> tuple[str, int, int, bool]:
        """The variable, its bounds, and whether they are those of all samples."""
        match node:
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[count], keywords=[]),
                orelse=[],
            ) if array := self.counts_samples(count):
                return name, 0, array.shape[0], True
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[*arguments], keywords=[]),
                orelse=[],
            ) if 1 <= len(arguments) <= 2:
                ends = [self.whole(argument) for argument in arguments]
                if not all(end.is_constant for end in ends):
                    self.refuse(node, "a bound depends on a loop", "guard the body with if")
                start, stop = [0, *(end.constant for end in ends)][-2:]
                return name, start, stop, False
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
