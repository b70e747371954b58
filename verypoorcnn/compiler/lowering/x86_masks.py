"""Comparisons and choices: AVX-512 has registers for masks, in AVX2 a mask is a vector of bits."""

from __future__ import annotations

from typing import Any

from verypoorcnn.compiler.lowering.fold import Instruction, Number
from verypoorcnn.compiler.lowering.x86_operands import Operands
from verypoorcnn.compiler.native.x86.operands import Memory
from verypoorcnn.compiler.native.x86.registers import MASKS, rdx
from verypoorcnn.compiler.vector.code import Value
from verypoorcnn.compiler.vector.layout import MASK

PREDICATES = {"==": 0, "!=": 4, "<": 17, "<=": 18, ">": 30, ">=": 29}  # quiet; NaN only !=


class Masks(Operands):
    """One method for each kind of operation."""

    def do_compare(self, i: Instruction) -> None:
        a, b = i.arguments
        first, second = self.wide[self.register(a)], self.either(b)
        assert i.dest is not None
        predicate = PREDICATES[str(i.detail)]
        if self.masked:
            dest: Any = MASKS[self.values.write(i.dest)]
        else:
            dest = self.result(i, a, b)
        self.asm.vcmpps(dest, first, second, predicate)

    def do_mask(self, i: Instruction) -> None:
        assert i.dest is not None
        registers = [self.register(a) for a in i.arguments]
        reusable = [a for a in i.arguments if isinstance(a, Value)]
        if self.masked:
            sources = [MASKS[r] for r in registers]
            dest: Any = MASKS[self.values.write(i.dest, reusable)]
            name = {"and": "kandw", "or": "korw", "not": "knotw"}[i.name]
            getattr(self.asm, name)(dest, *sources)
        elif i.name == "not":
            source = self.wide[registers[0]]
            ones = Memory(self.asm.integers(*[0xFFFFFFFF] * 8))
            self.asm.vxorps(self.result(i, *reusable), source, ones)
        else:
            first, second = (self.wide[r] for r in registers)
            getattr(self.asm, f"v{i.name}ps")(self.result(i, *reusable), first, second)

    def do_select(self, i: Instruction) -> None:
        """then where the mask is set, else otherwise."""
        mask, then, otherwise = i.arguments
        yes, zero = self.wide[self.register(then)], isinstance(otherwise, Number)
        no = None if zero else self.wide[self.register(otherwise)]
        if self.masked:
            k = MASKS[self.values.read(mask)]  # type: ignore[arg-type]
            dest = self.result(i, then, otherwise)
            if zero:
                self.asm.vmovaps(dest, yes, mask=k, zeroing=True)
            else:
                self.asm.vblendmps(dest, no, yes, mask=k)
            return
        k = self.wide[self.register(mask)]
        dest = self.result(i, then, otherwise)
        if zero:
            self.asm.vandps(dest, k, yes)
        else:
            self.asm.vblendvps(dest, no, yes, k)

    def do_keep(self, i: Instruction) -> None:
        assert isinstance(i.detail, int)
        source = self.wide[self.register(i.arguments[0])]
        mask = Memory(rdx, MASK + 4 * i.detail)
        self.logic("and", self.result(i, i.arguments[0]), source, mask)
