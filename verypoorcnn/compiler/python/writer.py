"""A function of the loop IR as the text of a Python function over flat lists.

Loops that are short are written out turn by turn, elements wait in locals, and sums become one
long expression; everything is computed in the order of the textbook, so that the bits are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import (
    Array,
    Binary,
    Block,
    Expression,
    Function,
    If,
    Let,
    Local,
    Loop,
    Scalar,
    Statement,
    Store,
    Unary,
)
from verypoorcnn.compiler.python.cells import Scope, share
from verypoorcnn.compiler.python.expressions import Text, tightness
from verypoorcnn.compiler.python.lines import Action, Line, Lines, Step, Sum
from verypoorcnn.compiler.python.plan import Plan, locals_in, over_samples
from verypoorcnn.compiler.schedule.walk import accesses, expressions, parts

SLICE = 3  # elements in a row that are fetched as one
TERMS = 150  # of one sum in one statement; Python's parser goes a level deeper for each


class Written(NamedTuple):
    """The text of a Python function, and the arguments that it takes."""

    text: str
    arguments: tuple[Array | Scalar, ...]
    origins: tuple[int, ...]  # of each line of the text, that of the textbook; 0 for none


def written(
    function: Function, limit: int, private: Collection[Array] = (), shortest: int = SLICE
) -> Written:
    """The Python function.

    Args:
        function: what it does.
        limit: operations that the turns of an unrolled loop may have together.
        private: arrays into which nobody will look after it has run.
        shortest: elements in a row that are fetched as a slice.
    """
    return _Writer(function, limit, private, shortest).function_text()


class _Writer(Lines):
    """First every statement becomes an action; when all sites are known, the actions write."""

    def __init__(
        self, function: Function, limit: int, private: Collection[Array], shortest: int
    ) -> None:
        self.plan = Plan(function, limit)
        super().__init__(function, self.plan.rolled, private, shortest)

    def function_text(self) -> Written:
        actions = self.scope_block(self.function.body)
        self.touched = Counter(site.array for step in self.scope.steps for site in step)
        share(self.scope)
        self.name_groups(self.scope)
        self.turn_of(self.scope, actions)
        arguments = tuple(
            a for a in self.function.arguments if a in self.listed or a not in self.private
        )
        names = ", ".join(self.named[a.name] for a in arguments)
        head = f"def {self.names.fresh(self.function.name)}({names}):"
        lines: list[Line] = [*((line, 0) for line in (*self.heading(), head)), *self.lines]
        texts, origins = zip(*lines, strict=True)
        return Written("\n".join([*texts, ""]), arguments, origins)

    def heading(self) -> list[str]:
        """What stands before the function: an import, tables."""
        nodes = expressions(self.function.body)
        used = {e.operator for e in nodes if isinstance(e, Unary) and e.operator != "-"}
        lines = [f"from math import {', '.join(sorted(used))}", ""] if used else []
        for rule, name in self.tables.items():
            lines += [f"{name} = [{rule} for byte in range(256)]", ""]
        return [*lines, ""] if lines else []

    def name_groups(self, scope: Scope) -> None:
        for group in scope.groups:
            group.stem = self.names.stem(self.arrays[group.site.array])
        for inner in scope.inner:
            self.name_groups(inner)

    # Statements.

    def block(self, block: Block) -> list[Step]:
        return [self.statement(statement) for statement in block]

    def scope_block(self, block: Block) -> list[Step]:
        """The statements of a scope itself."""
        actions = []
        for statement in block:
            self.scope.steps.append([])
            actions.append(self.statement(statement))
        return actions

    def statement(self, statement: Statement) -> Step:
        return statement.line, self.action(statement)

    def action(self, statement: Statement) -> Action:
        match statement:
            case Let():
                return self.let(statement)
            case Store():
                return self.store(statement)
            case If():
                return self.choose(statement)
            case Loop(variable, start, stop, _):
                self.ranges[variable] = start, stop - 1
                rolled = variable in self.plan.rolled
                return self.rolled(statement) if rolled else self.unrolled(statement)

    def let(self, statement: Let) -> Action:
        name = self.name(statement.name)
        match statement.value:
            case Binary(operator, Local(left), right) if (
                left == statement.name and left not in locals_in(parts(right))
            ):
                if operator in ("+", "-"):
                    return self.addition(name, operator, self.operand(right, 2))
                if operator in ("max", "min"):
                    return self.larger(name, ">" if operator == "max" else "<", right)
        text = self.text(statement.value)
        loose = tightness(statement.value) < 1

        def action() -> None:
            value = text()
            self.flush()
            self.sum = Sum(name, value, self.origin, loose)

        return action

    def addition(self, name: str, operator: str, term: Text) -> Action:
        def action() -> None:
            text, total = f"{operator} {term()}", self.sum
            if total is None or total.name != name or len(total.terms) > TERMS:
                self.flush()
                total = self.sum = Sum(name, name, self.origin)
            total.add(text, self.origin)

        return action

    def larger(self, name: str, sign: str, other: Expression) -> Action:
        again, first = self.twice(other)

        def action() -> None:
            text = f"if {first()} {sign} {name}: {name} = {again()}"
            self.flush()
            self.line(text)

        return action

    def store(self, statement: Store) -> Action:
        text = self.text(statement.value)
        site = self.site(statement.array, statement.index, stored=True)
        last = None  # the local that is stored, if nobody needs it any more
        match statement.value:
            case Local(name) if name not in self.plan.needed_after[id(statement)]:
                last = self.name(name)

        def action() -> None:
            terms, origin = [text()], self.origin
            if self.sum and self.sum.name == last:
                terms, origin, self.sum = self.sum.terms, self.sum.origin, None
            self.flush()
            self.assign(self.target(site), terms, origin)

        return action

    def choose(self, statement: If) -> Action:
        answer = self.condition(statement.condition)
        branches = self.block(statement.then), self.block(statement.otherwise)

        def action() -> None:
            known = answer()
            if isinstance(known, bool):
                self.run(branches[not known])
                return
            self.flush()
            line = self.origin
            self.branch(f"if {known}:", branches[0])
            if branches[1]:
                self.origin = line
                self.branch("else:", branches[1])

        return action

    def branch(self, head: str, actions: Sequence[Step]) -> None:
        self.line(head)
        self.depth, self.if_depth, before = self.depth + 1, self.if_depth + 1, len(self.lines)
        self.run(actions)
        self.flush()
        if len(self.lines) == before:
            self.line("pass")
        self.depth, self.if_depth = self.depth - 1, self.if_depth - 1

    def unrolled(self, loop: Loop) -> Action:
        actions = self.block(loop.body)

        def action() -> None:
            for value in range(loop.start, loop.stop):
                self.turn[loop.variable] = value
                self.run(actions)

        return action

    def rolled(self, loop: Loop) -> Action:
        variable, outer = self.name(loop.variable), self.scope
        self.scope = scope = Scope(loop.variable, outer)
        actions = self.scope_block(loop.body)
        self.scope = outer

        def action() -> None:
            self.flush()
            self.line(f"for {variable} in {self.turns(loop)}:")
            self.depth += 1
            self.turn_of(scope, actions)
            self.depth -= 1

        return action

    def turns(self, loop: Loop) -> str:
        """The range of a loop; where it goes over all samples, whatever their number is."""
        if over_samples(loop) and loop.start == 0:
            for array, index in accesses(loop.body):
                sample = array.per_sample and index[0] == Affine.variable(loop.variable)
                if sample and array.shape[0] == loop.stop and array not in self.private:
                    return f"range(len({self.arrays[array]}))"
        return f"range({loop.start}, {loop.stop})" if loop.start else f"range({loop.stop})"
