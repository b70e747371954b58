"""Loads, stores and arithmetic as x86-64 instructions."""

from __future__ import annotations

from verypoorcnn.compiler.lowering.fold import Instruction, Operand
from verypoorcnn.compiler.lowering.x86_operands import Operands
from verypoorcnn.compiler.native.x86.operands import Broadcast, Memory
from verypoorcnn.compiler.native.x86.registers import XMM
from verypoorcnn.compiler.vector.code import Value

BINARY = {"add": "vaddps", "sub": "vsubps", "mul": "vmulps", "div": "vdivps"}
EXTREME = {"max": "vmaxps", "min": "vminps"}
SIGN, MANTISSA, ONE = 0x80000000, 0x007FFFFF, 0x3F800000  # bits of a float32, and 1.0
MANTISSA_BITS, BIAS = 23, 127
NEAREST = 8  # rounding, without exceptions


class Arithmetic(Operands):
    """One method for each kind of operation."""

    def do_load(self, i: Instruction) -> None:
        assert i.place is not None
        assert i.dest is not None
        self.load(self.values.write(i.dest), i.place)

    def do_constant(self, i: Instruction) -> None:
        assert i.dest is not None
        assert isinstance(i.detail, float)
        self.constant(self.values.write(i.dest), i.detail)

    def do_store(self, i: Instruction) -> None:
        assert i.place is not None
        register = self.register(i.arguments[0])
        if i.place.vector:
            self.asm.vmovups(self.address(i.place), self.wide[register])
        else:
            self.asm.vmovss(self.address(i.place), XMM[register])

    def do_store_element(self, i: Instruction) -> None:
        assert i.place is not None
        register = XMM[self.register(i.arguments[0])]
        if i.detail == 0:
            self.asm.vmovss(self.address(i.place), register)
        else:
            self.asm.vextractps(self.address(i.place), register, i.detail)

    def do_move(self, i: Instruction) -> None:
        source = self.register(i.arguments[0])
        dest = self.result(i, i.arguments[0])
        if dest.number != source:
            self.asm.vmovaps(dest, self.wide[source])

    def do_binary(self, i: Instruction) -> None:
        a, b = i.arguments
        if not isinstance(a, Value) and i.name in ("add", "mul"):
            a, b = b, a
        first, second = self.wide[self.register(a)], self.either(b)
        getattr(self.asm, BINARY[i.name])(self.result(i, a, b), first, second)

    def do_extreme(self, i: Instruction) -> None:
        """The instruction gives its second operand unless the first is larger: Python's first."""
        a, b = i.arguments
        first, second = self.wide[self.register(b)], self.either(a)
        getattr(self.asm, EXTREME[i.name])(self.result(i, b, a), first, second)

    def do_multiply_add(self, i: Instruction) -> None:
        """c ± a · b, written over c, or over a where that is at its end."""
        a, b, c = i.arguments
        if not isinstance(a, Value):
            a, b = b, a
        assert i.dest is not None
        own = "vfmadd" if i.name == "fma" else "vfnmadd"
        values, asm = self.values, self.asm
        in_place = isinstance(c, Value) and (c is i.dest or (values.dies(c) and c not in (a, b)))
        if in_place:
            assert isinstance(c, Value)
            left, right = self.wide[self.register(a)], self.either(b)
            values.read(c)
            if c is i.dest or i.dest.number not in values.register:
                accumulator = self.result(i, c)
                getattr(asm, own + "231ps")(accumulator, left, right)
                return
        if isinstance(a, Value) and isinstance(b, Value) and self.replaceable(a, b, c, i.dest):
            right, added = self.wide[self.register(b)], self.either(c)
            values.read(a)
            getattr(asm, own + "213ps")(self.result(i, a), right, added)
            return
        left, right, added = self.wide[self.register(a)], self.either(b), self.either(c)
        target = values.register.get(i.dest.number)
        busy = target is not None and target in (left.number, getattr(right, "number", -1))
        sum_ = self.wide[self.temp()] if busy else self.result(i)
        asm.vmovaps(sum_, added) if not isinstance(added, Broadcast) else asm.vbroadcastss(
            sum_, Memory(added.base, added.displacement)
        )  # fmt: skip
        getattr(asm, own + "231ps")(sum_, left, right)
        if busy:
            asm.vmovaps(self.result(i), sum_)

    def replaceable(self, a: Value, b: Value, c: Operand, dest: Value) -> bool:
        """Whether a's register may become the result's."""
        return (
            self.values.dies(a)
            and a is not b
            and a is not c
            and dest.number not in self.values.register
        )

    def do_negate(self, i: Instruction) -> None:
        source = self.wide[self.register(i.arguments[0])]
        self.logic("xor", self.result(i, i.arguments[0]), source, self.bits(SIGN))

    def do_root(self, i: Instruction) -> None:
        source = self.either(i.arguments[0])
        self.asm.vsqrtps(self.result(i, i.arguments[0]), source)

    def do_round(self, i: Instruction) -> None:
        source = self.wide[self.register(i.arguments[0])]
        rounding = self.asm.vrndscaleps if self.masked else self.asm.vroundps
        rounding(self.result(i, i.arguments[0]), source, NEAREST)

    def do_power(self, i: Instruction) -> None:
        source = self.wide[self.register(i.arguments[0])]
        dest = self.result(i, i.arguments[0])
        self.asm.vcvtps2dq(dest, source)
        self.asm.vpaddd(dest, dest, self.bits(BIAS))
        self.asm.vpslld(dest, dest, MANTISSA_BITS)

    def do_exponent(self, i: Instruction) -> None:
        source = self.wide[self.register(i.arguments[0])]
        dest = self.result(i, i.arguments[0])
        self.asm.vpsrld(dest, source, MANTISSA_BITS)
        self.asm.vpaddd(dest, dest, self.bits(-BIAS & 0xFFFFFFFF))
        self.asm.vcvtdq2ps(dest, dest)

    def do_mantissa(self, i: Instruction) -> None:
        source = self.wide[self.register(i.arguments[0])]
        dest = self.result(i, i.arguments[0])
        self.logic("and", dest, source, self.bits(MANTISSA))
        self.logic("or", dest, dest, self.bits(ONE))
