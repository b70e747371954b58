"""Every form of every x86 instruction, with operands for tests: corners chosen by hand, or random.

A `Shape` is one line of a table for one size and one choice among the operands' alternatives.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from verypoorcnn.compiler.native.x86 import operands as op
from verypoorcnn.compiler.native.x86 import registers as reg
from verypoorcnn.compiler.native.x86.assembler import Assembler, Emitted
from verypoorcnn.compiler.native.x86.forms import INSTRUCTIONS
from verypoorcnn.compiler.native.x86.lines import SIZES, Line, meaning
from verypoorcnn.compiler.native.x86.text import text

FILES = {
    reg.Reg64: reg.GENERAL,
    reg.Reg32: reg.GENERAL32,
    reg.Reg16: reg.GENERAL16,
    reg.Reg8: reg.GENERAL8,
    reg.Xmm: reg.XMM,
    reg.Ymm: reg.YMM,
    reg.Zmm: reg.ZMM,
    reg.Mask: reg.MASKS,
}
INDEX_FILES = {op.XmmIndexed: reg.XMM, op.YmmIndexed: reg.YMM, op.ZmmIndexed: reg.ZMM}
IMMEDIATES = {
    "i8": (5, -128, 127, -1),
    "i16": (1000, -32768),
    "i32": (1000, -(2**31), 128, -129, 2**31 - 1),
    "u32": (7, 2**32 - 1),
    "i64": (2**40 + 5, -(2**63), 2**31),
    "u8": (3, 0x1E, 0xE4, 5),
}
UNMASKED = (
    "vpmovm2d vpmovd2m vmovd vmovq vmovhlps vmovhps vmovlhps vextractps vpextrd vpinsrd vinsertps"
    " vucomiss vcvtsi2ss vcvttss2si vmovntps"
)


class Shape(NamedTuple):
    line: Line
    size: str
    tokens: tuple[str, ...]

    @property
    def evex(self) -> bool:
        as_writes_it_otherwise = (self.line.mnemonic, self.tokens[:1]) == ("vmovq", ("m64",))
        return "E" in self.line.kind and not as_writes_it_otherwise

    @property
    def gathers(self) -> bool:
        return "g" in self.tokens

    def classes(self) -> list[tuple[type, int]]:
        """Each operand's class, of memory the one that says its size, and the memory's bits."""
        slots = [meaning(token, SIZES[self.size]) for token in self.tokens]
        return [(slot.classes[-1], slot.memory_bits) for slot in slots]

    def masks(self) -> bool:
        return self.evex and self.line.mnemonic not in UNMASKED.split()

    def zeroes(self) -> bool:
        first = self.classes()[0][0] if self.tokens else int
        return self.masks() and issubclass(first, reg.Register) and first is not reg.Mask


def shapes() -> Iterator[Shape]:
    for forms in INSTRUCTIONS.values():
        for line in forms.lines:
            for size in line.sizes:
                for tokens in itertools.product(*(o.split("|") for o in line.operands)):
                    yield Shape(line, size, tokens)


class Case(NamedTuple):
    """An instruction on its own, from offset 0 (a jump: from 1000), and how it is written."""

    bytes: bytes
    text: str
    start: int


def case(shape: Shape, operands: tuple[Any, ...], mask: Any = None, zeroing: bool = False) -> Case:
    asm = Assembler()
    start = 1000 if "D" in shape.line.roles else 0
    asm.code += bytes(start)
    getattr(asm, shape.line.mnemonic)(*operands, mask=mask, zeroing=zeroing)
    code = asm.finish()
    printed = text(Emitted(*code.emitted[0]), code.end)
    return Case(code.data[start : code.end], printed, start)


def bound(position: int) -> op.Label:
    label = op.Label()
    label.position = position
    return label


def number(cls: type, wanted: int, evex: bool) -> int:
    """A register's number, brought into the range that the form can name."""
    if cls is reg.Mask:
        return wanted % 8
    vector = cls in (reg.Xmm, reg.Ymm, reg.Zmm)
    return wanted % (32 if vector and evex else 16)


# --- corners, for the golden file -----------------------------------------------------------------

REGISTERS = [(1, 2, 3, 6), (9, 14, 11, 13), (17, 10, 29, 5), (6, 28, 15, 7), (31, 7, 20, 2)]


def addresses(unit: int) -> list[tuple[Any, int, Any, int]]:
    """Base, displacement, index, scale: what each of them makes special."""
    return [
        (reg.rdi, 0, None, 1),
        (reg.r12, 0, None, 1),  # as rsp: needs a SIB byte
        (reg.r13, 0, None, 1),  # as rbp: needs a displacement
        (reg.rsp, 64, reg.r9, 1),
        (reg.rbp, 0, reg.r12, 8),  # r12 may be an index, rsp not
        (reg.r8, 127 * unit, None, 1),  # the last displacement of one byte in EVEX
        (reg.r15, 128 * unit, reg.rax, 2),
        (reg.rsi, -128 * unit, None, 1),
        (reg.rbx, -129 * unit, reg.r13, 4),
        (reg.rdx, unit + 1, None, 1),  # no multiple of the unit
        (reg.r12, -(2**31), reg.rbp, 1),
        (None, 0, None, 1),  # relative to a label
        (None, 0x40, None, 1),
    ]


def memory(cls: type, bits: int, which: int, index: int) -> op.Memory:
    corners = addresses(max(bits // 8, 1))
    base, displacement, general, scale = corners[which % len(corners)]
    if cls in INDEX_FILES:
        return cls(base or reg.r14, displacement, INDEX_FILES[cls][index], scale)
    return cls(base or bound(0), displacement, general, scale)


def corner(shape: Shape, which: int, numbers: tuple[int, ...]) -> tuple[Any, ...]:
    operands: list[Any] = []
    for place, (token, (cls, bits)) in enumerate(zip(shape.tokens, shape.classes(), strict=True)):
        wanted = number(cls, numbers[place], shape.evex)
        if issubclass(cls, op.Memory):
            operands.append(memory(cls, bits, which, number(reg.Zmm, numbers[place], shape.evex)))
        elif cls is op.Label:
            operands.append(bound(990 if token == "l8" else 0))
        elif cls is int:
            operands.append(IMMEDIATES[token][which % len(IMMEDIATES[token])])
        else:
            operands.append(reg.cl if cls is reg.CountRegister else FILES[cls][wanted])
    return tuple(operands)


def corner_cases() -> Iterator[Case]:
    """Every form with low and high registers, addresses taking turns; some with all; masks."""
    turn = 0
    for shape in shapes():
        thorough = shape.line.mnemonic in ("mov", "vmovups", "vaddps", "vpmovdb", "vgatherdps")
        gather = reg.k5 if shape.gathers and shape.evex else None
        high = [REGISTERS[2 + turn % 3]] * shape.evex
        for numbers in [*REGISTERS[:2], *high][: None if shape.tokens else 1]:
            for _ in range(13 if thorough and numbers[0] == 1 else 1):
                yield case(shape, corner(shape, turn, numbers), gather)
                turn += 1
        if shape.masks() and not gather:
            zeroing = shape.zeroes() and turn % 2 == 0
            mask = reg.k7 if zeroing else reg.k1
            yield case(shape, corner(shape, turn, high[0]), mask, zeroing)


# --- random instructions, for the round trip ------------------------------------------------------


def random_memory(cls: type, bits: int, index: int, rng: random.Random) -> op.Memory:
    unit = max(bits // 8, 1)
    near = unit * rng.randrange(-140, 140)
    displacement = rng.choice([0, near, near, rng.randrange(-(2**31), 2**31)])
    scale = rng.choice([1, 2, 4, 8])
    if cls in INDEX_FILES:
        return cls(rng.choice(reg.GENERAL), displacement, INDEX_FILES[cls][index], scale)
    if rng.random() < 0.1:
        return cls(bound(rng.randrange(5000)), displacement // 4)
    general = rng.choice([None, *(r for r in reg.GENERAL if r is not reg.rsp)])
    return cls(rng.choice(reg.GENERAL), displacement, general, scale)


def append_random(asm: Assembler, shape: Shape, rng: random.Random) -> None:
    """One instruction of this form with random operands, masked now and then."""
    operands: list[Any] = []
    numbers = rng.sample(range(32 if shape.evex and rng.random() < 0.6 else 8), 4)
    if rng.random() < 0.5:
        numbers = [n ^ 8 for n in numbers]
    for token, (cls, bits), wanted in zip(shape.tokens, shape.classes(), numbers, strict=False):
        if issubclass(cls, op.Memory):
            operands.append(random_memory(cls, bits, number(reg.Zmm, wanted, shape.evex), rng))
        elif cls is op.Label:
            operands.append(bound(max(0, len(asm.code) - rng.randrange(300))))
        elif cls is int:
            operands.append(rng.choice(IMMEDIATES[token]))
        elif cls is reg.CountRegister:
            operands.append(reg.cl)
        else:
            operands.append(FILES[cls][number(cls, wanted, shape.evex)])
    mask = shape.masks() and (shape.gathers or rng.random() < 0.3)
    zeroing = bool(mask and shape.zeroes() and not shape.gathers and rng.random() < 0.5)
    method = getattr(asm, shape.line.mnemonic)
    method(*operands, mask=rng.choice(reg.MASKS[1:]) if mask else None, zeroing=zeroing)
