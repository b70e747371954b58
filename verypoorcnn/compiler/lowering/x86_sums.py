"""Sums over the lanes of registers."""

from __future__ import annotations

from typing import Any

from verypoorcnn.compiler.lowering.fold import Instruction, Operand
from verypoorcnn.compiler.lowering.x86_operands import Operands
from verypoorcnn.compiler.native.x86.registers import XMM, YMM, ZMM


class Sums(Operands):
    """One method for each kind of operation."""

    def do_total(self, i: Instruction) -> None:
        """Halves are added until 128 bits are left, in which every argument has one lane."""
        parts = [self.halved(a) for a in i.arguments]
        if len(parts) == 1:
            self.single_total(i, parts[0])
            return
        while len(parts) < 4:
            parts.append(parts[-1])
        left, right = self.paired(parts[0], parts[1]), self.paired(parts[2], parts[3])
        low, high = YMM[self.temp()], YMM[self.temp()]
        self.asm.vunpcklpd(low, left, right)
        self.asm.vunpckhpd(high, left, right)
        self.asm.vaddps(low, low, high)
        self.upper_half(XMM[high.number], low)
        dest = self.result(i)
        self.asm.vaddps(XMM[dest.number], XMM[low.number], XMM[high.number])

    def halved(self, operand: Operand) -> Any:
        """Eight lanes whose sum is that of all lanes of an operand."""
        source = self.register(operand)
        if not self.masked:
            return YMM[source]
        half = YMM[self.temp()]
        self.asm.vextractf64x4(half, ZMM[source], 1)
        self.asm.vaddps(half, half, YMM[source])
        return half

    def paired(self, a: Any, b: Any) -> Any:
        """Of every 128 bits: sums of a and b, two of each, in turn."""
        low, high = YMM[self.temp()], YMM[self.temp()]
        self.asm.vunpcklps(low, a, b)
        self.asm.vunpckhps(high, a, b)
        self.asm.vaddps(low, low, high)
        return low

    def upper_half(self, dest: Any, source: Any) -> None:
        """The upper 128 bits of 256."""
        extract = self.asm.vextractf32x4 if self.masked else self.asm.vextractf128
        extract(dest, source, 1)

    def single_total(self, i: Instruction, part: Any) -> None:
        """One argument: halves, again and again."""
        total, other = XMM[self.temp()], XMM[self.temp()]
        self.upper_half(total, part)
        self.asm.vaddps(total, total, XMM[part.number])
        self.asm.vpermilps(other, total, 0x4E)
        self.asm.vaddps(total, total, other)
        self.asm.vpermilps(other, total, 0xB1)
        dest = self.result(i)
        self.asm.vaddps(XMM[dest.number], total, other)

    def do_element(self, i: Instruction) -> None:
        source = XMM[self.register(i.arguments[0])]
        assert isinstance(i.detail, int)
        if i.detail:
            lane = XMM[self.temp()]
            self.asm.vpermilps(lane, source, i.detail * 0x55)
            source = lane
        self.asm.vbroadcastss(self.result(i, i.arguments[0]), source)
