"""Work on whole arrays: spare samples cleared, samples turned into rows.

Both stand outside of all loops, so every general register is free.
"""

from __future__ import annotations

from typing import Any

from verypoorcnn.compiler.lowering.fold import Instruction
from verypoorcnn.compiler.lowering.x86_operands import Operands
from verypoorcnn.compiler.native.x86.operands import Dword, Label, Memory
from verypoorcnn.compiler.native.x86.registers import YMM, rax, rbx, rcx, rdx
from verypoorcnn.compiler.vector.code import Place
from verypoorcnn.compiler.vector.layout import COUNT, GROUP, LINE, MASK

BLOCK = 8  # rows and columns that are turned at once


class Arrays(Operands):
    """One method for each kind of operation."""

    def do_clear(self, i: Instruction) -> None:
        """Line after line with the mask, unless all samples exist."""
        asm, done, top = self.asm, Label(), Label()
        width = GROUP if self.masked else GROUP // 2
        line = self.wide[self.temp()]
        masks = [self.wide[self.temp()] for _ in range(0, GROUP, width)]
        asm.cmp(Dword(rdx, COUNT), GROUP)
        asm.jge(done)
        for k, mask in enumerate(masks):
            asm.vmovups(mask, Memory(rdx, MASK + 4 * width * k))
        asm.lea(rbx, self.start_of(i.place))
        asm.mov(rax, i.detail // LINE)
        asm.bind(top)
        for k, mask in enumerate(masks):
            where = Memory(rbx, 4 * width * k)
            self.logic("and", line, mask, where)
            asm.vmovups(where, line)
        asm.add(rbx, LINE)
        asm.dec(rax)
        asm.jne(top)
        asm.bind(done)

    def start_of(self, place: Place | None) -> Memory:
        """The first byte of an array."""
        assert place is not None
        assert place.array is not None
        placement = self.layout.arrays[place.array]
        return Memory(*self.base_address(placement.region, placement.offset))

    def do_transpose(self, i: Instruction) -> None:
        """Eight columns at a time, from [d] of samples to rows of samples."""
        asm, source, target = self.asm, i.place, i.detail
        assert source is not None
        assert source.array is not None
        columns = source.array.shape[1]
        row = self.layout.arrays[target.array].steps[0]
        registers = [YMM[self.temp()] for _ in range(2 * BLOCK)]
        asm.lea(rbx, self.start_of(source))
        asm.lea(rcx, self.start_of(target))
        if columns >= BLOCK:
            asm.mov(rax, columns // BLOCK)
            top = asm.here()
            self.turn_columns(registers, BLOCK, row)
            asm.add(rbx, BLOCK * LINE)
            asm.add(rcx, BLOCK * 4)
            asm.dec(rax)
            asm.jne(top)
        if columns % BLOCK:
            self.turn_columns(registers, columns % BLOCK, row)

    def turn_columns(self, registers: list[Any], columns: int, row: int) -> None:
        """Up to eight columns from rbx to rcx; rows are `row` bytes apart, and padded."""
        rows, other = registers[:BLOCK], registers[BLOCK:]
        for s in range(0, GROUP, BLOCK):
            for k in range(BLOCK):
                self.asm.vmovups(rows[k], Memory(rbx, LINE * min(k, columns - 1) + 4 * s))
            for k, turned in enumerate(self.turned(rows, other)):
                self.asm.vmovups(Memory(rcx, (s + k) * row), turned)

    def turned(self, rows: list[Any], other: list[Any]) -> list[Any]:
        """The columns of eight rows: pairs, fours, then halves change places."""
        asm = self.asm
        for k in range(0, 8, 2):
            asm.vunpcklps(other[k], rows[k], rows[k + 1])
            asm.vunpckhps(other[k + 1], rows[k], rows[k + 1])
        for k in (0, 4):
            for j in (0, 1):
                asm.vunpcklpd(rows[k + 2 * j], other[k + j], other[k + j + 2])
                asm.vunpckhpd(rows[k + 2 * j + 1], other[k + j], other[k + j + 2])
        for k in range(4):
            self.exchange(other[k], other[k + 4], rows[k], rows[k + 4])
        return other

    def exchange(self, low: Any, high: Any, a: Any, b: Any) -> None:
        """The lower halves of a and b, and the upper ones."""
        if self.masked:
            self.asm.vshuff32x4(low, a, b, 0)
            self.asm.vshuff32x4(high, a, b, 3)
        else:
            self.asm.vperm2f128(low, a, b, 0x20)
            self.asm.vperm2f128(high, a, b, 0x31)
