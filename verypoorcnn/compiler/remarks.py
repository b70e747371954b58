"""Machine code with remarks: what registers hold, which element a place is, where it comes from.

Whoever only runs the code needs none of this, so the generator and the lowering do not know it.
Here they are watched at their work: every local, loop and number gets the name that it has in the
textbook, and every instruction the line.

    vfmadd231ps zmm2:total_j0,zmm1:kernels,ZMMWORD PTR [rbx:images.m]    ; images[s, 0, 3*i + m, 0]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from verypoorcnn.compiler.affine import Affine
from verypoorcnn.compiler.loops import Array, Block, Constant, Let, Loop, Store
from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.lowering.pointers import Pointer, places
from verypoorcnn.compiler.lowering.x86 import FREE, Isa, Lowering
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Label
from verypoorcnn.compiler.native.x86.registers import MASKS, Register
from verypoorcnn.compiler.schedule.legality import plain
from verypoorcnn.compiler.schedule.walk import statements
from verypoorcnn.compiler.vector.code import Code, Op, Place
from verypoorcnn.compiler.vector.generate import Generator
from verypoorcnn.compiler.vector.layout import GROUP, Layout
from verypoorcnn.compiler.vector.points import Point

WHOLE_ARRAYS = {"clear": "0 for samples that do not exist", "transpose": "copied, transposed"}


class Running(NamedTuple):
    """A loop that runs: its variable is start + step · (trips so far)."""

    variable: str
    start: int
    step: int


@dataclass
class Remarks:
    """What is known about the values and loops of one piece of code."""

    values: dict[int, str] = field(default_factory=dict)  # by the number of a value
    loops: dict[int, Running] = field(default_factory=dict)  # by the number of a loop

    def generator(self, layout: Layout, width: int) -> Generator:
        """One that is watched."""
        return _Watched(layout, width, self)


class _Watched(Generator):
    """Notes the names of locals and of loops."""

    def __init__(self, layout: Layout, width: int, remarks: Remarks) -> None:
        super().__init__(layout, width)
        self.remarks = remarks

    def let(self, node: Let, point: Point) -> None:
        super().let(node, point)
        value = self.locals.get(node.name, point.key)
        at = self.locals.where(node.name, point.key)
        if value is not None and at is not None and not isinstance(node.value, Constant):
            copy = "".join(f"{letter(v)}{offset}" for v, offset in at if self.is_told_apart(v))
            name = plain(node.name) + f"_{copy}" * bool(copy)
            self.remarks.values.setdefault(value.number, name)
        self._note_loops()

    def store(self, node: Store, point: Point) -> None:
        super().store(node, point)
        self._note_loops()

    def is_told_apart(self, variable: str) -> bool:
        """Not the lanes, where one register holds all of them."""
        one_register = self.width == GROUP or not self.in_samples
        return not (one_register and variable in self.addresses.lanes)

    def _note_loops(self) -> None:
        for variable, (start, loop, step, _) in self.addresses.variables.items():
            self.remarks.loops.setdefault(loop, Running(plain(variable), start, step))


def letter(variable: str) -> str:
    """A loop variable as the textbook has it: the second loop over s is s_2 in the IR."""
    return re.sub(r"_\d+$", "", plain(variable))


def lines_of_loops(body: Block) -> dict[str, int]:
    """The line of every loop, by its variable."""
    return {s.variable: s.line for s in statements(body) if isinstance(s, Loop)}


def line_of(op: Op | Instruction, remarks: Remarks, of_loops: Mapping[str, int]) -> int:
    """The line of an operation; loops know theirs by their variables."""
    if op.name not in ("repeat", "end"):
        return op.line
    loop = remarks.loops.get(op.detail[0] if isinstance(op.detail, tuple) else op.detail)
    return of_loops.get(loop.variable, op.line) if loop else op.line


class Remarked(Lowering):
    """Tells the assembler what registers hold, which elements are meant, and the lines."""

    def __init__(
        self,
        code: Code,
        isa: Isa,
        asm: Assembler,
        remarks: Remarks,
        file: str,
        lines: Mapping[str, int],
    ) -> None:
        """`lines` are those of the loops, by their variables."""
        super().__init__(code, isa, asm)
        self.remarks, self.file, self.lines = remarks, file, lines

    def step(self, at: int, instruction: Instruction) -> None:
        asm, start = self.asm, len(self.asm.code)
        asm.origin = self.file, line_of(instruction, self.remarks, self.lines)
        touched = [self.element(place) for place in places(instruction)]
        super().step(at, instruction)
        if instruction.name in WHOLE_ARRAYS and instruction.place is not None:
            asm.comments[start] = f"{instruction.place.array}: {WHOLE_ARRAYS[instruction.name]}"
        elif len(asm.code) > start and touched:
            asm.comments[asm.emitted[-1][0]] = ", ".join(touched)
        if instruction.dest is not None:
            number = instruction.dest.number
            name = self.remarks.values.get(number) or _name_of(instruction)
            if number in self.values.register:
                self.hold(self.values.register[number], name, self.values.kind(number))

    def entry(self, body: Label) -> Label:
        self.asm.origin = None
        for register in FREE:
            self.asm.name(register, "")
        return super().entry(body)

    def hold(self, register: int, name: str, mask: bool = False) -> None:
        """From the last instruction on the register is called so."""
        which: Register = MASKS[register] if mask else self.wide[register]
        self.asm.names.append((self.asm.emitted[-1][0], which, name))

    # What moves about.

    def temp(self) -> int:
        register = super().temp()
        self.asm.name(self.wide[register], "")
        return register

    def reload(self, register: int, slot: int, mask: bool) -> None:
        super().reload(register, slot, mask)
        self.came_back(register, mask)

    def remake(self, register: int, source: Instruction) -> None:
        super().remake(register, source)
        self.came_back(register, False)

    def came_back(self, register: int, mask: bool) -> None:
        """A value is in a register again."""
        held = self.values.register.items()
        found = [n for n, r in held if r == register and self.values.kind(n) == mask]
        source = self.values.source.get(found[0])
        name = self.remarks.values.get(found[0]) or (_name_of(source) if source else "")
        self.hold(register, name, mask)

    def repeat(self, at: int, instruction: Instruction) -> None:
        loop, _ = instruction.detail
        counter = self.pointers.register.get(loop)
        running = self.remarks.loops.get(loop)
        if counter is not None and running is not None:
            self.asm.name(FREE[counter], f"{running.variable}_to_go")
        super().repeat(at, instruction)
        if running is not None:
            self.tops[loop].name = f"next {running.variable}"

    def start(self, pointer: Pointer) -> None:
        number = self.pointers.register.get(pointer)
        if number is not None:
            array, steps = pointer
            loop = self.remarks.loops.get(steps[-1][0])
            moving = f".{loop.variable}" if loop else ""
            self.asm.name(FREE[number], f"{array}{moving}")
        super().start(pointer)

    # Elements.

    def element(self, place: Place) -> str:
        """The element of the textbook that a place is: images[s, 0, 3*i + m, 4]."""
        if place.array is None:
            known = [name for name, at in self.layout.scalars.items() if at == place.offset]
            return known[0] if known else place.region
        placement = self.layout.arrays[place.array]
        wholes = [Affine(k) for k in _digits(place.offset, placement.steps)]
        for loop, trip in place.steps:
            running = self.remarks.loops.get(loop, Running(f"loop{loop}", 0, 1))
            moved = Affine.variable(running.variable) - running.start
            for k, digit in enumerate(_digits(trip // running.step, placement.steps)):
                wholes[k] += moved * digit
        return f"{place.array}[{', '.join(_shown(place, placement.steps, wholes))}]"


def _digits(size: int, steps: tuple[int, ...]) -> list[int]:
    """How many steps of each index a distance in bytes is, the largest steps first."""
    digits, rest = [0] * len(steps), abs(size)
    for k in sorted(range(len(steps)), key=lambda k: -steps[k]):
        digits[k], rest = divmod(rest, steps[k])
    return [-digit for digit in digits] if size < 0 else digits


def _shown(place: Place, steps: tuple[int, ...], wholes: list[Affine]) -> list[str]:
    """Indices as text; the one that goes along the lanes is s for samples, else `3…`."""
    texts = [str(whole) for whole in wholes]
    if place.vector and steps:
        along = min(range(len(steps)), key=lambda k: steps[k])
        first = wholes[along]
        sample = isinstance(place.array, Array) and place.array.per_sample
        texts[along] = str(first + Affine.variable("s")) if sample else f"{first}…"
    return texts


def _name_of(instruction: Instruction) -> str:
    """What something is that has no name of its own: an element, or a number."""
    if instruction.name == "load" and instruction.place is not None:
        return str(instruction.place.array or "")
    return f"{instruction.detail:.7g}" if instruction.name == "constant" else ""
