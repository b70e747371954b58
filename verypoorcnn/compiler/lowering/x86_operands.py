"""The operands of x86-64 instructions: values in registers, numbers in memory, constants."""

from __future__ import annotations

from typing import Any

from verypoorcnn.compiler.lowering.fold import Instruction, Number, Operand
from verypoorcnn.compiler.lowering.registers import Allocator
from verypoorcnn.compiler.native.x86.assembler import Assembler
from verypoorcnn.compiler.native.x86.operands import Broadcast, Memory
from verypoorcnn.compiler.native.x86.registers import Reg64
from verypoorcnn.compiler.vector.code import Place, Value
from verypoorcnn.compiler.vector.layout import Layout


class Operands:
    """What all operations ask; where memory is, `x86` knows."""

    asm: Assembler
    layout: Layout
    values: Allocator
    wide: Any  # the vector registers: ZMM or YMM
    masked: bool  # AVX-512
    temporary: list[int]

    def address(self, place: Place, kind: type[Memory] = Memory) -> Memory:
        raise NotImplementedError

    def base_address(self, region: str, offset: int) -> tuple[Reg64, int]:
        raise NotImplementedError

    def number(self, value: float) -> Memory:
        raise NotImplementedError

    def bits(self, value: int) -> Memory:
        raise NotImplementedError

    def slot(self, slot: int) -> Memory:
        raise NotImplementedError

    def load(self, register: int, place: Place) -> None:
        raise NotImplementedError

    def constant(self, register: int, value: float) -> None:
        raise NotImplementedError

    def temp(self) -> int:
        """A register for the length of this operation."""
        self.temporary.append(self.values.take())
        return self.temporary[-1]

    def register(self, operand: Operand) -> int:
        """An operand in a register."""
        if isinstance(operand, Value):
            return self.values.read(operand)
        register = self.temp()
        if isinstance(operand, Number):
            self.constant(register, operand.value)
        else:
            self.load(register, operand)
        return register

    def either(self, operand: Operand) -> Any:
        """An operand in a register or in memory."""
        if isinstance(operand, Number):
            return self.number(operand.value)
        if isinstance(operand, Place):
            return self.address(operand, Memory if operand.vector else Broadcast)
        values = self.values
        if operand.number not in values.register and operand.number in values.in_slot:
            return self.slot(values.slot[operand.number])
        return self.wide[values.read(operand)]

    def result(self, i: Instruction, *reusable: Operand) -> Any:
        """The register of the result."""
        assert i.dest is not None
        return self.wide[self.values.write(i.dest, [a for a in reusable if isinstance(a, Value)])]

    def logic(self, operator: str, dest: Any, a: Any, b: Any) -> None:
        """Bits of vectors; AVX-512F has them for whole numbers."""
        name = f"vp{operator}d" if self.masked else f"v{operator}ps"
        getattr(self.asm, name)(dest, a, b)
