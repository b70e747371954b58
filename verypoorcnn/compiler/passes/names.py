"""Putting other whole numbers in the place of loop variables, and copying loops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Block, Loop, Statement
from verypoorcnn.compiler.schedule.walk import Rewriter, statements


class Placing(Rewriter):
    """Puts a whole number in the place of a loop's variable."""

    def __init__(self, values: Mapping[str, Affine]) -> None:
        self.values = dict(values)

    def affine(self, whole: Affine) -> Affine:
        return whole.replaced(self.values)


class Copying(Placing):
    """Copies a block beside the original: its loops get variables of their own."""

    def __init__(self, values: Mapping[str, Affine], names: Names) -> None:
        super().__init__(values)
        self.names = names

    def statement(self, statement: Statement) -> Block:
        if not isinstance(statement, Loop):
            return super().statement(statement)
        variable = self.names.fresh(statement.variable)
        self.values[statement.variable] = Affine.variable(variable)
        body = self.block(statement.body)
        return (replace(statement, variable=variable, body=body),)


class Names:
    """The names of a function's loop variables; every loop must have its own."""

    def __init__(self, block: Block) -> None:
        self.used = {s.variable for s in statements(block) if isinstance(s, Loop)}
        self.last: dict[str, int] = {}

    def fresh(self, variable: str) -> str:
        """A name that is not used yet, after the one that is copied: i, i_2, i_3."""
        stem, _, number = variable.rpartition("_")
        stem = stem if stem and number.isdigit() else variable
        count = self.last.get(stem, 1) + 1
        while f"{stem}_{count}" in self.used:
            count += 1
        self.last[stem] = count
        self.used.add(f"{stem}_{count}")
        return f"{stem}_{count}"
