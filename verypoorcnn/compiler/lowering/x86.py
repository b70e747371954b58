"""Vector operations as x86-64 instructions, for AVX-512 and for AVX2 with FMA.

The code is a subroutine: the regions' addresses are in rdi (workspace), rsi (parameters) and rdx
(call), every other register is its own.  Its frame holds what found no register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import proxy

from verypoorcnn.compiler.lowering.fold import Instruction, folded
from verypoorcnn.compiler.lowering.lifetimes import Lifetimes
from verypoorcnn.compiler.lowering.pointers import Pointer, Pointers
from verypoorcnn.compiler.lowering.registers import Allocator
from verypoorcnn.compiler.lowering.x86_operations import Operations
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Broadcast, Label, Memory
from verypoorcnn.compiler.native.x86.registers import (
    MASKS,
    YMM,
    ZMM,
    Reg64,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    rax,
    rbp,
    rbx,
    rcx,
    rdi,
    rdx,
    rsi,
    rsp,
)
from verypoorcnn.compiler.vector.code import Code, Place

BASES = {"workspace": rdi, "parameters": rsi, "call": rdx}
FREE = (rcx, rbx, rbp, r8, r9, r10, r11, r12, r13, r14, r15)
SLOT = 64  # bytes of a place in the frame
ALIGN = 32  # loops begin at such addresses


@dataclass(frozen=True)
class Isa:
    """An instruction set: its vector registers, and whether masks are registers of their own."""

    name: str
    width: int
    vectors: int
    masks: int


AVX512 = Isa("avx512", 16, 32, 7)
AVX2 = Isa("avx2", 8, 16, 0)


def lower(code: Code, isa: Isa, asm: Assembler) -> Label:
    """Write code as a subroutine; the label is its entry."""
    return Lowering(code, isa, asm).run()


class Lowering(Operations):
    """Goes through the instructions once."""

    def __init__(self, code: Code, isa: Isa, asm: Assembler) -> None:
        self.asm, self.isa, self.layout = asm, isa, code.layout
        self.wide: Any = ZMM if isa.width == 16 else YMM
        self.masked = isa.masks > 0
        self.instructions = folded(code.ops, isa.width, self.masked)
        self.life = Lifetimes(self.instructions)
        self.pointers = Pointers(self.instructions, len(FREE))
        registers = isa.vectors, isa.masks
        mover = proxy(self)  # no cycle: all of this goes as soon as the code is written
        self.values = Allocator(self.instructions, self.life, mover, *registers)
        self.tops: dict[int, Label] = {}
        self.temporary: list[int] = []

    def run(self) -> Label:
        asm = self.asm
        asm.align(64)
        body = asm.here("body")
        for at, instruction in enumerate(self.instructions):
            self.step(at, instruction)
        asm.mov(rsp, Memory(rsp))
        asm.ret()
        return self.entry(body)

    def entry(self, body: Label) -> Label:
        """Make the frame, whose size is known only now; the old rsp is its first number."""
        asm = self.asm
        asm.align(64)
        entry = asm.here("entry")
        size = SLOT * (1 + self.values.slots) + 8 * len(self.pointers.slot)
        asm.mov(rax, rsp)
        asm.sub(rsp, size)
        asm.and_(rsp, -SLOT)
        asm.mov(Memory(rsp), rax)
        asm.jmp(body)
        return entry

    def step(self, at: int, instruction: Instruction) -> None:
        """One instruction."""
        if instruction.name == "repeat":
            self.repeat(at, instruction)
            return
        if instruction.name == "end":
            self.end(at, instruction)
            return
        self.values.begin(at, instruction)
        self.operation(instruction)
        self.values.give_back(self.temporary)
        self.temporary = []
        self.values.end()

    # Loops.

    def repeat(self, at: int, instruction: Instruction) -> None:
        loop, trips = instruction.detail
        self.values.enter(self.life.spans[at])
        for pointer in self.pointers.of_loop.get(loop, ()):
            self.start(pointer)
        counter = self.pointers.register.get(loop)
        if counter is None:
            self.asm.mov(self.in_frame(loop), trips)
        else:
            self.asm.mov(FREE[counter], trips)
        self.asm.align(ALIGN)
        self.tops[loop] = self.asm.here()

    def start(self, pointer: Pointer) -> None:
        """A pointer begins where that of the loops around is now."""
        asm, (array, steps) = self.asm, pointer
        number = self.pointers.register.get(pointer)
        register = rax if number is None else FREE[number]
        if len(steps) == 1:
            placement = self.layout.arrays[array]
            asm.lea(register, Memory(BASES[placement.region], placement.offset))
        else:
            outer = self.pointers.register.get((array, steps[:-1]))
            known = self.in_frame((array, steps[:-1])) if outer is None else FREE[outer]
            asm.mov(register, known)
        if number is None:
            asm.mov(self.in_frame(pointer), rax)

    def end(self, at: int, instruction: Instruction) -> None:
        loop = instruction.detail
        assert isinstance(loop, int)
        span = self.life.loop[at]
        assert span is not None
        self.values.leave(span)
        for pointer in self.pointers.of_loop.get(loop, ()):
            number = self.pointers.register.get(pointer)
            where = self.in_frame(pointer) if number is None else FREE[number]
            self.asm.add(where, pointer[1][-1][1])
        counter = self.pointers.register.get(loop)
        self.asm.dec(self.in_frame(loop) if counter is None else FREE[counter])
        self.asm.jne(self.tops[loop])
        self.values.at = at
        self.values.end()

    # Memory.

    def in_frame(self, key: Pointer | int) -> Memory:
        """Where a pointer or counter lies that has no register."""
        return Memory(rsp, 8 * (1 + self.pointers.slot[key]))

    def slot(self, slot: int) -> Memory:
        """Where a value lies that has no register."""
        start = -(-8 * (1 + len(self.pointers.slot)) // SLOT) * SLOT
        return Memory(rsp, start + SLOT * slot)

    def address(self, place: Place, kind: type[Memory] = Memory) -> Memory:
        """An operand for a place."""
        if place.array is None:
            return kind(BASES[place.region], place.offset)
        if not place.steps:
            placement = self.layout.arrays[place.array]
            return kind(BASES[placement.region], placement.offset + place.offset)
        pointer = place.array, place.steps
        number = self.pointers.register.get(pointer)
        if number is not None:
            return kind(FREE[number], place.offset)
        self.asm.mov(rax, self.in_frame(pointer))
        return kind(rax, place.offset)

    def base_address(self, region: str, offset: int) -> tuple[Reg64, int]:
        """A region's register, and an offset in it."""
        return BASES[region], offset

    def number(self, value: float) -> Memory:
        """An operand for a constant in all lanes."""
        if self.masked:
            return Broadcast(self.asm.floats(value))
        return Memory(self.asm.floats(*[value] * self.isa.width))

    def bits(self, value: int) -> Memory:
        """The same for a pattern of 32 bits."""
        if self.masked:
            return Broadcast(self.asm.integers(value))
        return Memory(self.asm.integers(*[value] * self.isa.width))

    def load(self, register: int, place: Place) -> None:
        """Memory to register."""
        wide = self.wide[register]
        if place.kind == "byte":
            self.asm.vpmovzxbd(wide, self.address(place))
            self.asm.vcvtdq2ps(wide, wide)
        elif place.vector:
            self.asm.vmovups(wide, self.address(place))
        else:
            self.asm.vbroadcastss(wide, self.address(place))

    def constant(self, register: int, value: float) -> None:
        """A constant to a register."""
        if value == 0.0 and str(value) == "0.0":
            small = YMM[register]
            if register < 16:
                self.asm.vxorps(small, small, small)
            else:
                wide = self.wide[register]
                self.asm.vpxord(wide, wide, wide)
        elif self.masked:
            self.asm.vbroadcastss(self.wide[register], Memory(self.asm.floats(value)))
        else:
            self.asm.vmovups(self.wide[register], self.number(value))

    # What the allocator needs.

    def spill(self, register: int, slot: int, mask: bool) -> None:
        """Register to frame."""
        if mask:
            self.asm.kmovw(self.slot(slot), MASKS[register])
        else:
            self.asm.vmovups(self.slot(slot), self.wide[register])

    def reload(self, register: int, slot: int, mask: bool) -> None:
        """Frame to register."""
        if mask:
            self.asm.kmovw(MASKS[register], self.slot(slot))
        else:
            self.asm.vmovups(self.wide[register], self.slot(slot))

    def remake(self, register: int, source: Instruction) -> None:
        """A constant or a load again."""
        if source.name == "constant":
            assert isinstance(source.detail, float)
            self.constant(register, source.detail)
        else:
            assert source.place is not None
            self.load(register, source.place)
