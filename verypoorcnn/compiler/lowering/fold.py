"""Make operations take their arguments from memory, and drop what nobody uses.

    v1 = load kernels[0] (one)            v3 = fma kernels[0] (one), v2, v3
    v3 = fma v1, v2, v3

A load or a constant that is used once may be an operand in memory, if the processor's instruction
has one there, and nothing is stored over it in between.  A sum over lanes that is only stored needs
no register of its own either.
"""

from __future__ import annotations

from typing import Any

from verypoorcnn.compiler.vector.code import Op, Place, Value

# Which arguments may be in memory, the best first.
FOLDED = {
    "add": (1, 0),
    "mul": (1, 0),
    "sub": (1,),
    "div": (1,),
    "max": (0,),
    "min": (0,),
    "compare": (1,),
    "fma": (1, 0, 2),
    "fnma": (1, 0, 2),
}
EFFECTS = {"store", "store_element", "clear", "transpose", "repeat", "end"}


class Number:
    """A constant as an operand."""

    __slots__ = ("value",)

    def __init__(self, value: float) -> None:
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)


Operand = Value | Place | Number


class Instruction:
    """An operation whose arguments may be in memory."""

    __slots__ = ("arguments", "dest", "detail", "line", "name", "place")

    def __init__(self, op: Op) -> None:
        self.name = op.name
        self.dest = op.dest
        self.arguments: list[Operand] = list(op.arguments)
        self.place = op.place
        self.detail: Any = op.detail
        self.line = op.line

    def __str__(self) -> str:
        shown = [*map(str, self.arguments), *(str(x) for x in (self.place, self.detail) if x)]
        return f"{self.dest or ''} = {self.name} {', '.join(shown)}"


def folded(ops: list[Op], width: int, broadcasts: bool) -> list[Instruction]:
    """The instructions; `broadcasts`: an operand in memory may be one number for all lanes."""
    return _Folder(used(ops), width, broadcasts).run()


def used(ops: list[Op]) -> list[Op]:
    """The operations whose results somebody needs."""
    wanted: set[int] = set()
    kept: list[Op] = []
    for op in reversed(ops):
        dest = op.dest
        if dest is None or dest.mutable or dest.number in wanted:
            kept.append(op)
            wanted.update([a.number for a in op.arguments])
    kept.reverse()
    return kept


class _Folder:
    def __init__(self, ops: list[Op], width: int, broadcasts: bool) -> None:
        self.ops, self.broadcasts = ops, broadcasts
        self.wide = 4 * width
        self.uses: dict[int, int] = {}
        for op in ops:
            for a in op.arguments:
                self.uses[a.number] = self.uses.get(a.number, 0) + 1
        self.made: dict[int, int] = {}  # where a value that may be folded is made
        self.gone: set[int] = set()

    def run(self) -> list[Instruction]:
        result = [Instruction(op) for op in self.ops]
        for at, op in enumerate(self.ops):
            dest = op.dest
            if op.name in FOLDED:
                self.fold(result[at], at)
            elif op.name == "select":
                self.fold_zeros(result[at])
            elif op.name == "store":
                self.fold_element(result[at])
            if dest is not None and not dest.mutable and op.name in ("load", "constant", "element"):
                self.made[dest.number] = at
        kept = [i for at, i in enumerate(result) if at not in self.gone]
        return _without_unused_constants(kept)

    def fold(self, instruction: Instruction, at: int) -> None:
        """Take one argument from memory."""
        arguments = self.ops[at].arguments
        for k in FOLDED[instruction.name]:
            value = arguments[k]
            made = self.made.get(value.number)
            if made is None or self.uses[value.number] != 1:
                continue
            operand = self.operand(made, at)
            if operand is not None:
                instruction.arguments[k] = operand
                self.gone.add(made)
                return

    def operand(self, made: int, at: int) -> Operand | None:
        """What is made at an operation, as an operand of a later one."""
        source = self.ops[made]
        if source.name == "constant":
            assert isinstance(source.detail, float)
            return Number(source.detail)
        place = source.place
        if place is None or place.kind == "byte" or not (place.vector or self.broadcasts):
            return None
        for between in self.ops[made + 1 : at]:
            if between.name in ("repeat", "end"):
                return None
            if between.name in EFFECTS and between.place is not None and place.overlaps(
                between.place, self.wide
            ):  # fmt: skip
                return None
        return place

    def fold_zeros(self, instruction: Instruction) -> None:
        """A choice between something and 0 needs no register for the 0."""
        value = instruction.arguments[2]
        assert isinstance(value, Value)
        made = self.made.get(value.number)
        if made is not None and self.ops[made].name == "constant" and self.is_zero(made):
            instruction.arguments[2] = Number(0.0)

    def is_zero(self, made: int) -> bool:
        return self.ops[made].detail == 0.0 and str(self.ops[made].detail) == "0.0"

    def fold_element(self, instruction: Instruction) -> None:
        """Store a lane of a sum as it stands."""
        place, value = instruction.place, instruction.arguments[0]
        assert isinstance(value, Value)
        made = self.made.get(value.number)
        if made is None or place is None or place.vector or self.ops[made].name != "element":
            return
        instruction.name, instruction.detail = "store_element", self.ops[made].detail
        instruction.arguments[0] = self.ops[made].arguments[0]
        if self.uses[value.number] == 1:
            self.gone.add(made)


def _without_unused_constants(instructions: list[Instruction]) -> list[Instruction]:
    """Without the constants that have become operands."""
    read = {a.number for i in instructions for a in i.arguments if isinstance(a, Value)}
    return [
        i
        for i in instructions
        if i.name != "constant" or i.dest is None or i.dest.mutable or i.dest.number in read
    ]
